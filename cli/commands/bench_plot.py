"""`coldframe bench plot`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from archive.errors import UsageError
from cli.shared.command import Command
from cli.shared.output import say
from cli.shared.plots import load_pyplot, save_plot
from cli.shared.values import PathValue

MEASURES = {"centered_cosine": "centered cosine", "neighbors_kept": "ten nearest neighbors kept"}
SHOWN = {"marker": "o", "markersize": 4, "linewidth": 1.5}


@click.command(cls=Command)
@click.argument("points", type=PathValue(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--out",
    type=PathValue(path_type=Path),
    default="codecs.svg",
    show_default=True,
    help="SVG, PNG or PDF.",
)
@click.option("--title", default="", help="Title of the plot.")
def command(points: Path, out: Path, title: str) -> None:
    """Plot the points of `bench codecs --json`: rate against fidelity, with the Gaussian bound."""
    save_plot(_draw(_read(points), title), out)
    say(f"plot written to {out}")


def _read(path: Path) -> dict[str, list[dict[str, Any]]]:
    curves: dict[str, list[dict[str, Any]]] = {}
    try:
        for point in map(json.loads, path.read_text().splitlines()):
            curves.setdefault(point["codec"], []).append(point)
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{path} does not hold the lines of `coldframe bench codecs --json`: {error}"
        ) from error
    return {
        name: sorted(curve, key=lambda point: float(point["bits"]))
        for name, curve in curves.items()
    }


def _draw(curves: dict[str, list[dict[str, Any]]], title: str) -> Any:
    figure, axes = load_pyplot().subplots(1, len(MEASURES), figsize=(11, 4.2))
    for axis, (measure, label) in zip(axes, MEASURES.items(), strict=True):
        for name, curve in curves.items():
            points = [(point["bits"], point[measure]) for point in curve if measure in point]
            if points:
                style = {"color": "black", "linestyle": ":"} if name == "bound" else SHOWN
                axis.plot(
                    *zip(*points, strict=True),
                    label="Gaussian bound" if name == "bound" else name,
                    **style,
                )
        axis.set(xlabel="bits per image, as stored", ylabel=label, xscale="log", ylim=(0, 1))
        axis.grid(alpha=0.3)
        axis.legend(frameon=False)
    figure.suptitle(title)
    return figure
