"""Cost and fidelity of `smic`, over K atoms, S atoms per image, A levels, and the bits asked for.

`python -m benchmarks.smic --vectors FILE.npy` takes an (N, D) array, fits to 80 % of a seed-0
permutation of its rows and tests on the rest. It prints one JSON line per cell; bits are those of
the test rows' messages, and `with_state_10k` and `with_state_40k` add the codec's state, shared by
that many images. `centered` is cos(x − μ, x̂ − μ), μ the mean of the rows that atoms were learned
from.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import click
import numpy as np

from archive.arrays import Vectors, cosine
from archive.codecs.coders.serialization import to_bytes
from archive.codecs.coders.sparse import Dictionary
from archive.codecs.coders.sparse_fit import MAX_HELD_OUT, SHAPES, Shape, fit_rate, learn_atoms
from benchmarks.__main__ import report

ATOMS = (64, 128, 255, 512, 1024)
RATES = {  # S → (bits, A)
    1: ((8, 1),),
    3: ((16, 3), (24, 3)),
    5: ((24, 3), (32, 4)),
    8: ((48, 3), (48, 6), (56, 4)),
}


def grid(vectors: Vectors, atom_counts: tuple[int, ...]) -> Iterator[dict[str, object]]:
    """(N, D) → the figures of every cell. Atoms are learned once for each K and S."""
    order = np.random.default_rng(0).permutation(len(vectors))
    sample, test = np.split(vectors[order].astype(np.float32), [len(vectors) * 4 // 5])
    for atoms in atom_counts:
        for max_atoms, rates in RATES.items():
            if max_atoms == 1 and atoms > SHAPES[8].atoms:
                continue  # a byte cannot name one
            started = time.process_time()
            learned = learn_atoms(sample[MAX_HELD_OUT:], Shape(atoms, max_atoms, 1))
            seconds = round(time.process_time() - started, 1)
            for bits, levels in rates:
                dictionary = fit_rate(learned, sample[:MAX_HELD_OUT], bits, levels)
                cell = {"K": atoms, "S": max_atoms, "A": levels, "asked": bits}
                yield cell | {"learned_cpu_s": seconds} | measure(dictionary, test)


def measure(dictionary: Dictionary, test: Vectors) -> dict[str, object]:
    """What test rows (N, D) cost, and how close they come back."""
    started = time.perf_counter()
    codes = dictionary.encode(test)
    encoded = time.perf_counter()
    decoded = dictionary.decode(codes)
    ended = time.perf_counter()
    bits = 8 * sum(map(len, codes)) / len(codes)
    state = len(to_bytes(dictionary.arrays("vector_")))
    chosen = dictionary.quantize(test[:MAX_HELD_OUT])
    centered = cosine(test - dictionary.mean, decoded - dictionary.mean)
    return {
        "atoms_used": round(float(chosen.counts.mean()), 2),
        "stored_bits": round(bits, 2),
        "longest": 8 * max(map(len, codes)),
        "state_bytes": state,
        "with_state_10k": round(bits + 8 * state / 10_000, 1),
        "with_state_40k": round(bits + 8 * state / 40_000, 1),
        "cosine": round(float(cosine(test, decoded).mean()), 4),
        "centered": round(float(centered.mean()), 4),
        "encoded_per_s": round(len(codes) / (encoded - started)),
        "decoded_per_s": round(len(codes) / (ended - encoded)),
    }


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
    help="K; may be repeated.",
)
def main(path: str, atoms: tuple[int, ...]) -> None:
    """Print the grid of `smic`, one JSON line per cell."""
    for figures in grid(np.load(path), atoms):
        report(figures)


if __name__ == "__main__":
    main()
