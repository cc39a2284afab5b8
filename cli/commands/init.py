"""`coldframe init`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from archive.settings import Settings
from cli.shared.command import Command
from cli.shared.options import archive_options, codec_options, json_option
from cli.shared.output import emit, next_step, say
from cli.shared.progress import waiting

if TYPE_CHECKING:
    from archive.archive import Archive
    from archive.codecs import CodecConfig


@click.command(cls=Command)
@archive_options
@click.option(
    "--model",
    metavar="NAME|FOLDER",
    help="Model pair (`coldframe models` lists them) [default: vit-l-14].",
)
@click.option("--decoder", metavar="FOLDER|ID", help="A decoder other than the pair's own.")
@codec_options(None, implied="klt")
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
        facts = _facts(archive)
        is_exact = archive.codec.has_fixed_rate
    if as_json:
        emit(facts)
        return
    about = "" if is_exact else "about "
    say(
        "archive at {archive}: model {model}, codec {codec}, ".format(**facts)
        + "{about}{bits_per_image} bits per image".format(about=about, **facts)
    )
    if facts["model"] in PAIRS:
        say("{}: {}".format(facts["model"], PAIRS[facts["model"]].note), err=True)
    if facts["rows_until_fit"]:
        say(_until_fit(facts), err=True)
    next_step("ingest FOLDER", settings)


def _facts(archive: Archive) -> dict[str, Any]:
    """What there is to say of an archive. A codec to be fitted is called by its own name."""
    codec = archive.codec
    return {
        "archive": archive.settings.shown,
        "model": archive.model.name,
        "codec": codec.pending.name if codec.pending else codec.name,
        "bits_per_image": codec.bits_per_image,
        "rows_until_fit": archive.rows_until_fit(),
    }


def _until_fit(facts: dict[str, Any]) -> str:
    return (
        "{codec} is fitted after {rows_until_fit:,} images, or by `coldframe recode` with the same "
        "codec options; until then rows wait as float16"
    ).format(**facts)
