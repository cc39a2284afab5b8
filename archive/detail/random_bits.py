"""A counter-based generator: integers in, the same integers out, on every machine, forever.

    word i of a stream = mix(key + (i + 1) · GOLDEN)        all modulo 2⁶⁴

with mix the finalizer of SplitMix64 (Steele, Lea & Flood 2014). Details are read with these bits
decades after they were written, so no library's generator will do. tests/detail has golden values.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]

GOLDEN = 0x9E3779B97F4A7C15
MASK = (1 << 64) - 1


def words(stream: tuple[int, ...], count: int) -> Words:
    """The first `count` words of a stream, (count,). `stream`: its name, integers from 0."""
    key = 0
    for part in stream:
        key = int(_mix(np.array([(key ^ part) + GOLDEN & MASK], np.uint64))[0])
    counters = np.arange(1, count + 1, dtype=np.uint64)
    return _mix(counters * np.uint64(GOLDEN) + np.uint64(key))


def gaussians(stream: tuple[int, ...], count: int) -> npt.NDArray[np.float32]:
    """Nearly normal numbers, (count,): the number of ones in a word, standardized.

    Multiples of 1/4 with mean 0, variance 1 and kurtosis 2.97; exact in any floating-point type.
    """
    bits = np.unpackbits(words(stream, count).view(np.uint8).reshape(count, 8), axis=1)
    standard: npt.NDArray[np.float32] = (bits.sum(axis=1).astype(np.float32) - 32) / 4
    return standard


def _mix(z: Words) -> Words:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
