"""`coldframe bench restore`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.errors import DONE, SOME_SKIPPED
from cli.shared.command import Command
from cli.shared.options import json_option
from cli.shared.output import emit, path_fields, plural, say
from cli.shared.progress import progress
from cli.shared.temporary_archive import temporary_archive
from cli.shared.values import PathValue

if TYPE_CHECKING:
    from archive.evaluate.baselines import Comparison
    from archive.ingest.outcomes import Skipped

DIGITS = {"bits": 1, "bpp": 6, "clip_similarity": 4, "color_score": 5, "psnr": 2}


@click.command(cls=Command)
@click.argument("folder", type=PathValue(path_type=Path, exists=True))
@click.option(
    "--out",
    required=True,
    type=PathValue(path_type=Path, file_okay=False),
    help="Folder for the contact sheet.",
)
@click.option(
    "--model",
    default="pocket",
    show_default=True,
    help="Model pair: `coldframe models` lists them.",
)
@json_option
def command(folder: Path, out: Path, model: str, as_json: bool) -> int:
    """Compare restorations of a FOLDER of images with JPEG, WebP and AVIF at their lowest quality.

    Uses a temporary archive. Writes a contact sheet of the first images.
    """
    with temporary_archive(folder, model) as (archive, skipped):
        comparison = archive.compare(out)
        for kind in comparison.unavailable:
            say(f"{kind} is left out: this Pillow cannot write it", err=True)
        with progress("comparing", len(archive), silent=as_json) as show:
            for done in comparison.run():
                show(done)
    if as_json:
        _emit(comparison, skipped)
    else:
        _print(comparison, skipped)
    return SOME_SKIPPED if skipped else DONE


def _emit(comparison: Comparison, skipped: list[Skipped]) -> None:
    for file in skipped:
        reason = {"reason": file.reason, "detail": file.detail}
        emit({"message_type": "skipped", **path_fields(file.path), **reason})
    for method, scores in comparison.means.items():
        rounded = {name: round(value, DIGITS[name]) for name, value in asdict(scores).items()}
        emit({"message_type": "method", "method": method, "pictures": comparison.images, **rounded})
    counts = {"pictures": comparison.images, "skipped": len(skipped)}
    emit({"message_type": "summary", **counts, "sheet": str(comparison.sheet)})


def _print(comparison: Comparison, skipped: list[Skipped]) -> None:
    from archive.evaluate.baselines import TITLES

    say(f"{'method':<12}{'bits':>10}{'bpp':>11}{'CLIP':>9}{'color':>10}{'PSNR':>8}")
    for method, score in comparison.means.items():
        rate = f"{TITLES.get(method, method):<12}{score.bits:>10,.1f}{score.bpp:>11.5f}"
        fidelity = f"{score.clip_similarity:>9.4f}{score.color_score:>10.5f}{score.psnr:>8.2f}"
        say(rate + fidelity)
    sheet = str(comparison.sheet)
    say(f"means over {plural(comparison.images, 'image')}; contact sheet: {sheet}")
    for file in skipped:
        say(f"skipped {file.path}: {file.reason}, {file.detail}", err=True)
