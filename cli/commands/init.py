"""`coldframe init`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archive.settings import Settings
from cli.shared.options import archive_options, codec_options, json_option
from cli.shared.output import emit

if TYPE_CHECKING:
    from archive.codecs import CodecConfig


@click.command()
@archive_options
@click.option(
    "--model",
    default="vit-l-14",
    show_default=True,
    help="Model pair: `coldframe models` lists them.",
)
@click.option("--decoder", metavar="FOLDER|ID", help="Another decoder than the pair's own.")
@codec_options("coclico")
@json_option
def command(
    *,
    settings: Settings,
    model: str,
    decoder: str | None,
    codec: CodecConfig,
    as_json: bool,
) -> None:
    """Make an archive, or bring an older one's tables up to date."""
    from archive.archive import Archive
    from archive.models.pairs import find_pair

    pair = find_pair(model, decoder=decoder)
    with Archive.create(settings, pair, codec=codec) as archive:
        name = archive.codec.name
        each = archive.codec.bits_per_image
        if as_json:
            emit(
                {
                    "archive": settings.location,
                    "model": archive.model.name,
                    "codec": name,
                    "bits_per_image": each,
                }
            )
            return
    click.echo(
        f"archive at {settings.location}: model {pair.name}, codec {name}, {each} bits a picture"
    )
    if pair.note:
        click.echo(f"{pair.name}: {pair.note}", err=True)
