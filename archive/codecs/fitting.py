"""Fitting a mixture transform coder (archive.codecs.transform) to a sample, at a number of bits.

1. μ, and the Karhunen–Loève directions of the sample                    (eigenvectors of the covariance)
2. K cluster means of the leading coefficients                           (k-means)
3. for a step Δ: classes from the clusters' variances, then tables and centroids and levels in turn, ITERATIONS times
4. Δ by bisection, until rows that were held out of 1–3 take the bits asked for
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from archive.codecs import rangecoder
from archive.codecs.transform import (
    BASIS_UNIT,
    COEFFICIENT_LIMIT,
    COEFFICIENT_UNIT,
    Rows,
    Transform,
    choose,
    nearest,
)

ROWS_A_CLUSTER = 64  # of the sample, at least: fewer would be learning it by heart
CLUSTERED = 128  # leading coefficients in which clusters differ
CLASSES_AN_OCTAVE, CLASSES, UNIT_CLASS = 3, 36, 12  # a coefficient whose deviation is Δ has class UNIT_CLASS
LEVELS = 255  # at most, −127 … 127; fitted tables keep those that occur
PRIOR_ROWS = 20  # rows of the whole sample that every cluster's variance starts from
PRIOR_SHARE = 0.8  # their variance, as a share of the sample's
KEPT = 0.3  # directions are kept whose deviation in the sample exceeds this many steps
HELD, ENOUGH = 1000, 4000  # rows held out to measure the rate, from so many rows on; else all rows do both
TABULATED = 8192  # rows that tables and centroids, which clusters share, are made from
ITERATIONS = 4
BISECTIONS = 11


def fit_transform(rows: Rows, bits: float, *, clusters: int = 512, seed: int = 0) -> Transform:
    """(N, d) sample → a coder that spends `bits` a row on it, on average, in whole bytes."""
    sample = _Sample(rows, clusters, seed)
    low, high = math.log(2e-3), math.log(5.0)  # Δ in deviations of the whole sample
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        fitted = sample.fit(math.exp(middle))
        spent = 8 * sum(map(len, fitted.encode(sample.held))) / len(sample.held)
        low, high = (middle, high) if spent > bits else (low, middle)
    return sample.fit(math.exp(high))


class _Sample:
    """A sample, rotated and clustered once; the step is what varies."""

    def __init__(self, rows: Rows, clusters: int, seed: int) -> None:
        from sklearn.cluster import MiniBatchKMeans

        order = np.random.default_rng(seed).permutation(len(rows))
        self.held = rows[order[:HELD]]
        if len(rows) >= ENOUGH:
            rows = rows[order[HELD:]]
        self._mean = rows.mean(axis=0, dtype=np.float64).astype(np.float32)
        centred = (rows - self._mean).astype(np.float64)
        self._scale = float(np.sqrt((centred**2).sum(axis=1).mean()))
        _, basis = np.linalg.eigh(centred.T @ centred)
        self._basis = np.rint(basis[:, ::-1] / BASIS_UNIT).astype(np.int16)
        self._z = ((centred / self._scale) @ (self._basis * BASIS_UNIT)).astype(np.float32)
        count = max(1, min(clusters, len(rows) // ROWS_A_CLUSTER))
        leading = self._z[:, :CLUSTERED]
        means = MiniBatchKMeans(count, batch_size=4096, n_init=3, random_state=seed).fit(leading).cluster_centers_
        self._clusters = np.rint(means / COEFFICIENT_UNIT).astype(np.int32)
        self._own = nearest(leading, means.astype(np.float32))

    def fit(self, step: float) -> Transform:
        """Δ → the coder."""
        kept = max(1, int((self._z.std(axis=0) > KEPT * step).sum()))
        rest = self._z[:, :kept].copy()
        means = self._clusters[:, : min(kept, self._clusters.shape[1])]
        rest[:, : means.shape[1]] -= (means * COEFFICIENT_UNIT).astype(np.float32)[self._own]
        classes = self._classes(rest, step)
        counts, centroids = _settle(rest[:TABULATED], classes[self._own[:TABULATED]], step)
        members = np.bincount(self._own, minlength=len(means))
        cluster_counts = rangecoder.integer_counts(np.append(members, 0)[None] + 0.5)  # at least two symbols
        return Transform(
            self._mean,
            np.array(self._scale),
            self._basis[:, :kept],
            means,
            cluster_counts,
            classes,
            counts,
            np.clip(np.rint(centroids / COEFFICIENT_UNIT), -COEFFICIENT_LIMIT, COEFFICIENT_LIMIT).astype(np.int32),
            np.array(step),
        )

    def _classes(self, rest: Rows, step: float) -> npt.NDArray[np.uint8]:
        """(K, n): the class of every cluster's standard deviation."""
        members = np.bincount(self._own, minlength=len(self._clusters))[:, None]
        order = np.argsort(self._own, kind="stable")
        bounds = np.concatenate([[0], np.cumsum(members)])[:-1]
        squares = np.add.reduceat(rest[order] ** 2, np.minimum(bounds, len(rest) - 1), axis=0) * (members > 0)
        prior = PRIOR_SHARE * self._z[:, : rest.shape[1]].var(axis=0)
        deviation = np.sqrt((squares + PRIOR_ROWS * prior) / (members + PRIOR_ROWS))
        octaves = np.log2(deviation / step)
        classes: npt.NDArray[np.uint8] = np.clip(
            np.rint(octaves * CLASSES_AN_OCTAVE) + UNIT_CLASS, 0, CLASSES - 1
        ).astype(np.uint8)
        return classes


def _settle(rest: Rows, classes: npt.NDArray[np.uint8], step: float) -> tuple[npt.NDArray[np.uint32], Rows]:
    """Coefficients and their classes → counts (C, A) and centroids (C, A)."""
    largest = int(np.abs(rest).max() / step) + 1
    width = min(LEVELS, 2 * largest + 1)
    centroids = np.tile((np.arange(width, dtype=np.float32) - width // 2) * step, (CLASSES, 1))
    bits = np.zeros((CLASSES, width), np.float32)
    for _ in range(ITERATIONS):
        levels = choose(rest, classes, centroids, bits, step)
        place = (classes.astype(np.int64) * width + levels).ravel()
        seen = np.bincount(place, minlength=CLASSES * width).reshape(CLASSES, width).astype(np.float64)
        total = np.bincount(place, rest.ravel(), CLASSES * width).reshape(CLASSES, width)
        seen, total = seen + seen[:, ::-1], total - total[:, ::-1]
        centroids = np.where(seen > 20, total / np.maximum(seen, 1), centroids).astype(np.float32)
        counts = rangecoder.integer_counts(seen + 0.1)
        bits = -np.log2(rangecoder.probabilities(counts))
    return counts, centroids
