"""Fitting a trellis transform (archive.codecs.coders.trellis_transform), at a number of bits.

1. μ, and the Karhunen–Loève directions of all rows                 (eigenvectors of the covariance)
2. on rows that nothing before was fitted to, for a step Δ: classes from the deviations, then
   ITERATIONS times in turn the cheapest paths, and tables and centroids from them
3. Δ by bisection, until messages take the bits asked for

A sample does not say what rows unlike it look like. Of collections left out, coefficients had the
energy of the sample's in a flatter spectrum, about their deviations to the power of FLATTER.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from archive.arrays import Vectors
from archive.codecs.coders import range_coder
from archive.codecs.coders.bisection import least_for_bits
from archive.codecs.coders.trellis import points
from archive.codecs.coders.trellis_levels import LevelChoice
from archive.codecs.coders.trellis_transform import (
    BASIS_UNIT,
    COEFFICIENT_LIMIT,
    COEFFICIENT_UNIT,
    TrellisTransform,
)

LIMIT = 1.25  # times the bits asked for, and a byte: what a message takes at most
BYTE = 8  # bits
MODES = 24
SCALES_PER_OCTAVE = 4  # of the steps of modes
MODE_PRIOR = 8.0  # rows of RATE_ROWS that mode 0 is given, and all others together
FLATTER = 0.65  # exponent of the spectrum of foreign rows
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
    sample = _Rotated(remainder, LIMIT * bits + BYTE)
    step = least_for_bits(
        lambda step: sample.message_bits(sample.fit(step)), bits, STEP_RANGE, rounds=BISECTIONS
    )
    return sample.fit(step)


class _Rotated:
    """A sample, rotated once; the step is what varies."""

    def __init__(self, remainder: Remainder, limit: float) -> None:
        self._limit = limit
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
        usual = self._scale_classes(self._deviation, step)
        foreign = self._scale_classes(self._foreign_deviation, step, least=len(usual))
        present, positions = np.unique(usual, return_inverse=True)
        foreign_classes = np.abs(foreign[:, None] - present).argmin(axis=1)
        classes = positions.astype(np.uint8)
        counts, centroids = _fit_tables(self._z[: len(usual), :MAX_TABLE_ROWS], classes, step)
        limited = np.clip(
            np.rint(centroids / COEFFICIENT_UNIT), -COEFFICIENT_LIMIT, COEFFICIENT_LIMIT
        )
        mode_prior = np.where(np.arange(MODES) == 0, MODE_PRIOR, MODE_PRIOR / MODES)[None]
        fitted = TrellisTransform(
            mean=self._mean,
            scale=np.array(self._scale),
            basis=self._basis[:, : len(foreign)],
            classes=classes,
            counts=counts,
            centroids=limited.astype(np.int32),
            step=np.array(step),
            foreign_classes=foreign_classes.astype(np.uint8),
            mode_scales=2.0 ** (np.maximum(np.arange(MODES) - 1, 0) / SCALES_PER_OCTAVE),
            mode_counts=range_coder.integer_counts(mode_prior),
            limit=np.array(self._limit),
        )
        codes = fitted.quantize(self._fresh[:RATE_ROWS], self._fresh_bits[:RATE_ROWS])
        uses = np.bincount(codes.modes, minlength=MODES).astype(np.float64)
        return replace(fitted, mode_counts=range_coder.integer_counts(mode_prior + uses))

    @cached_property
    def _foreign_deviation(self) -> Vectors:
        """Of rows unlike the sample: the same energy in a flatter spectrum."""
        flatter = self._deviation**FLATTER
        energy = np.square(self._deviation).sum() / np.square(flatter).sum()
        return np.asarray(flatter * np.sqrt(energy), np.float32)

    @staticmethod
    def _scale_classes(deviation: Vectors, step: float, *, least: int = 1) -> Vectors:
        """(d,) deviations, descending → classes 0 … CLASSES − 1 of those that are worth a symbol,
        and of the first `least`."""
        cells = deviation / (CELL * step)
        worth = max(least, int(np.flatnonzero(cells > MIN_DEVIATION).max(initial=-1)) + 1)
        octaves = np.log2(np.maximum(cells[:worth], 1e-9))
        classes: Vectors = np.rint(CLASSES_PER_OCTAVE * octaves) + UNIT_CLASS
        return np.clip(classes, 0, CLASSES - 1)


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
