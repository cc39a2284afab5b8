"""Fitting a transform coder (archive.codecs.coders.transform) to a sample, at a number of bits.

1. μ, and the Karhunen–Loève directions of the sample                    (eigenvectors of the covariance)
2. for a step Δ: classes from the deviations, then tables and centroids and levels in turn, ITERATIONS times
3. Δ by bisection, until rows that were held out of 1 and 2 take the bits asked for
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from archive.codecs.coders import range_coder
from archive.codecs.coders.transform import (
    BASIS_UNIT,
    CLASSES_AN_OCTAVE,
    COEFFICIENT_LIMIT,
    COEFFICIENT_UNIT,
    UNIT_CLASS,
    Rows,
    Transform,
    choose,
    gains_of,
    shift_classes,
)

CLASSES = 36
LEVELS = 255  # at most, −127 … 127; fitted tables keep those that occur
KEPT = 0.3  # directions are kept whose deviation in the sample exceeds this many steps
HELD = 1000  # rows held out to measure the rate, from so many rows on
ENOUGH = 4000  # else all rows do both
TABULATED = 8192  # rows that tables and centroids are made from
ITERATIONS = 4
BISECTIONS = 11


@dataclass(frozen=True)
class Before:
    """What stands in the messages of a sample's rows already."""

    bits: Rows  # (N,)
    symbols: Callable[[int], list[range_coder.Part]]  # of a row


def fit_transform(
    rows: Rows, bits: float, *, gains: int = 1, before: Before | None = None, seed: int = 0
) -> Transform:
    """(N, d) sample → a coder whose messages, what stands in them before included, are of `bits` on average.

    Messages are whole bytes. `gains`: how many a row chooses from, odd.
    """
    sample = _Sample(
        rows, before or Before(np.zeros(len(rows), np.float32), lambda row: []), gains, seed
    )
    # Δ in deviations of the whole sample
    low = math.log(2e-3)
    high = math.log(5.0)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (
            (middle, high) if sample.spent(sample.fit(math.exp(middle))) > bits else (low, middle)
        )
    return sample.fit(math.exp(high))


class _Sample:
    """A sample, rotated once; the step is what varies."""

    def __init__(self, rows: Rows, before: Before, gains: int, seed: int) -> None:
        order = np.random.default_rng(seed).permutation(len(rows))
        self._held = order[:HELD]
        self._rows = rows[order[:HELD]]
        self._before = before
        self._gains = gains
        if len(rows) >= ENOUGH:
            rows = rows[order[HELD:]]
        self._mean = rows.mean(axis=0, dtype=np.float64).astype(np.float32)
        centred = (rows - self._mean).astype(np.float64)
        self._scale = float(np.sqrt((centred**2).sum(axis=1).mean())) or 1.0
        _, basis = np.linalg.eigh(centred.T @ centred)
        self._basis = np.rint(basis[:, ::-1] / BASIS_UNIT).astype(np.int16)
        self._z = ((centred / self._scale) @ (self._basis * BASIS_UNIT)).astype(np.float32)
        self._deviation = self._z.std(axis=0)

    def spent(self, fitted: Transform) -> float:
        """Bits a row that was held out."""
        levels = fitted.levels(self._rows, self._before.bits[self._held])
        messages = [
            range_coder.encode([*self._before.symbols(place), *fitted.symbols(levels, row)])
            for row, place in enumerate(self._held.tolist())
        ]
        return 8 * sum(map(len, messages)) / len(messages)

    def fit(self, step: float) -> Transform:
        """Δ → the coder."""
        kept = max(1, int((self._deviation > KEPT * step).sum()))
        octaves = np.log2(np.maximum(self._deviation[:kept], 1e-9) / step)
        classes = np.clip(np.rint(octaves * CLASSES_AN_OCTAVE) + UNIT_CLASS, 0, CLASSES - 1).astype(
            np.uint8
        )
        own = gains_of(self._z[:, :kept] / np.float32(step), classes, self._gains)
        under = shift_classes(classes, self._gains, CLASSES)
        part = slice(0, TABULATED)
        counts, centroids = _settle(self._z[part, :kept], under[own[part]], step)
        return Transform(
            self._mean,
            np.array(self._scale),
            self._basis[:, :kept],
            classes,
            range_coder.integer_counts(
                np.bincount(own, minlength=self._gains).astype(np.float64)[None] + 0.5
            ),
            counts,
            np.clip(
                np.rint(centroids / COEFFICIENT_UNIT), -COEFFICIENT_LIMIT, COEFFICIENT_LIMIT
            ).astype(np.int32),
            np.array(step),
        )


def _settle(
    z: Rows, classes: npt.NDArray[np.uint8], step: float
) -> tuple[npt.NDArray[np.uint32], Rows]:
    """Coefficients and their classes → counts (C, A) and centroids (C, A)."""
    largest = int(np.abs(z).max() / step) + 1
    width = min(LEVELS, 2 * largest + 1)
    centroids = np.tile((np.arange(width, dtype=np.float32) - width // 2) * step, (CLASSES, 1))
    bits = np.zeros((CLASSES, width), np.float32)
    for _ in range(ITERATIONS):
        levels = choose(z, classes, centroids, bits, step)
        place = (classes.astype(np.int64) * width + levels).ravel()
        seen = (
            np.bincount(place, minlength=CLASSES * width).reshape(CLASSES, width).astype(np.float64)
        )
        total = np.bincount(place, z.ravel(), CLASSES * width).reshape(CLASSES, width)
        seen = seen + seen[:, ::-1]
        total = total - total[:, ::-1]
        centroids = np.where(seen > 20, total / np.maximum(seen, 1), centroids).astype(np.float32)
        counts = range_coder.integer_counts(seen + 0.1)
        bits = -np.log2(range_coder.probabilities(counts))
    return counts, centroids
