"""Fitting a trellis transform (archive.codecs.coders.trellis_transform), at a number of bits.

1. μ, and the Karhunen–Loève directions of all rows                 (eigenvectors of the covariance)
2. on rows that nothing before was fitted to, for a step Δ: classes from the deviations, then
   ITERATIONS times in turn the cheapest paths, and tables and centroids from them
3. Δ by bisection, until messages take the bits asked for
4. the limit, and how many rows need a coarser step for it
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from archive.arrays import Vectors
from archive.codecs.coders import range_coder
from archive.codecs.coders.bisection import least_for_bits
from archive.codecs.coders.trellis import points
from archive.codecs.coders.trellis_transform import (
    BASIS_UNIT,
    COEFFICIENT_LIMIT,
    COEFFICIENT_UNIT,
    EXPONENTS,
    LevelChoice,
    TrellisTransform,
)

LIMIT = 1.75  # times the bits asked for: what a message takes at most
STEP_PRIOR = 8.0  # rows of RATE_ROWS that e = 0 is given, half as many 1, …
CLASSES = 36
CLASSES_PER_OCTAVE = 3
UNIT_CLASS = 12  # of a coefficient whose standard deviation is CELL steps
CELL = 1.5  # steps: the width of a scalar quantizer's cell at about the same rate
MIN_DEVIATION = 0.3  # in cells; directions with less are dropped
MAX_LEVELS = 255  # −127 … 127; fitted tables have those that occur
MAX_TABLE_ROWS = 4096  # that tables and centroids are made from
RATE_ROWS = 1000  # that measure the rate
MIN_CENTROID_ROWS = 20  # coefficients; with fewer, a level keeps its centroid
ITERATIONS = 4
BISECTIONS = 10
STEP_RANGE = (2e-3, 2.5)  # of Δ, in deviations of the whole sample


@dataclass(frozen=True)
class Remainder:
    """What is left to code of a sample's rows, and how many bits of their messages are taken."""

    rows: Vectors  # (N, d), for the directions
    fresh: Vectors  # (M, d): rows that nothing before was fitted to
    fresh_bits: Vectors  # (M,)
    start: Callable[[int], list[range_coder.Segment]]  # of the message of a fresh row


def fit_trellis(remainder: Remainder, bits: float) -> TrellisTransform:
    """A coder that brings messages to `bits` on average, in whole bytes."""
    sample = _Rotated(remainder)
    step = least_for_bits(
        lambda step: sample.message_bits(sample.fit(step)), bits, STEP_RANGE, rounds=BISECTIONS
    )
    return _limited(sample.fit(step), remainder, bits)


def _limited(fitted: TrellisTransform, remainder: Remainder, bits: float) -> TrellisTransform:
    """The same, its messages limited."""
    prior = np.ldexp(STEP_PRIOR, -np.arange(EXPONENTS))[None]
    counts = range_coder.integer_counts(prior)
    limited = replace(fitted, step_counts=counts, limit=np.array(LIMIT * bits))
    rows = slice(RATE_ROWS)
    steps = limited.quantize(remainder.fresh[rows], remainder.fresh_bits[rows]).steps
    uses = np.bincount(steps, minlength=EXPONENTS).astype(np.float64)
    return replace(limited, step_counts=range_coder.integer_counts(prior + uses))


class _Rotated:
    """A sample, rotated once; the step is what varies."""

    def __init__(self, remainder: Remainder) -> None:
        rows = remainder.rows
        self._mean = rows.mean(axis=0, dtype=np.float64).astype(np.float32)
        centered = (rows - self._mean).astype(np.float64)
        _, basis = np.linalg.eigh(centered.T @ centered)
        self._basis = np.rint(basis[:, ::-1] / BASIS_UNIT).astype(np.int16)
        self._fresh = remainder.fresh
        self._fresh_bits = remainder.fresh_bits
        self._start = remainder.start
        rotated = (remainder.fresh - self._mean) @ (self._basis * BASIS_UNIT)
        self._scale = float(np.sqrt(np.square(rotated).sum(axis=1).mean())) or 1.0
        self._z = np.asarray(rotated.T / self._scale, np.float32)
        self._deviation = np.sqrt(np.square(self._z).mean(axis=1))

    def message_bits(self, fitted: TrellisTransform) -> float:
        """Bits per row, in whole bytes."""
        codes = fitted.quantize(self._fresh[:RATE_ROWS], self._fresh_bits[:RATE_ROWS])
        total = 0
        for row in range(len(codes.symbols)):
            message = [*self._start(row), *fitted.segments(codes, row)]
            total += 8 * len(range_coder.encode(message))
        return total / len(codes.symbols)

    def fit(self, step: float) -> TrellisTransform:
        """Δ → the coder."""
        cells = self._deviation / (CELL * step)
        chosen = cells > MIN_DEVIATION
        chosen[int(self._deviation.argmax())] = True
        octaves = np.log2(np.maximum(cells[chosen], 1e-9))
        scales = np.clip(np.rint(CLASSES_PER_OCTAVE * octaves) + UNIT_CLASS, 0, CLASSES - 1)
        classes = np.unique(scales, return_inverse=True)[1].astype(np.uint8)
        counts, centroids = _fit_tables(self._z[chosen, :MAX_TABLE_ROWS], classes, step)
        limited = np.clip(
            np.rint(centroids / COEFFICIENT_UNIT), -COEFFICIENT_LIMIT, COEFFICIENT_LIMIT
        )
        return TrellisTransform(
            mean=self._mean,
            scale=np.array(self._scale),
            basis=self._basis[:, chosen],
            classes=classes,
            counts=counts,
            centroids=limited.astype(np.int32),
            step=np.array(step),
            step_counts=range_coder.integer_counts(np.ones((1, 1))),
            limit=np.array(np.inf),
        )


def _fit_tables(
    z: Vectors, classes: npt.NDArray[np.uint8], step: float
) -> tuple[npt.NDArray[np.uint32], Vectors]:
    """Coefficients (n, N) and their classes (n,) → counts and centroids (2 C, A).

    Tables are symmetric: a level and its negative share their counts.
    """
    largest = int(np.abs(z).max() / (2 * step)) + 2
    width = min(MAX_LEVELS, 2 * largest + 1)
    levels = np.arange(width) - width // 2
    height = int(classes.max()) + 1
    both = [points(levels, quantizer) * step for quantizer in (0, 1)]
    centroids = np.tile(np.array(both, np.float32), (height, 1))
    bits = np.tile((0.3 + 0.45 * np.abs(levels)).astype(np.float32), (2 * height, 1))
    for _ in range(ITERATIONS):
        codes = LevelChoice(classes, centroids, bits, step).choose(z)
        place = (codes.tables * width + codes.symbols).ravel()
        uses = np.bincount(place, minlength=centroids.size).reshape(centroids.shape).astype(float)
        totals = np.bincount(place, z.T.ravel(), centroids.size).reshape(centroids.shape)
        uses = uses + uses[:, ::-1]
        totals = totals - totals[:, ::-1]
        means = totals / np.maximum(uses, 1)
        centroids = np.where(uses > MIN_CENTROID_ROWS, means, centroids).astype(np.float32)
        counts = range_coder.integer_counts(uses + 0.1)
        bits = -np.log2(range_coder.probabilities(counts))
    return counts, centroids
