"""`coldframe recode`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from archive.settings import Settings
from cli.shared.options import archive_options, codec_options, json_option, model_options
from cli.shared.output import emit, plural
from cli.shared.progress import progress

if TYPE_CHECKING:
    from archive.codecs import CodecConfig
    from archive.recode.run import Recoded


@click.command()
@codec_options("klt")
@click.option(
    "--where",
    multiple=True,
    metavar="CONDITION",
    help="Only rows like 'path~*/2019/*' or 'width>1000'.",
)
@click.option(
    "--least-squares",
    is_flag=True,
    help="Keep the codes of coclico and clip rows, decode them better.",
)
@click.option("-n", "--dry-run", is_flag=True, help="Say what would come of it; change nothing.")
@archive_options
@model_options
@json_option
def command(
    *,
    settings: Settings,
    codec: CodecConfig,
    where: tuple[str, ...],
    least_squares: bool,
    dry_run: bool,
    model: str | None,
    any_weights: bool,
    as_json: bool,
) -> None:
    """Write archived rows with another codec: from the originals where they can be seen, else from the old codes.

    A row keeps its old codes until the new ones have been decoded and compared. Run it again to go on where it was
    stopped. New rows are of the new codec from then on.
    """
    from archive.archive import Archive
    from archive.filters import row_filter

    wanted = row_filter(where)
    done: list[Recoded] = []
    with (
        Archive(settings, model=model, any_weights=any_weights) as archive,
        progress("recoding", archive.stats().images, silent=as_json) as show,
    ):
        freeze = archive.freeze(codec, where=wanted, dry=dry_run)
        for one in archive.sharpen(dry=dry_run) if least_squares else freeze:
            done.append(one)
            show(len(done))
    told = _summary(done, dry_run)
    if as_json:
        emit(told)
        return
    verb = "would recode" if dry_run else "recoded"
    came = f"{told['from_originals']:,} from originals, {told['from_codes']:,} from old codes"
    click.echo(f"{verb} {plural(len(done), 'picture')}: {came}")
    if done:
        click.echo(f"{told['bits_before']:g} → {told['bits_after']:g} bits a picture")
        cosine = f"{told['cosine']:.3f} on average, {told['least_cosine']:.3f} at least"
        click.echo(f"cosine of what was coded and what comes back: {cosine}")


def _summary(done: list[Recoded], dry_run: bool) -> dict[str, Any]:
    seen = sum(one.from_original for one in done)
    count = max(1, len(done))
    return {
        "message_type": "summary",
        "dry_run": dry_run,
        "recoded": len(done),
        "from_originals": seen,
        "from_codes": len(done) - seen,
        "cosine": round(sum(one.cosine for one in done) / count, 4),
        "least_cosine": round(min((one.cosine for one in done), default=1.0), 4),
        "bits_before": round(sum(one.bits_before for one in done) / count, 1),
        "bits_after": round(sum(one.bits_after for one in done) / count, 1),
    }
