"""`coldframe ingest`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from archive.errors import SOME_SKIPPED
from archive.settings import Settings
from cli.shared.command import Command
from cli.shared.details import DetailTally, track
from cli.shared.options import (
    archive_options,
    codec_options,
    json_option,
    model_options,
    rule_options,
)
from cli.shared.output import next_step
from cli.shared.progress import progress
from cli.shared.seeds import select_seeds
from cli.shared.tally import Tally
from cli.shared.values import MOST_BYTES, Whole

if TYPE_CHECKING:
    from archive.archive import Archive
    from archive.codecs import CodecConfig
    from archive.ingest.rules import ScanRules


@click.command(cls=Command)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@archive_options
@model_options
@codec_options(None)
@click.option(
    "--candidates",
    type=click.Choice(["2", "4", "8", "16", "32", "64"]),
    help="Restore each image with so many seeds, and store which is closest to the original. Slow.",
)
@click.option(
    "--detail",
    "detail_bytes",
    metavar="BYTES",
    type=Whole(2, MOST_BYTES),
    help="Then write a detail of so many bytes for every row without one, or with a shorter one, "
    "as `coldframe detail` does. Slow.",
)
@click.option(
    "--keep-truncated",
    is_flag=True,
    help="Archive the readable part of truncated images, flagged.",
)
@click.option(
    "--rescan",
    is_flag=True,
    help="Read files again that seem unchanged; fill in camera and place of rows without.",
)
@rule_options
@json_option
def command(
    *,
    paths: tuple[str, ...],
    settings: Settings,
    model: str | None,
    any_weights: bool,
    codec: CodecConfig | None,
    candidates: str | None,
    detail_bytes: int | None,
    rules: ScanRules,
    as_json: bool,
    **options: Any,
) -> int:
    """Archive images and folders of images. Originals are only read.

    Run it again at any time: unchanged files are not read again, moved files keep their rows, and
    an interrupted run continues where it stopped. A file .coldframeignore names, as .gitignore
    does, what is passed over in its folder and below. With --candidates, existing rows without a
    selected seed are processed as well.
    """
    from archive.archive import Archive

    tally = Tally(as_json=as_json)
    with Archive(settings, model=model, any_weights=any_weights) as archive:
        if codec:
            archive.use_codec(codec)
        with progress("archiving", silent=as_json) as show:
            for outcome in archive.ingest(paths, rules=rules, **options):
                tally.add(outcome)
                show(tally.files, tally.short(), total=archive.ingest_progress.total)
        tally.described = archive.ingest_progress.described
        if candidates:
            tally.seeds = select_seeds(archive, int(candidates), silent=as_json)
        tally.print(archive.ingest_progress.seconds)
        if detail_bytes:
            _write_details(archive, detail_bytes, as_json=as_json)
        next_step('search "WORDS"', settings, silent=as_json)
    return SOME_SKIPPED if tally.skipped else 0


def _write_details(archive: Archive, max_bytes: int, *, as_json: bool) -> None:
    """For all rows whose originals are there; that of earlier ones may be gone is no failure."""
    tally = DetailTally(as_json=as_json)
    outcomes = archive.write_details(archive.select(), max_bytes=max_bytes, cut=False)
    track(outcomes, tally, len(archive), as_json=as_json)
    tally.print("details")
