"""`coldframe bench codecs`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cli.shared.output import emit

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.option("--fit", required=True, type=FILE, help="Vectors to fit codecs to: .npy, (N, D).")
@click.option("--test", required=True, type=FILE, help="Vectors to measure on: .npy, (N, D).")
@click.option(
    "--codecs", default="klt,clip", show_default=True, metavar="NAME,…", help="Codecs, by name."
)
@click.option(
    "--bits", default="64,128,256,512", show_default=True, metavar="N,…", help="Bits a picture."
)
@click.option(
    "--state",
    "states",
    multiple=True,
    type=FILE,
    help="A trained codec to measure too; may be repeated.",
)
@click.option(
    "--texts", type=FILE, help="Text vectors, row i about test row i: text-to-image recall."
)
@click.option("--labels", type=FILE, help="Text vectors of labels: zero-shot agreement.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output on stdout.")
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
    """Rate and fidelity of codecs, measured on vectors they were not fitted to."""
    from archive.evaluate.codec_bench import CodecBench, load_vectors

    beside = [load_vectors(one) if one else None for one in (texts, labels)]
    trial = CodecBench(load_vectors(fit), load_vectors(test), *beside)
    rates = [int(one) for one in bits.split(",")]
    if not as_json:
        click.echo(
            f"{'codec':>8}{'bits':>9}{'cosine':>9}{'centred':>9}{'nn10':>8}{'× bound':>9}{'enc/s':>9}{'dec/s':>9}"
        )
    for point in trial.points(codecs.split(","), rates, states):
        emit(point) if as_json else click.echo(_line(point))


def _line(point: dict[str, Any]) -> str:
    if point["codec"] == "bound":
        return f"{'bound':>8}{point['bits']:9.1f}{'':9}{point['centred_cosine']:9.4f}"
    times = f"{point['bits'] / point['bound_bits']:.2f}" if point["bound_bits"] else "–"
    return (
        f"{point['codec']:>8}{point['bits']:9.1f}{point['cosine']:9.4f}{point['centred_cosine']:9.4f}"
        f"{point['neighbours_kept']:8.3f}{times:>9}"
        f"{point['encode_per_second']:9,.0f}{point['decode_per_second']:9,.0f}"
    )
