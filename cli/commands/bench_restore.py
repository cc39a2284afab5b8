"""`coldframe bench restore`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.errors import DONE, SOME_SKIPPED
from cli.shared.options import json_option
from cli.shared.output import emit, path_fields, plural, shown
from cli.shared.progress import progress

if TYPE_CHECKING:
    from archive.evaluate.baselines import Comparison

DIGITS = {"bits": 1, "bpp": 6, "clip_similarity": 4, "color_score": 5, "psnr": 2}


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the sheet.",
)
@click.option(
    "--model",
    default="pocket",
    show_default=True,
    help="Model pair: `coldframe models` lists them.",
)
@json_option
def command(folder: Path, out: Path, model: str, as_json: bool) -> int:
    """Compare restorations of a FOLDER of pictures with JPEG, WebP and AVIF at their lowest rates.

    Works on an archive of its own that is gone afterwards. Writes a contact sheet of the first pictures.
    """
    from archive.evaluate.baselines import Comparison

    comparison = Comparison(folder, out, model)
    for kind in comparison.absent:
        click.echo(f"{kind} is left out: this Pillow does not write it", err=True)
    with progress("comparing", None, silent=as_json) as show:
        for done in comparison.run():
            show(done)
    _emit(comparison) if as_json else _print(comparison)
    return SOME_SKIPPED if comparison.skipped else DONE


def _emit(comparison: Comparison) -> None:
    for one in comparison.skipped:
        emit(
            {
                "message_type": "skipped",
                **path_fields(one.path),
                "reason": one.reason,
                "detail": one.detail,
            }
        )
    for method, scores in comparison.means.items():
        rounded = {name: round(value, DIGITS[name]) for name, value in asdict(scores).items()}
        emit(
            {"message_type": "method", "method": method, "pictures": comparison.pictures, **rounded}
        )
    counts = {"pictures": comparison.pictures, "skipped": len(comparison.skipped)}
    emit({"message_type": "summary", **counts, "sheet": str(comparison.sheet)})


def _print(comparison: Comparison) -> None:
    from archive.evaluate.baselines import TITLES

    click.echo(f"{'method':<12}{'bits':>10}{'bpp':>11}{'CLIP':>9}{'colour':>10}{'PSNR':>8}")
    for method, one in comparison.means.items():
        rate = f"{TITLES.get(method, method):<12}{one.bits:>10,.1f}{one.bpp:>11.5f}"
        click.echo(f"{rate}{one.clip_similarity:>9.4f}{one.color_score:>10.5f}{one.psnr:>8.2f}")
    click.echo(
        f"means over {plural(comparison.pictures, 'picture')}; look at {shown(str(comparison.sheet))}"
    )
    for skipped in comparison.skipped:
        click.echo(f"skipped {shown(skipped.path)}: {skipped.reason}, {skipped.detail}", err=True)
