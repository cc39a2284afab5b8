"""`coldframe stats`."""

from __future__ import annotations

from dataclasses import asdict

import click

from archive.settings import Settings
from cli.shared.options import archive_options, json_option
from cli.shared.output import emit, plural, size


@click.command()
@archive_options
@json_option
def command(settings: Settings, as_json: bool) -> None:
    """Show what the archive costs and what it saves."""
    from archive.archive import Archive

    with Archive(settings) as archive:
        stats = archive.stats()
    if as_json:
        emit(asdict(stats))
        return
    parts = {"embedding": stats.clip_bits_per_image, "colours": stats.color_bits_per_image}
    parts |= {"choice of seed": stats.choice_bits_per_image} if stats.choice_bits_per_image else {}
    click.echo(f"{plural(stats.images, 'picture')}, model {stats.model}, codec {stats.codec}")
    told = ", ".join(f"{bits:g} {name}" for name, bits in parts.items())
    click.echo(f"codes      {sum(parts.values()):g} bits a picture: {told}")
    click.echo(f"           {stats.bpp:.6f} bits a pixel of the originals")
    click.echo(
        f"on disk    {stats.row_bytes_per_image:.0f} bytes a row with paths and indexes of the database"
    )
    click.echo(
        f"           {stats.index_bytes_per_image:.0f} bytes a picture in the search index, a cache"
    )
    click.echo(
        f"originals  {size(stats.original_bytes)}, archive {size(stats.archive_bytes)}: {stats.ratio:.1f} to 1"
    )
