"""`coldframe bench restore`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.errors import DONE, SOME_SKIPPED
from cli.shared.command import Command
from cli.shared.comparison import (
    comparison_options,
    emit_skipped,
    emit_summary,
    run_comparison,
    say_summary,
)
from cli.shared.options import json_option
from cli.shared.output import emit, say
from cli.shared.progress import progress
from cli.shared.temporary_archive import temporary_archive
from cli.shared.values import MOST_BYTES, Whole

if TYPE_CHECKING:
    from archive.evaluate.baselines import Comparison
    from archive.ingest.outcomes import Skipped

DIGITS = {"bits": 1, "bpp": 6, "clip_similarity": 4, "color_score": 5, "psnr": 2}


@click.command(cls=Command)
@comparison_options
@click.option(
    "--detail",
    "detail_bytes",
    metavar="BYTES",
    type=Whole(2, MOST_BYTES),
    help="Give each image a detail of so many bytes first.",
)
@json_option
def command(*, folder: Path, out: Path, model: str, detail_bytes: int | None, as_json: bool) -> int:
    """Compare restorations of a FOLDER of images with JPEG, WebP and AVIF at their lowest quality.

    Uses a temporary archive. Writes a contact sheet of the first images.
    """
    with temporary_archive(folder, model) as (archive, skipped):
        if detail_bytes:
            details = archive.write_details(archive, max_bytes=detail_bytes)
            with progress("writing details", len(archive), silent=as_json) as show:
                for count, outcome in enumerate(details, start=1):
                    show(count, outcome.path)
        comparison = archive.compare(out)
        for _ in run_comparison(comparison, as_json=as_json):
            pass
    if as_json:
        _emit(comparison, skipped)
    else:
        _print(comparison)
        say_summary(comparison, skipped)
    return SOME_SKIPPED if skipped else DONE


def _emit(comparison: Comparison, skipped: list[Skipped]) -> None:
    emit_skipped(skipped)
    for method, scores in comparison.means.items():
        rounded = {name: round(getattr(scores, name), digits) for name, digits in DIGITS.items()}
        emit({"message_type": "method", "method": method, "pictures": comparison.images, **rounded})
    emit_summary(comparison, skipped)


def _print(comparison: Comparison) -> None:
    say(f"{'method':<12}{'bits':>10}{'bpp':>11}{'CLIP':>9}{'color':>10}{'PSNR':>8}")
    for method, score in comparison.means.items():
        rate = f"{comparison.titles[method]:<12}{score.bits:>10,.1f}{score.bpp:>11.5f}"
        fidelity = f"{score.clip_similarity:>9.4f}{score.color_score:>10.5f}{score.psnr:>8.2f}"
        say(rate + fidelity)
