"""What `smic` costs and keeps, over K atoms, S atoms a picture, A levels and the bits asked for.

`python -m benchmarks.smic --vectors FILE.npy` takes an (N, D) array, fits to 80 % of a seed-0
permutation of its rows and tests on the rest. One JSON line a cell; bits are those of the test
rows' messages, `with_state_10k` and `with_state_40k` add the codec's state, shared by so many
pictures. Centred: cos(x − μ, x̂ − μ), μ the mean of the rows that atoms were learned from.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import click
import numpy as np

from archive.codecs.coders.serialization import to_bytes
from archive.codecs.coders.sparse import Dictionary
from archive.codecs.coders.sparse_fit import HELD, RATES, Shape, learn, settle
from benchmarks.__main__ import report

ATOMS = (64, 128, 255, 512, 1024)
CODED = {
    1: ((8, 1),),
    3: ((16, 3), (24, 3)),
    5: ((24, 3), (32, 4)),
    8: ((48, 3), (48, 6), (56, 4)),
}  # S: bits, A


def grid(vectors: np.ndarray, atoms: tuple[int, ...]) -> Iterator[dict[str, object]]:
    """(N, D) → the figures of every cell. Atoms are learned once for a K and S."""
    order = np.random.default_rng(0).permutation(len(vectors))
    fitted, tested = np.split(vectors[order].astype(np.float32), [len(vectors) * 4 // 5])
    for count in atoms:
        for most, rates in CODED.items():
            if most == 1 and count > RATES[8].atoms:
                continue  # no byte can name one
            started = time.process_time()
            learned = learn(fitted[HELD:], Shape(count, most, 1))
            seconds = time.process_time() - started
            for bits, levels in rates:
                dictionary = settle(learned, fitted[:HELD], bits, levels)
                shape = {
                    "K": count,
                    "S": most,
                    "A": levels,
                    "asked": bits,
                    "learned_cpu_s": round(seconds, 1),
                }
                yield shape | measure(dictionary, tested)


def measure(dictionary: Dictionary, tested: np.ndarray) -> dict[str, object]:
    """What held-out rows (N, D) cost, and how near they come back."""
    started = time.perf_counter()
    codes = dictionary.encode(tested)
    encoded = time.perf_counter()
    decoded = dictionary.decode(codes)
    ended = time.perf_counter()
    bits = 8 * sum(map(len, codes)) / len(codes)
    state = len(to_bytes(dictionary.arrays("vector_")))
    coded = dictionary.choose(list(dictionary.pursue(tested[:HELD])))
    return {
        "atoms_used": round(float(coded.counts.mean()), 2),
        "stored_bits": round(bits, 2),
        "longest": 8 * max(map(len, codes)),
        "state_bytes": state,
        "with_state_10k": round(bits + 8 * state / 10_000, 1),
        "with_state_40k": round(bits + 8 * state / 40_000, 1),
        "cosine": round(cosine(tested, decoded), 4),
        "centred": round(cosine(tested - dictionary.mean, decoded - dictionary.mean), 4),
        "encoded_per_s": round(len(codes) / (encoded - started)),
        "decoded_per_s": round(len(codes) / (ended - encoded)),
    }


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    """Two (N, D) → the mean cosine of their rows."""
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return float(((one * other).sum(axis=1) / np.maximum(lengths, 1e-12)).mean())


@click.command()
@click.option(
    "--vectors", "path", required=True, type=click.Path(exists=True), help="An (N, D) .npy file."
)
@click.option(
    "--atoms",
    multiple=True,
    type=int,
    default=ATOMS,
    show_default=True,
    help="K; may be given again.",
)
def main(path: str, atoms: tuple[int, ...]) -> None:
    """The grid of `smic`, one JSON line a cell."""
    for figures in grid(np.load(path), atoms):
        report(figures)


if __name__ == "__main__":
    main()
