"""Fitting a transform coder (archive.codecs.coders.transform) to a sample, at a number of bits.

1. μ, and the Karhunen–Loève directions of the sample               (eigenvectors of the covariance)
2. for a step Δ: classes from the deviations, then ITERATIONS times in turn levels, and tables and
   centroids
3. Δ by bisection, until rows held out of 1 and 2 take the bits asked for
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from archive.arrays import Vectors
from archive.codecs.coders import range_coder
from archive.codecs.coders.bisection import least_for_bits
from archive.codecs.coders.rdoq import Classes, choose_symbols
from archive.codecs.coders.transform import (
    BASIS_UNIT,
    CLASSES_PER_OCTAVE,
    COEFFICIENT_LIMIT,
    COEFFICIENT_UNIT,
    UNIT_CLASS,
    Transform,
    row_gains,
    shift_classes,
)

CLASSES = 36
MAX_LEVELS = 255  # −127 … 127; fitted tables have those that occur
MIN_DEVIATION = 0.3  # in steps; directions with less in the sample are dropped
HELD_OUT = 1000  # rows that measure the rate
MIN_SPLIT = 4000  # rows; a smaller sample both fits and measures
MAX_TABLE_ROWS = 8192  # that tables and centroids are made from
MIN_CENTROID_ROWS = 20  # coefficients; with fewer, a level keeps its centroid
ITERATIONS = 4
BISECTIONS = 11
STEP_RANGE = (2e-3, 5.0)  # of Δ, in deviations of the whole sample


def fit_transform(rows: Vectors, bits: float, *, gains: int = 1, seed: int = 0) -> Transform:
    """(N, d) sample → a coder whose messages take `bits` on average, in whole bytes.

    `gains`: how many a row chooses from, odd.
    """
    sample = _Sample(rows, gains, seed)
    step = least_for_bits(
        lambda step: sample.message_bits(sample.fit(step)), bits, STEP_RANGE, rounds=BISECTIONS
    )
    return sample.fit(step)


class _Sample:
    """A sample, rotated once; the step is what varies."""

    def __init__(self, rows: Vectors, gains: int, seed: int) -> None:
        order = np.random.default_rng(seed).permutation(len(rows))
        self._held_out = rows[order[:HELD_OUT]]
        self._gains = gains
        if len(rows) >= MIN_SPLIT:
            rows = rows[order[HELD_OUT:]]
        self._mean = rows.mean(axis=0, dtype=np.float64).astype(np.float32)
        centered = (rows - self._mean).astype(np.float64)
        self._scale = float(np.sqrt((centered**2).sum(axis=1).mean())) or 1.0
        _, basis = np.linalg.eigh(centered.T @ centered)
        self._basis = np.rint(basis[:, ::-1] / BASIS_UNIT).astype(np.int16)
        self._z = ((centered / self._scale) @ (self._basis * BASIS_UNIT)).astype(np.float32)
        self._deviation = self._z.std(axis=0)

    def message_bits(self, fitted: Transform) -> float:
        """Bits per held-out row."""
        messages = fitted.encode(self._held_out)
        return 8 * sum(map(len, messages)) / len(messages)

    def fit(self, step: float) -> Transform:
        """Δ → the coder."""
        directions = max(1, int((self._deviation > MIN_DEVIATION * step).sum()))
        classes = _classes(self._deviation[:directions] / step)
        z = self._z[:, :directions]
        gains = row_gains(z / np.float32(step), classes, self._gains)
        gain_uses = np.bincount(gains, minlength=self._gains).astype(np.float64)[None]
        row_classes = shift_classes(classes, self._gains, CLASSES)[gains[:MAX_TABLE_ROWS]]
        counts, centroids = _fit_tables(z[:MAX_TABLE_ROWS], row_classes, step)
        limited = np.clip(
            np.rint(centroids / COEFFICIENT_UNIT), -COEFFICIENT_LIMIT, COEFFICIENT_LIMIT
        )
        return Transform(
            mean=self._mean,
            scale=np.array(self._scale),
            basis=self._basis[:, :directions],
            classes=classes,
            gain_counts=range_coder.integer_counts(gain_uses + 0.5),
            counts=counts,
            centroids=limited.astype(np.int32),
            step=np.array(step),
        )


def _classes(deviations: Vectors) -> Classes:
    """(n,) standard deviations, in steps → (n,) classes."""
    octaves = np.log2(np.maximum(deviations, 1e-9))
    classes = np.rint(octaves * CLASSES_PER_OCTAVE) + UNIT_CLASS
    return np.asarray(np.clip(classes, 0, CLASSES - 1), np.uint8)


def _fit_tables(
    z: Vectors, classes: Classes, step: float
) -> tuple[npt.NDArray[np.uint32], Vectors]:
    """Coefficients and their classes (N, n) → counts (C, A) and centroids (C, A).

    Tables are symmetric: a level and its negative share their counts.
    """
    largest = int(np.abs(z).max() / step) + 1
    width = min(MAX_LEVELS, 2 * largest + 1)
    cells = CLASSES * width
    centroids = np.tile((np.arange(width, dtype=np.float32) - width // 2) * step, (CLASSES, 1))
    bits = np.zeros((CLASSES, width), np.float32)
    for _ in range(ITERATIONS):
        symbols = choose_symbols(z, classes, centroids, bits, step)
        cell = (classes.astype(np.int64) * width + symbols).ravel()
        uses = np.bincount(cell, minlength=cells).reshape(CLASSES, width).astype(np.float64)
        totals = np.bincount(cell, z.ravel(), cells).reshape(CLASSES, width)
        uses = uses + uses[:, ::-1]
        totals = totals - totals[:, ::-1]
        means = totals / np.maximum(uses, 1)
        centroids = np.where(uses > MIN_CENTROID_ROWS, means, centroids).astype(np.float32)
        counts = range_coder.integer_counts(uses + 0.1)
        bits = -np.log2(range_coder.probabilities(counts))
    return counts, centroids
