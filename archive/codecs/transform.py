"""Mixture transform coding: centre, rotate, subtract a cluster's mean, quantise, range code.

    z = Bᵀ(x − μ) / s          B: the first n Karhunen–Loève directions, s: one scale
    c = the nearest of K cluster means mᶜ in z
    l = the level of zᵢ − mᶜᵢ that minimises (error)² + λ·bits, tables by class(c, i)      λ = SLOPE · Δ²
    x̂ = μ + s·B(mᶜ + r(class, l))

One step Δ serves all coefficients, so that components smaller than it vanish by themselves (reverse water-filling). A
class is a scale: cluster c's i-th coefficient has the class of its standard deviation, three classes an octave, and all
of one class share a table of counts and the centroids r of its levels. The message is c, then the levels.

Decoding is exact everywhere. B, m and r are integers; the sums of their products stay below 2⁵³, so a matrix product in
double precision computes them without rounding, in any order and with any number of threads:

    |B| ≤ 2¹⁴,  |m + r| ≤ 2²⁶,  n ≤ 2¹¹   →   |Σ| ≤ 2⁵¹
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
import numpy.typing as npt

from archive.codecs import rangecoder

Rows = npt.NDArray[np.float32]
SLOPE = 0.15  # λ / Δ²; of 0.05 … 0.25 the least error at equal bits, at all rates
BASIS_UNIT = 2.0**-14
COEFFICIENT_UNIT = 2.0**-20
COEFFICIENT_LIMIT = 1 << 26
BLOCK = 512  # rows whose levels are chosen at a time: they stay in the processor's cache


@dataclass(frozen=True)
class Transform:
    """The fitted state. d: dimensions of x, n: directions kept, K: clusters, C: classes, A: levels (odd)."""

    mean: npt.NDArray[np.float32]  # (d,)
    scale: npt.NDArray[np.float64]  # ()
    basis: npt.NDArray[np.int16]  # (d, n), in BASIS_UNIT
    clusters: npt.NDArray[np.int32]  # (K, m ≤ n), in COEFFICIENT_UNIT; zero beyond m
    cluster_counts: npt.NDArray[np.uint32]  # (1, K)
    classes: npt.NDArray[np.uint8]  # (K, n)
    counts: npt.NDArray[np.uint32]  # (C, A)
    centroids: npt.NDArray[np.int32]  # (C, A), in COEFFICIENT_UNIT
    step: npt.NDArray[np.float64]  # (), Δ

    def encode(self, rows: Rows) -> list[bytes]:
        """(N, d) float32 → N messages."""
        messages = [b""] * len(rows)
        one, tables = self._probabilities
        clusters, levels = self.levels(rows)
        for cluster in np.unique(clusters):
            symbol, own = np.array([cluster], np.int32), tables[self.classes[cluster]]
            for position in np.flatnonzero(clusters == cluster).tolist():
                messages[position] = rangecoder.encode([(symbol, one), (levels[position], own)])
        return messages

    def decode(self, messages: list[bytes]) -> Rows:
        """N messages → (N, d) float32, the same bits on every machine. Raises BadCode for what cannot be a message."""
        one, tables = self._probabilities
        readers = [rangecoder.Reader(message) for message in messages]
        levels = np.zeros((len(messages), self.classes.shape[1]), np.int32)
        clusters = np.array([reader.read(one)[0] for reader in readers], np.int64)
        for cluster in np.unique(clusters):
            own = tables[self.classes[cluster]]
            for position in np.flatnonzero(clusters == cluster).tolist():
                levels[position] = readers[position].read(own)
        return self.rebuild(clusters, levels)

    def levels(self, rows: Rows) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
        """(N, d) → cluster (N,) and symbols (N, n): 0 … A − 1, the middle one is level 0."""
        clusters, levels = np.zeros(len(rows), np.int64), np.zeros((len(rows), self.classes.shape[1]), np.int32)
        for start in range(0, len(rows), BLOCK):
            part = slice(start, start + BLOCK)
            clusters[part], levels[part] = self._levels(rows[part])
        return clusters, levels

    def _levels(self, rows: Rows) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
        z = np.asarray((rows - self.mean) @ self._floats.basis / self.scale, np.float32)
        clusters = nearest(z[:, : self.clusters.shape[1]], self._floats.clusters)
        z[:, : self.clusters.shape[1]] -= self._floats.clusters[clusters]
        return clusters, choose(z, self.classes[clusters], self._floats.centroids, self._floats.bits, float(self.step))

    def rebuild(self, clusters: npt.NDArray[np.int64], levels: npt.NDArray[np.int32]) -> Rows:
        """Cluster (N,) and symbols (N, n) → (N, d) float32."""
        coefficients = self.centroids[self.classes[clusters], levels].astype(np.float64)
        coefficients[:, : self.clusters.shape[1]] += self.clusters[clusters]
        exact = coefficients @ self.basis.T.astype(np.float64)
        rows: Rows = (self.mean + exact * (float(self.scale) * BASIS_UNIT * COEFFICIENT_UNIT)).astype(np.float32)
        return rows

    @cached_property
    def _probabilities(self) -> tuple[rangecoder.Probabilities, rangecoder.Probabilities]:
        return rangecoder.probabilities(self.cluster_counts), rangecoder.probabilities(self.counts)

    @cached_property
    def _floats(self) -> _Floats:
        return _Floats(
            (self.basis * BASIS_UNIT).astype(np.float32),
            (self.clusters * COEFFICIENT_UNIT).astype(np.float32),
            (self.centroids * COEFFICIENT_UNIT).astype(np.float32),
            -np.log2(rangecoder.probabilities(self.counts)),
        )

    def arrays(self, prefix: str) -> dict[str, npt.NDArray[np.generic]]:
        """Everything, by name, for the codec row."""
        return {f"{prefix}{field.name}": getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True)
class _Floats:
    """What the encoder computes with; it need not be exact."""

    basis: Rows
    clusters: Rows
    centroids: Rows  # (C, A)
    bits: Rows  # (C, A)


def nearest(z: Rows, clusters: Rows) -> npt.NDArray[np.int64]:
    """(N, m), (K, m) → the nearest cluster of each row."""
    best: npt.NDArray[np.int64] = ((clusters**2).sum(axis=1) - 2 * z @ clusters.T).argmin(axis=1)
    return best


def choose(z: Rows, classes: npt.NDArray[np.uint8], centroids: Rows, bits: Rows, step: float) -> npt.NDArray[np.int32]:
    """(N, n) coefficients → symbols of least error² + λ·bits among the nearest level, the next smaller one and zero."""
    width = centroids.shape[1]
    middle = width // 2
    near = np.clip(np.rint(z * np.float32(1 / step)), -middle, middle).astype(np.int32)
    zero = classes.astype(np.int32) * width + middle  # the place of level 0 in flat tables
    flat_centroids, flat_bits = centroids.ravel(), (np.float32(SLOPE * step**2) * bits).ravel()

    def price(place: npt.NDArray[np.int32]) -> Rows:
        paid: Rows = flat_centroids.take(place)
        np.square(np.subtract(z, paid, out=paid), out=paid)
        paid += flat_bits.take(place)
        return paid

    best = zero.copy()
    least = price(best)
    for level in (near - np.sign(near), near):
        place = zero + level
        paid = price(place)
        better = paid < least
        np.copyto(best, place, where=better)
        np.copyto(least, paid, where=better)
    symbols: npt.NDArray[np.int32] = best - zero + np.int32(middle)
    return symbols
