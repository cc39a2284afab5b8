"""`coldframe show`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from archive.settings import Settings
from cli.shared.command import Command
from cli.shared.options import archive_options, json_option
from cli.shared.output import emit, path_fields, say, size

if TYPE_CHECKING:
    from archive.records import Row


@click.command(cls=Command)
@click.argument("image_id", metavar="ID", type=int)
@archive_options
@json_option
def command(image_id: int, settings: Settings, as_json: bool) -> None:
    """Show one row: everything that is kept of an image."""
    from archive.archive import Archive

    with Archive(settings) as archive:
        row = archive[image_id]
        facts = _facts(row, archive.codec_of(row).name)
    if as_json:
        sources = [path_fields(path) for path in row.paths]
        emit({**facts, "sources": sources, **path_fields(row.path)})
        return
    for name, value in (facts | {"file_bytes": size(row.file_bytes)}).items():
        say(f"{name:<12} {'-' if value is None else value}")
    for path in row.paths:
        say(f"{'source':<12} {path}")


def _facts(row: Row, codec: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "digest": row.sha256.hex(),
        "codec": codec,
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
