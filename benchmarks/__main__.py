"""python -m benchmarks index|ingest|restore|startup|colors|gains|fullsize; python -m benchmarks.smic"""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path

import click


@click.group()
def main() -> None:
    """Each measurement prints one JSON line."""


def tell(figures: dict[str, object]) -> None:
    """Figures, and the machine they were measured on."""
    machine = {
        "cores": os.cpu_count(),
        "machine": platform.processor() or platform.machine(),
        "system": platform.system(),
    }
    click.echo(json.dumps(figures | machine))


@main.command()
@click.option("--rows", default=1_000_000, show_default=True)
@click.option("--dimension", default=768, show_default=True)
@click.option("--queries", default=200, show_default=True)
@click.option("--threads", default=2, show_default=True)
def index(rows: int, dimension: int, queries: int, threads: int) -> None:
    """Search over synthetic rows in a real archive: bytes a row, milliseconds a query, recall against exact search."""
    from benchmarks.index import measure

    tell(measure(rows, dimension, queries, threads))


@main.command()
@click.option("--pictures", default=400, show_default=True)
@click.option(
    "--photos",
    default="../shared/data/photos",
    show_default=True,
    help="Folder whose photos are cut to 1-2 MP.",
)
def ingest(pictures: int, photos: str) -> None:
    """Pictures a second from 1-2 MP JPEG files to committed rows, pocket pair, decoding included."""
    from benchmarks.ingest import measure

    tell(measure(pictures, photos))


@main.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True),
    default="../shared/data",
    show_default=True,
)
@click.option("--work", type=click.Path(path_type=Path), default="training/run", show_default=True)
def colors(data: Path, work: Path) -> None:
    """Colour maps of several sizes and rates, on held-in training photos."""
    from benchmarks.colors import measure

    for point in measure(data, work):
        tell(point)


@main.command()
@click.option("--pictures", default=8, show_default=True)
def restore(pictures: int) -> None:
    """Seconds a restoration, pocket pair, against the bare calls of its UNet and autoencoder."""
    from benchmarks.restore import measure

    tell(measure(pictures))


@main.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True),
    default="../shared/data",
    show_default=True,
)
@click.option("--work", type=click.Path(path_type=Path), default="training/run", show_default=True)
@click.option("--count", default=200, show_default=True, help="Photos.")
@click.option("--codec", default="coclico", show_default=True)
def gains(data: Path, work: Path, count: int, codec: str) -> None:
    """What level matching, colour low_frequency_guidance and the best of eight are worth, on held-in training photos."""
    from benchmarks.gains import measure

    for line in measure(data, work, count, codec):
        tell(line)


@main.command()
@click.option(
    "--folder", type=click.Path(path_type=Path), default="training/full-size", show_default=True
)
@click.option("--steps", default=3, show_default=True)
@click.option("--dtype", default="bfloat16", show_default=True)
def fullsize(folder: Path, steps: int, dtype: str) -> None:
    """Seconds a step of the full-size decoder with random weights, beside the bare UNet call; memory."""
    from benchmarks.fullsize import measure

    tell(measure(folder, steps, dtype))


@main.command()
@click.option("--times", default=10, show_default=True)
def startup(times: int) -> None:
    """Seconds of `coldframe --help`, of an ingest that finds nothing new, and of a search."""
    from benchmarks.startup import measure

    tell(measure(times))


if __name__ == "__main__":
    main()
