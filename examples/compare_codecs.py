"""Codecs on your own vectors: `python examples/compare_codecs.py VECTORS.npy`, an (N, D) array.

One half is fitted to, the other half measured. `coldframe bench codecs` measures more.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np

import coldframe

CANDIDATES = (("clip", 1), ("clip+ls", 1), ("smic", 48), ("klt", 48), ("klt", 250))


def compare(vectors: np.ndarray) -> Iterator[tuple[str, float, float]]:
    """Name, bits per image, mean cosine of vectors and decoded vectors."""
    fit, test = np.array_split(vectors.astype(np.float32), 2)
    no_maps = np.zeros((len(fit), 0, 0, 3), np.uint8)
    for name, rate in CANDIDATES:
        codec = coldframe.fit_codec(name, fit, no_maps, bits=rate, map_bits=0)
        codes = codec.encode_vectors(test)
        vectors_hat = codec.decode_vectors(codes)
        lengths = np.linalg.norm(test, axis=1) * np.linalg.norm(vectors_hat, axis=1)
        cosines = (test * vectors_hat).sum(axis=1) / lengths
        yield name, 8 * float(np.mean([len(code) for code in codes])), float(cosines.mean())


if __name__ == "__main__":
    print(f"{'codec':<10}{'bits':>8}{'cosine':>8}")
    for codec_name, bits, cosine in compare(np.load(sys.argv[1])):
        print(f"{codec_name:<10}{bits:>8.1f}{cosine:>8.3f}")
