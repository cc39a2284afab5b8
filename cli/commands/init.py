"""`coldframe init`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archive.settings import Settings
from cli.shared.command import Command
from cli.shared.options import archive_options, codec_options, json_option
from cli.shared.output import emit, next_step, say
from cli.shared.progress import waiting

if TYPE_CHECKING:
    from archive.codecs import CodecConfig


@click.command(cls=Command)
@archive_options
@click.option(
    "--model",
    metavar="NAME|FOLDER",
    help="Model pair (`coldframe models` lists them) [default: vit-l-14].",
)
@click.option("--decoder", metavar="FOLDER|ID", help="A decoder other than the pair's own.")
@codec_options(None, implied="coclico")
@json_option
def command(
    *,
    settings: Settings,
    model: str | None,
    decoder: str | None,
    codec: CodecConfig | None,
    as_json: bool,
) -> None:
    """Create an archive, or bring the tables of an existing one up to date."""
    from archive.archive import Archive
    from archive.models.pairs import PAIRS

    with (
        waiting("loading the model…", silent=as_json),
        Archive.create(settings, model, decoder=decoder, codec=codec) as archive,
    ):
        name = archive.model.name
        bits = archive.codec.bits_per_image
        facts = {"archive": settings.shown, "model": name, "codec": archive.codec.name}
    if as_json:
        emit({**facts, "bits_per_image": bits})
        return
    say(
        "archive at {archive}: model {model}, codec {codec}, ".format(**facts)
        + f"{bits} bits per image"
    )
    if name in PAIRS:
        say(f"{name}: {PAIRS[name].note}", err=True)
    next_step("ingest FOLDER", settings)
