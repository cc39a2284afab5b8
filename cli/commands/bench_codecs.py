"""`coldframe bench codecs`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cli.shared.command import Command
from cli.shared.options import json_option
from cli.shared.output import emit, say
from cli.shared.values import PathValue

FILE = PathValue(path_type=Path, exists=True, dir_okay=False)
HEAD = (
    f"{'codec':>8}{'bits':>9}{'cosine':>9}{'centered':>9}{'nn10':>8}"
    f"{'nn10 found':>11}{'× bound':>9}{'enc/s':>9}{'dec/s':>9}"
)


@click.command(cls=Command)
@click.option("--fit", required=True, type=FILE, help="Vectors to fit codecs to: .npy, (N, D).")
@click.option("--test", required=True, type=FILE, help="Vectors to measure on: .npy, (N, D).")
@click.option(
    "--codecs",
    default="klt,clip",
    show_default=True,
    metavar="NAME,…",
    help="Codecs to measure, and FAISS' quantizers: pq, opq, rq, lsq, rabitq.",
)
@click.option(
    "--bits", default="64,128,256,512", show_default=True, metavar="N,…", help="Bits per image."
)
@click.option(
    "--state",
    "states",
    multiple=True,
    type=FILE,
    help="A fitted codec's file to measure too; repeatable.",
)
@click.option(
    "--texts",
    type=FILE,
    help="Text vectors, row i describing test row i: adds text-to-image recall.",
)
@click.option("--labels", type=FILE, help="Text vectors of labels: adds zero-shot agreement.")
@json_option
def command(
    *,
    fit: Path,
    test: Path,
    codecs: str,
    bits: str,
    states: tuple[Path, ...],
    texts: Path | None,
    labels: Path | None,
    as_json: bool,
) -> None:
    """Measure codecs' rate and fidelity on vectors they were not fitted to."""
    from archive.evaluate.codec_bench import CodecBench, load_vectors

    bench = CodecBench(
        load_vectors(fit),
        load_vectors(test),
        texts=load_vectors(texts) if texts else None,
        labels=load_vectors(labels) if labels else None,
    )
    rates = [int(rate) for rate in bits.split(",")]
    if not as_json:
        say(HEAD)
    for point in bench.points(codecs.split(","), rates, states):
        if as_json:
            emit(point)
        else:
            say(_line(point))


def _line(point: dict[str, Any]) -> str:
    if point["codec"] == "bound":
        return f"{'bound':>8}{point['bits']:9.1f}{'':9}{point['centered_cosine']:9.4f}"
    times_bound = f"{point['bits'] / point['bound_bits']:.2f}" if point["bound_bits"] else "–"
    fidelity = (
        f"{point['cosine']:9.4f}{point['centered_cosine']:9.4f}{point['neighbors_kept']:8.3f}"
        f"{point['neighbors_found']:11.3f}"
    )
    speed = f"{point['encode_per_second']:9,.0f}{point['decode_per_second']:9,.0f}"
    return f"{point['codec']:>8}{point['bits']:9.1f}{fidelity}{times_bound:>9}{speed}"
