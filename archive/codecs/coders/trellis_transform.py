"""Transform coding by a trellis: center, rotate, quantize with 8 states, range code.

    z = Bᵀ(x − μ) / (s · 2^(e/2))   B: the first n Karhunen–Loève directions, s: one scale
    k₁ … kₙ                      the path of least error² + λ · bits (archive.codecs.coders.trellis)
    x̂ = μ + s · 2^(e/2) · B r(class, quantizer, k)

Coefficients of like deviation share a class; a class has for each of the two quantizers a table of
counts and the centroids r of its levels. The message is e, then the n symbols k + A // 2.

A row unlike the sample uses what is rare in the tables, and could take several times the usual
bits. So messages have a limit: e is the least that keeps it, for most rows 0.

Decoding is exact everywhere: B and r are integers, and double precision adds their products
without rounding:  |B| ≤ 2¹⁰,  |r| ≤ 2²⁶,  n ≤ 2¹¹   →   |Σ| ≤ 2⁴⁷
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from archive.arrays import Vectors
from archive.codecs.coders import range_coder
from archive.codecs.coders.batch_reader import BatchReader, Tables
from archive.codecs.coders.state import FittedState
from archive.codecs.coders.trellis import BRANCHES, NEXT, best_path

Integers = npt.NDArray[np.int64]
Symbols = npt.NDArray[np.int32]
BASIS_UNIT = 2.0**-10
COEFFICIENT_UNIT = 2.0**-20
COEFFICIENT_LIMIT = 1 << 26
LAMBDA = 0.27  # λ / Δ²
LAMBDA_SCALES = (0.5, 1.8)  # times λ, tried for short messages: they fill or save their last byte
SHORT_MESSAGE = 96  # bits; longer messages gain too little by filling their last byte
GRID = 8  # cells of a step, for which the best level is looked up
BLOCK = 512  # rows quantized at a time: they fit in the processor's cache
EXPONENTS = 14  # E of a new state
ROOT = np.float32(np.sqrt(2.0))


@dataclass(frozen=True)
class TrellisCodes:
    """N rows, quantized."""

    symbols: Symbols  # (N, n), 0 … A − 1, the middle one is level 0
    tables: Integers  # (N, n), 2 · class + quantizer
    steps: Integers  # (N,), e

    @classmethod
    def empty(cls, rows: int, directions: int) -> TrellisCodes:
        """N rows to be filled in."""
        shape = rows, directions
        return cls(np.zeros(shape, np.int32), np.zeros(shape, np.int64), np.zeros(rows, np.int64))


@dataclass(frozen=True)
class TrellisTransform(FittedState):
    """The fitted state. d: dimensions of x, n: directions, C: classes, A: levels (odd)."""

    mean: npt.NDArray[np.float32]  # (d,)
    scale: npt.NDArray[np.float64]  # ()
    basis: npt.NDArray[np.int16]  # (d, n), in BASIS_UNIT
    classes: npt.NDArray[np.uint8]  # (n,)
    counts: npt.NDArray[np.uint32]  # (2 C, A), by 2 · class + quantizer
    centroids: npt.NDArray[np.int32]  # (2 C, A), in COEFFICIENT_UNIT
    step: npt.NDArray[np.float64]  # (), Δ
    step_counts: npt.NDArray[np.uint32]  # (1, E): how many rows have e = 0 … E − 1
    limit: npt.NDArray[np.float64]  # (), bits of a message

    def quantize(self, rows: Vectors, bits_before: Vectors) -> TrellisCodes:
        """(N, d) → the codes of least cost; `bits_before` (N,) are in the messages already."""
        codes = TrellisCodes.empty(len(rows), len(self.classes))
        for start in range(0, len(rows), BLOCK):
            block = slice(start, start + BLOCK)
            z = np.asarray((rows[block] - self.mean) @ self._basis / self.scale, np.float32)
            left = np.arange(start, start + len(z))
            for exponent, exponent_bits in enumerate(self._step_bits):
                before = bits_before[left] + exponent_bits
                tried = self._levels.choose_for_bytes(z.T, before)
                codes.symbols[left] = tried.symbols
                codes.tables[left] = tried.tables
                codes.steps[left] = exponent
                over = before + self._levels.bits_of(tried) > self.limit
                if not over.any():
                    break
                z = z[over] / ROOT
                left = left[over]
        return codes

    def segments(self, codes: TrellisCodes, row: int) -> list[range_coder.Segment]:
        """One row's message: its symbols with their tables."""
        symbols: range_coder.Segment = codes.symbols[row], self._probabilities[codes.tables[row]]
        if len(self._step_bits) == 1:
            return [symbols]
        return [(int(codes.steps[row]), self._step_model), symbols]

    def read(self, reader: BatchReader, rows: int) -> TrellisCodes:
        """The mirror of segments, from N messages. Raises BadCode."""
        codes = TrellisCodes.empty(rows, len(self.classes))
        state = np.zeros(rows, np.int64)
        if len(self._step_bits) > 1:
            codes.steps[:] = reader.read(self._step_tables, state)
        middle = self.counts.shape[1] // 2
        for place, group in enumerate(self.classes.tolist()):
            codes.tables[:, place] = 2 * group + (state & 1)
            read = reader.read(self._tables, codes.tables[:, place])
            codes.symbols[:, place] = read
            state = NEXT[state, (read - middle) & 1]
        return codes

    def reconstruct(self, codes: TrellisCodes) -> Vectors:
        """The mirror of quantize → (N, d) float32."""
        coefficients = self.centroids[codes.tables, codes.symbols]
        exact = coefficients.astype(np.float64) @ self.basis.T.astype(np.float64)
        step = np.where(codes.steps % 2, np.sqrt(2.0), 1.0) * 2.0 ** (codes.steps // 2)
        scales = float(self.scale) * BASIS_UNIT * COEFFICIENT_UNIT * step
        rows: Vectors = (self.mean + exact * scales[:, None]).astype(np.float32)
        return rows

    @classmethod
    def open(cls, arrays: Mapping[str, Any], prefix: str) -> TrellisTransform:
        """The mirror of arrays; the first states had no limit. Raises KeyError where something else
        is missing."""
        without_limit = {
            f"{prefix}step_counts": np.full((1, 1), range_coder.TOTAL, np.uint32),
            f"{prefix}limit": np.array(np.inf),
        }
        return super().open({**without_limit, **arrays}, prefix)

    @cached_property
    def _step_bits(self) -> Vectors:
        bits: Vectors = -np.log2(range_coder.probabilities(self.step_counts)[0])
        return bits

    @cached_property
    def _step_model(self) -> range_coder.Model:
        return range_coder.model(range_coder.probabilities(self.step_counts)[0])

    @cached_property
    def _step_tables(self) -> Tables:
        return Tables.of(self.step_counts)

    @cached_property
    def _basis(self) -> Vectors:
        return (self.basis * BASIS_UNIT).astype(np.float32)

    @cached_property
    def _probabilities(self) -> range_coder.Probabilities:
        return range_coder.probabilities(self.counts)

    @cached_property
    def _tables(self) -> Tables:
        return Tables.of(self.counts)

    @cached_property
    def _levels(self) -> LevelChoice:
        centroids = (self.centroids * COEFFICIENT_UNIT).astype(np.float32)
        return LevelChoice(self.classes, centroids, -np.log2(self._probabilities), float(self.step))


@dataclass(frozen=True)
class LevelChoice:
    """Chooses levels by centroids and bits (2 C, A), at a step; the encoder's floating point."""

    classes: npt.NDArray[np.uint8]  # (n,)
    centroids: Vectors
    bits: Vectors
    step: float

    def choose(self, z: Vectors, lambda_scale: float = 1.0) -> TrellisCodes:
        """(n, N) coefficients → codes of N rows."""
        lambda_ = np.float32(lambda_scale * LAMBDA * self.step**2)
        width = self.centroids.shape[1]
        best = self._best_symbols(float(lambda_))
        cells = best.shape[-1]
        cell = np.clip(np.rint(z * np.float32(GRID / self.step)) + cells // 2, 0, cells - 1)
        cell = cell.astype(np.int64)
        flat_centroids = self.centroids.ravel()
        flat_costs = (lambda_ * self.bits).ravel()
        costs = np.empty((len(z), BRANCHES, z.shape[1]), np.float32)
        symbols = np.empty(costs.shape, np.int32)
        group = self.classes.astype(np.int64)[:, None]
        for branch in range(BRANCHES):
            table = 2 * group + branch // 2
            tried = best.take((BRANCHES * group + branch) * cells + cell)
            place = table * width + tried
            error = z - flat_centroids.take(place)
            costs[:, branch] = error * error + flat_costs.take(place)
            symbols[:, branch] = tried
        path = best_path(costs)
        chosen = np.take_along_axis(symbols, path[:, None], axis=1)[:, 0]
        return TrellisCodes(chosen.T, (2 * group + path // 2).T, np.zeros(z.shape[1], np.int64))

    def choose_for_bytes(self, z: Vectors, bits_before: Vectors) -> TrellisCodes:
        """As choose, for messages of whole bytes; `bits_before` (N,) are in them already."""
        codes = self.choose(z)
        bits = bits_before + self.bits_of(codes)
        if bits.mean() > SHORT_MESSAGE:
            return codes
        least = self._cost(z, codes, bits)
        for scale in LAMBDA_SCALES:
            tried = self.choose(z, scale)
            cost = self._cost(z, tried, bits_before + self.bits_of(tried))
            better = cost < least
            codes.symbols[better] = tried.symbols[better]
            codes.tables[better] = tried.tables[better]
            least[better] = cost[better]
        return codes

    def bits_of(self, codes: TrellisCodes) -> Vectors:
        """Bits (N,) of the symbols."""
        bits: Vectors = self.bits[codes.tables, codes.symbols].sum(axis=1)
        return bits

    def _cost(self, z: Vectors, codes: TrellisCodes, bits: Vectors) -> Vectors:
        """error² + λ · 8 · bytes (N,)."""
        error = np.square(z.T - self.centroids[codes.tables, codes.symbols]).sum(axis=1)
        costs: Vectors = error + np.float32(8 * LAMBDA * self.step**2) * np.ceil(bits / 8)
        return costs

    def _best_symbols(self, lambda_: float) -> Symbols:
        """(C, BRANCHES, cells): the cheapest symbol of each parity for a coefficient in a cell of
        Δ / GRID."""
        width = self.centroids.shape[1]
        cells = np.arange(-GRID * width, GRID * width + 1) * np.float32(self.step / GRID)
        parity = (np.arange(width) - width // 2) & 1
        best = np.empty((len(self.centroids) // 2, BRANCHES, len(cells)), np.int32)
        for table, (centroids, bits) in enumerate(zip(self.centroids, self.bits, strict=True)):
            for odd in (0, 1):
                symbols = np.flatnonzero(parity == odd)
                error = np.square(cells[:, None] - centroids[symbols])
                cheapest = (error + lambda_ * bits[symbols]).argmin(axis=1)
                best[table // 2, 2 * (table % 2) + odd] = symbols[cheapest]
        return best
