"""python -m benchmarks NAME

NAME: ablation, coded-index, colors, filters, fullsize, index, ingest, page, restore, search,
serve, startup or watch.
`python -m benchmarks.smic` is a program of its own.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
from collections.abc import Mapping
from pathlib import Path

import click

data_option = click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True),
    default="../shared/data",
    show_default=True,
    help="Folder with training/, teacher/, embeddings/ and photos/.",
)
work_option = click.option(
    "--work",
    type=click.Path(path_type=Path),
    default="training/run",
    show_default=True,
    help="Folder for caches.",
)
rclip_option = click.option(
    "--rclip",
    type=click.Path(path_type=Path, exists=True),
    help="Python of an environment with rclip, to measure beside it (needs onnx here).",
)


@click.group()
def main() -> None:
    """Measure coldframe. Each measurement prints JSON lines."""


def report(figures: Mapping[str, object]) -> None:
    """Prints figures and the machine they were measured on."""
    machine = {
        "cores": os.cpu_count(),
        "machine": platform.processor() or platform.machine(),
        "system": platform.system(),
    }
    click.echo(json.dumps({**figures, **machine}))


@main.command()
@click.option("--rows", default=1_000_000, show_default=True)
@click.option("--dimension", default=768, show_default=True)
@click.option("--queries", default=200, show_default=True)
@click.option("--threads", default=2, show_default=True)
@click.option("--codec", default="klt", show_default=True, help="At its default rate.")
def index(rows: int, dimension: int, queries: int, threads: int, codec: str) -> None:
    """Search in an archive of synthetic rows: bytes per row, ms per query, recall."""
    from benchmarks.index import measure

    report(measure(rows, dimension, queries, threads, codec))


@main.command()
@click.option("--rows", default=100_000, show_default=True)
@click.option("--dimension", default=768, show_default=True)
@click.option("--queries", default=50, show_default=True)
@click.option("--codec", default="klt", show_default=True, help="At its default rate.")
def filters(rows: int, dimension: int, queries: int, codec: str) -> None:
    """Searches with filters in an archive of synthetic rows: ms per search, recall."""
    from benchmarks.filters import measure

    for line in measure(rows, dimension, queries, codec):
        report(line)


@main.command()
@click.argument("vectors", type=click.Path(path_type=Path, exists=True))
@click.option("--fitted", default=16_000, show_default=True, help="Vectors to fit to.")
def coded_index(vectors: Path, fitted: int) -> None:
    """What a search of klt rows finds of real VECTORS (an .npy file), beside RaBitQ."""
    from benchmarks.coded_index import measure

    for line in measure(vectors, fitted):
        report(line)


@main.command()
@click.option("--images", default=400, show_default=True)
@click.option(
    "--photos",
    type=click.Path(path_type=Path),
    default="../shared/data/photos",
    show_default=True,
    help="Folder of photos that are resized to 1-2 MP and 12 MP; drawings if it has none.",
)
@click.option("--times", default=3, show_default=True, help="Runs of each program.")
@rclip_option
def ingest(images: int, photos: Path, times: int, rclip: Path | None) -> None:
    """Images per second from JPEG files to committed rows, pocket and ViT-B/32, beside rclip."""
    from benchmarks.ingest import measure

    for line in measure(images, photos, times, rclip):
        report(line)


@main.command()
@data_option
@work_option
def colors(data: Path, work: Path) -> None:
    """Color maps of several sizes and rates, on validation photos."""
    from benchmarks.colors import measure

    for point in measure(data, work):
        report(point)


@main.command()
@click.option("--rows", default=10_000, show_default=True)
@click.option("--speed", default=6000, show_default=True, help="Pixels a second.")
def page(rows: int, speed: int) -> None:
    """The page's grid scrolled down and up in Chromium: frames, long tasks, memory."""
    from benchmarks.page import measure

    for line in measure(rows, speed):
        report(line)


@main.command()
@click.option("--images", default=8, show_default=True)
def restore(images: int) -> None:
    """Seconds per restoration, with the pocket pair, and of its bare network calls."""
    from benchmarks.restore import measure

    report(measure(images))


@main.command()
@data_option
@work_option
@click.option("--count", default=200, show_default=True, help="Validation photos.")
@click.option("--codec", default="klt", show_default=True)
def ablation(data: Path, work: Path, count: int, codec: str) -> None:
    """Decoder improvements at no extra bits, one after the other, on validation photos."""
    from benchmarks.ablation import measure

    for line in measure(data, work, count, codec):
        report(line)


@main.command()
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default="training/full-size",
    show_default=True,
    help="Folder for the random weights (5 GB).",
)
@click.option("--steps", default=3, show_default=True)
@click.option("--dtype", default="bfloat16", show_default=True)
def fullsize(folder: Path, steps: int, dtype: str) -> None:
    """Seconds per step and memory of the full-size decoder, with random weights."""
    from benchmarks.fullsize import measure

    report(measure(folder, steps, dtype))


@main.command()
@click.option("--times", default=7, show_default=True, help="Searches that count.")
@rclip_option
def search(times: int, rclip: Path | None) -> None:
    """Wall, CPU and memory of a search in a new process, pocket and ViT-B/32, beside rclip."""
    from benchmarks.search import measure

    for line in measure(times, rclip):
        report(line)


@main.command()
@click.option("--rows", default=100_000, show_default=True)
@click.option("--rate", default=50, show_default=True, help="Requests a second.")
@click.option("--seconds", default=60, show_default=True)
@click.option("--slow-clients", default=200, show_default=True)
def serve(rows: int, rate: int, seconds: int, slow_clients: int) -> None:
    """Searches by words over HTTP: milliseconds, errors and memory, and beside slow clients."""
    from benchmarks.serve import measure

    for line in measure(rows, rate, seconds, slow_clients):
        report(line)


@main.command()
@click.option("--times", default=10, show_default=True, help="Runs of `coldframe --help`.")
def startup(times: int) -> None:
    """Seconds of `coldframe --help`, of an ingest that finds nothing new, and of a search."""
    from benchmarks.startup import measure

    report(measure(times))


@main.command()
@click.option("--files", default=5000, show_default=True)
@click.option("--kills", default=20, show_default=True)
@click.option("--seconds", default=600.0, show_default=True, help="In which the files appear.")
@click.option("--model", default="pocket", show_default=True)
def watch(files: int, kills: int, seconds: float, model: str) -> None:
    """Rows of a watch that is killed while files come and go, beside those of a clean ingest."""
    from benchmarks.watch import measure

    with tempfile.TemporaryDirectory() as work:
        report(measure(files, kills, seconds, Path(work), model))


if __name__ == "__main__":
    main()
