"""`coldframe ingest`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from archive.errors import SOME_SKIPPED
from archive.settings import Settings
from cli.shared.options import archive_options, codec_options, json_option, model_options
from cli.shared.output import emit, path_fields, plural
from cli.shared.progress import progress
from cli.shared.tally import Tally

if TYPE_CHECKING:
    from archive.archive import Archive
    from archive.codecs import CodecConfig


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@archive_options
@model_options
@codec_options(None)
@click.option(
    "--candidates",
    type=click.Choice(["2", "4", "8", "16", "32", "64"]),
    help="Draw so many of every picture, and keep in its row which is most like the original. Slow.",
)
@click.option(
    "--keep-truncated",
    is_flag=True,
    help="Archive the readable part of truncated pictures, flagged.",
)
@json_option
def command(
    *,
    paths: tuple[str, ...],
    settings: Settings,
    model: str | None,
    any_weights: bool,
    codec: CodecConfig | None,
    candidates: str | None,
    keep_truncated: bool,
    as_json: bool,
) -> int:
    """Archive pictures and folders of pictures. Originals are only read.

    Run it again at any time: what is known is passed over, what was moved keeps its row, and a run that was killed goes
    on where it was. With --candidates rows that came here without one are chosen for too.
    """
    from archive.archive import Archive
    from archive.ingest.outcomes import Skipped
    from archive.ingest.scan import scan

    with Archive(settings, model=model, any_weights=any_weights) as archive:
        if codec:
            archive.use_codec(codec)
        total = sum(1 for path in paths for _ in scan(path))
        tally = Tally()
        with progress("archiving", total, silent=as_json) as show:
            for outcome in archive.ingest(paths, keep_truncated=keep_truncated):
                tally.add(outcome)
                show(tally.met, tally.short())
                if as_json and isinstance(outcome, Skipped):
                    told = {"message_type": "skipped", **path_fields(outcome.path)}
                    emit(told | {"reason": outcome.reason, "detail": outcome.detail})
        chosen = _choose(archive, int(candidates), as_json) if candidates else {}
        if as_json:
            emit({"message_type": "summary"} | tally.summary(archive.ingest_seconds) | chosen)
        else:
            tally.print(archive.ingest_seconds, sys.stdout)
            _tell(chosen)
    return SOME_SKIPPED if tally.skipped else 0


def _choose(archive: Archive, candidates: int, as_json: bool) -> dict[str, int]:
    """How many rows a candidate was chosen for, at how many bits, and how many have no original to be seen."""
    counts = {"chosen": 0, "unseen": 0}
    with progress("choosing", archive.unseeded(), silent=as_json) as show:
        for one in archive.choose_seeds(candidates):
            counts["unseen" if one.candidate is None else "chosen"] += 1
            show(sum(counts.values()))
    return counts | {"choice_bits": candidates.bit_length() - 1}


def _tell(chosen: dict[str, int]) -> None:
    if chosen:
        unseen = f", {chosen['unseen']:,} without: original not seen" if chosen["unseen"] else ""
        rate = plural(chosen["choice_bits"], "bit")
        click.echo(f"chose a seed for {plural(chosen['chosen'], 'picture')}, {rate} each{unseen}")
