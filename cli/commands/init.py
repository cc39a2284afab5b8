"""`coldframe init`."""

from __future__ import annotations

import click

from archive.settings import Settings
from cli.shared.options import archive_options, codec_options, json_option
from cli.shared.output import emit


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
    codec: str,
    rates: dict[str, int],
    as_json: bool,
) -> None:
    """Make an archive, or bring an older one's tables up to date."""
    from archive.archive import Archive
    from archive.models.pairs import find_pair
    from archive.recode.resolve import rate_of

    pair = find_pair(model, decoder=decoder)
    with Archive.create(settings, pair, codec=codec, parameters=rates) as archive:
        name = archive.codec.name
        each = rate_of(archive.codec)
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
