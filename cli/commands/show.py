"""`coldframe show`."""

from __future__ import annotations

import click

from archive.settings import Settings
from cli.shared.options import archive_options, json_option
from cli.shared.output import emit, path_fields, row_facts, shown, size


@click.command()
@click.argument("image_id", metavar="ID", type=int)
@archive_options
@json_option
def command(image_id: int, settings: Settings, as_json: bool) -> None:
    """Show one row: everything that is kept of an image."""
    from archive.archive import Archive

    with Archive(settings) as archive:
        row = archive[image_id]
        facts = row_facts(row, archive.codec_of(row).name)
    if as_json:
        sources = [path_fields(path) for path in row.paths]
        emit({**facts, "sources": sources, **path_fields(row.path)})
        return
    facts["file_bytes"] = size(row.file_bytes)
    for name, value in facts.items():
        click.echo(f"{name:<12} {'-' if value is None else value}")
    for path in row.paths:
        click.echo(f"{'source':<12} {shown(path)}")
