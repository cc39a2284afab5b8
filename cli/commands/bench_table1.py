"""`coldframe bench table1`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.errors import DONE, SOME_SKIPPED, ModelMissing, UsageError
from cli.shared.command import Command
from cli.shared.comparison import (
    comparison_options,
    emit_skipped,
    emit_summary,
    run_comparison,
    say_summary,
)
from cli.shared.options import json_option
from cli.shared.output import emit, path_fields, say
from cli.shared.temporary_archive import temporary_archive

if TYPE_CHECKING:
    from archive.evaluate.baselines import Compared, Comparison, Scores
    from archive.evaluate.iqa import ImageQuality

DIGITS = {"bits": 1, "bpp": 6, "clip_distance": 4, "color_score": 5, "psnr": 2}
IQA_TITLES = {"dbcnn": "DBCNN", "musiq": "MUSIQ"}
IQA_DIGITS = 4
NO_WEIGHTS = "its weights are not on this machine and cannot be downloaded"
NO_VVC = (
    "vvc is left out: there is no ffmpeg with libvvenc; "
    "`pip install 'coldframe[vvc]'` brings one to Linux and Apple silicon"
)
OWN_NOTE = "own CLIP: distance, measured by the pair's own encoder; --judge names another"


@click.command(cls=Command)
@comparison_options
@click.option(
    "--judge",
    "metric_model",
    metavar="MODEL",
    help="Another model, whose encoder measures the CLIP distance [default: the pair's own].",
)
@json_option
def command(folder: Path, out: Path, model: str, metric_model: str | None, as_json: bool) -> int:
    """Make the table of the CoCliCo paper from a FOLDER of images.

    Compares rows, plain CoCliCo, JPEG, WebP, AVIF and VVC in bits, CLIP distance, colors and PSNR;
    with pyiqa and its weights also in DBCNN and MUSIQ. Uses a temporary archive. Writes a contact
    sheet of the first images.
    """
    from archive.evaluate.table1 import OWN_CLIP, open_clip_metric

    metric = None if metric_model is None else open_clip_metric(metric_model)
    label = OWN_CLIP if metric is None else metric.label
    iqa = _open_iqa()
    with temporary_archive(folder, model) as (archive, skipped):
        comparison = archive.table1(out, metric=metric, iqa=iqa)
        if as_json:
            emit_skipped(skipped)
        if "vvc" not in comparison.titles:
            say(NO_VVC, err=True)
        for compared in run_comparison(comparison, as_json=as_json):
            if as_json:
                _emit_image(compared, label)
    if as_json:
        _emit_means(comparison, label)
        emit_summary(comparison, skipped, judge=label)
    else:
        _print(comparison, label)
        say_summary(comparison, skipped)
    return SOME_SKIPPED if skipped else DONE


def _open_iqa() -> ImageQuality | None:
    """DBCNN and MUSIQ, as far as they are there; says on stderr what is left out."""
    from archive.evaluate.iqa import open_iqa

    try:
        iqa = open_iqa(tuple(IQA_TITLES))
    except (UsageError, ModelMissing) as error:
        say(f"{' and '.join(IQA_TITLES.values())} are left out: {error}", err=True)
        return None
    for name in IQA_TITLES.keys() - iqa.names:
        say(f"{IQA_TITLES[name]} is left out: {NO_WEIGHTS}", err=True)
    return iqa


def _emit_image(compared: Compared, label: str) -> None:
    for method, scores in compared.scores.items():
        facts = {"message_type": "image", **path_fields(compared.row.path), "method": method}
        emit({**facts, **_values(scores, label)})


def _emit_means(comparison: Comparison, label: str) -> None:
    for method, scores in comparison.means.items():
        facts = {"message_type": "method", "method": method, "pictures": comparison.images}
        emit({**facts, **_values(scores, label)})


def _values(scores: Scores, label: str) -> dict[str, Any]:
    """The columns, and whose distance it is."""
    values = {name: round(getattr(scores, name), digits) for name, digits in DIGITS.items()}
    iqa = {name: round(value, IQA_DIGITS) for name, value in scores.iqa.items()}
    return {**values, **iqa, "judge": label}


def _print(comparison: Comparison, label: str) -> None:
    from archive.evaluate.table1 import OWN_CLIP

    means = comparison.means
    measures = [name for name in IQA_TITLES if name in means["input"].iqa]
    is_own = label == OWN_CLIP
    head = f"{'method':<14}{'bits':>12}{'bpp':>10}{OWN_CLIP if is_own else 'CLIP':>10}"
    iqa_head = "".join(f"{IQA_TITLES[name]:>8}" for name in measures)
    say(f"{head}{'color':>9}{'PSNR':>8}{iqa_head}")
    for method, score in means.items():
        rate = f"{comparison.titles[method]:<14}{score.bits:>12,.0f}{score.bpp:>10.5f}"
        fidelity = f"{score.clip_distance:>10.4f}{score.color_score:>9.5f}{score.psnr:>8.2f}"
        say(rate + fidelity + "".join(f"{score.iqa[name]:>8.3f}" for name in measures))
    say(OWN_NOTE if is_own else f"CLIP: distance, measured by {label}")
