"""`coldframe detail`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archive.errors import DONE, SOME_SKIPPED, UsageError
from archive.settings import Settings
from cli.shared.command import Command
from cli.shared.details import DETAIL_BYTES, DetailTally, track
from cli.shared.listing import say_no_row
from cli.shared.options import archive_options, filter_options, json_option, model_options
from cli.shared.values import MOST_BYTES, Number, Whole

if TYPE_CHECKING:
    from archive.filters import Filters


@click.command(cls=Command)
@click.argument("ids", metavar="[ID]...", nargs=-1, type=int)
@click.option(
    "--bytes",
    "max_bytes",
    type=Whole(0, MOST_BYTES),
    help="Bytes of each detail, at most; longer ones are cut. 0 removes them.  "
    f"[default: {DETAIL_BYTES}; with --psnr or --budget, as many as help]",
)
@click.option(
    "--psnr",
    metavar="DB",
    type=Number(1, 99),
    help="Only as many bytes as bring a picture to this PSNR, measured in the decoder's frame.",
)
@click.option(
    "--budget",
    metavar="BYTES",
    type=Whole(0),
    help="Bytes of all these details together, spent on the images where they help most; "
    "all of them are written anew.",
)
@click.option("-n", "--dry-run", is_flag=True, help="Show what would happen; change nothing.")
@filter_options
@archive_options
@model_options
@json_option
def command(
    *,
    ids: tuple[int, ...],
    max_bytes: int | None,
    psnr: float | None,
    budget: int | None,
    dry_run: bool,
    filters: Filters,
    settings: Settings,
    model: str | None,
    any_weights: bool,
    as_json: bool,
) -> int:
    """Give rows a detail: bytes that say which of all pictures that fit a row it was.

    Details are written from the originals that can be seen, and cut without them. A detail is read
    by the very decoder that wrote it. Run it again to resume an interrupted run; with --budget, it
    starts over. Exits with 3 if some rows have no detail, or a shorter one: their originals cannot
    be read, they wait for their codec, or are damaged.
    """
    from archive.archive import Archive

    if ids and not filters.is_empty:
        raise UsageError("give either ids (`coldframe ls` lists them) or conditions, not both")
    if psnr is not None and budget is not None:
        raise UsageError("give either --psnr, for each picture, or --budget, for all of them")
    if max_bytes is None:
        max_bytes = DETAIL_BYTES if psnr is None and budget is None else MOST_BYTES
    tally = DetailTally(as_json=as_json, dry_run=dry_run, psnr=psnr, budget=budget)
    with Archive(settings, model=model, any_weights=any_weights) as archive:
        rows = archive.rows(ids, damaged=True) if ids else archive.select(filters)
        total = len(ids) or (len(archive) if filters.is_empty else None)
        outcomes = archive.write_details(
            rows, max_bytes=max_bytes, psnr=psnr, budget=budget, dry_run=dry_run
        )
        track(outcomes, tally, total, as_json=as_json)
    tally.print()
    if not tally.rows:
        say_no_row(filters)
    return SOME_SKIPPED if tally.missed and not dry_run else DONE
