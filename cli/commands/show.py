"""`coldframe show`."""

from __future__ import annotations

import click

from archive.settings import Settings
from cli.shared.options import archive_options, json_option
from cli.shared.output import emit, path_fields, shown, size


@click.command()
@click.argument("image_id", metavar="ID", type=int)
@archive_options
@json_option
def command(image_id: int, settings: Settings, as_json: bool) -> None:
    """Show one row: all that is kept of a picture."""
    from archive.archive import Archive

    with Archive(settings) as archive:
        [row] = archive.store.images.get([image_id])
        codec = archive.codecs[row.codec_id]
    told = {
        "id": row.id,
        "digest": row.sha256.hex(),
        "codec": codec.name,
        "clip_code": row.clip_code.hex(),
        "color_code": row.color_code.hex(),
        "crc32": f"{row.crc32:08x}",
        "candidate": None if row.seed_index is None else row.candidate,
        "width": row.width,
        "height": row.height,
        "format": row.format,
        "file_bytes": row.file_bytes,
        "flags": [str(flag.name).lower() for flag in row.flags],
        "taken_at": row.taken_at and row.taken_at.isoformat(),
        "archived_at": row.archived_at.isoformat(),
    }
    if as_json:
        emit(told | {"sources": [path_fields(path) for path in row.paths], **path_fields(row.path)})
        return
    for name, value in told.items():
        click.echo(
            f"{name:<12} {size(row.file_bytes) if name == 'file_bytes' else value if value is not None else '-'}"
        )
    for path in row.paths:
        click.echo(f"{'source':<12} {shown(path)}")
