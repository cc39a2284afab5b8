"""Transform coding by a trellis: center, rotate, quantize with 8 states, range code.

    z = Bᵀ(x − μ) / s            B: the first n Karhunen–Loève directions, s: one scale
    k₁ … kₙ                      the path of least error² + λ · bits (archive.codecs.coders.trellis)
    x̂ = μ + s · B r(class, quantizer, k)

Coefficients of like deviation share a class; a class has for each of the two quantizers a table of
counts and the centroids r of its levels. The message is the n symbols k + A // 2.

Decoding is exact everywhere: B and r are integers, and double precision adds their products
without rounding:  |B| ≤ 2¹⁰,  |r| ≤ 2²⁶,  n ≤ 2¹¹   →   |Σ| ≤ 2⁴⁷
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

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
LAMBDA_SCALES = (
    0.5,
    1.8,
)  # times λ, tried for short messages: they fill their last byte or save it
SHORT_MESSAGE = 96  # bits; longer messages gain too little by filling their last byte
GRID = 8  # cells of a step, for which the best level is looked up
BLOCK = 512  # rows quantized at a time: they fit in the processor's cache


@dataclass(frozen=True)
class TrellisCodes:
    """N rows, quantized."""

    symbols: Symbols  # (N, n), 0 … A − 1, the middle one is level 0
    tables: Integers  # (N, n), 2 · class + quantizer


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

    def quantize(self, rows: Vectors, bits_before: Vectors) -> TrellisCodes:
        """(N, d) → the codes of least cost; `bits_before` (N,) are in the messages already."""
        symbols = np.zeros((len(rows), len(self.classes)), np.int32)
        tables = np.zeros(symbols.shape, np.int64)
        for start in range(0, len(rows), BLOCK):
            block = slice(start, start + BLOCK)
            z = np.asarray((rows[block] - self.mean) @ self._basis / self.scale, np.float32)
            codes = self._levels.choose_for_bytes(z.T, bits_before[block])
            symbols[block] = codes.symbols
            tables[block] = codes.tables
        return TrellisCodes(symbols, tables)

    def segment(self, codes: TrellisCodes, row: int) -> range_coder.Segment:
        """One row's message: its symbols with their tables."""
        return codes.symbols[row], self._probabilities[codes.tables[row]]

    def read(self, reader: BatchReader, rows: int) -> TrellisCodes:
        """The mirror of segment, from N messages. Raises BadCode."""
        symbols = np.zeros((rows, len(self.classes)), np.int32)
        tables = np.zeros(symbols.shape, np.int64)
        state = np.zeros(rows, np.int64)
        middle = self.counts.shape[1] // 2
        for place, group in enumerate(self.classes.tolist()):
            tables[:, place] = 2 * group + (state & 1)
            read = reader.read(self._tables, tables[:, place])
            symbols[:, place] = read
            state = NEXT[state, (read - middle) & 1]
        return TrellisCodes(symbols, tables)

    def reconstruct(self, codes: TrellisCodes) -> Vectors:
        """The mirror of quantize → (N, d) float32."""
        coefficients = self.centroids[codes.tables, codes.symbols]
        exact = coefficients.astype(np.float64) @ self.basis.T.astype(np.float64)
        scale = float(self.scale) * BASIS_UNIT * COEFFICIENT_UNIT
        rows: Vectors = (self.mean + exact * scale).astype(np.float32)
        return rows

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
        return TrellisCodes(chosen.T, (2 * group + path // 2).T)

    def choose_for_bytes(self, z: Vectors, bits_before: Vectors) -> TrellisCodes:
        """As choose, for messages of whole bytes; `bits_before` (N,) are in them already."""
        codes = self.choose(z)
        bits = bits_before + self._bits(codes)
        if bits.mean() > SHORT_MESSAGE:
            return codes
        least = self._cost(z, codes, bits)
        for scale in LAMBDA_SCALES:
            tried = self.choose(z, scale)
            cost = self._cost(z, tried, bits_before + self._bits(tried))
            better = cost < least
            codes.symbols[better] = tried.symbols[better]
            codes.tables[better] = tried.tables[better]
            least[better] = cost[better]
        return codes

    def _bits(self, codes: TrellisCodes) -> Vectors:
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
