"""Levels of rows of coefficients: the path of least error² + λ · bits through a trellis."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from archive.arrays import Vectors
from archive.codecs.coders.trellis import BRANCHES, best_path

Integers = npt.NDArray[np.int64]
Symbols = npt.NDArray[np.int32]
LAMBDA = 0.27  # λ / Δ²
LAMBDA_SCALES = (0.5, 1.8)  # times λ, tried for short messages: they fill or save their last byte
SHORT_MESSAGE = 96  # bits; longer messages gain too little by filling their last byte
GRID = 8  # cells of a step, for which the best level is looked up


@dataclass(frozen=True)
class TrellisCodes:
    """N rows, quantized."""

    symbols: Symbols  # (N, n), 0 … A − 1, the middle one is level 0
    tables: Integers  # (N, n), 2 · class + quantizer
    modes: Integers  # (N,), m
    bits: Vectors  # (N,), of the message; 0 where it was read

    @classmethod
    def zeros(cls, rows: int, directions: int, middle: int) -> TrellisCodes:
        """N rows of levels 0 in mode 0; `middle`: the symbol of level 0."""
        symbols = np.full((rows, directions), middle, np.int32)
        tables = np.zeros(symbols.shape, np.int64)
        return cls(symbols, tables, np.zeros(rows, np.int64), np.zeros(rows, np.float32))

    def rows(self, rows: Integers) -> TrellisCodes:
        """These rows (n,)."""
        return TrellisCodes(
            self.symbols[rows], self.tables[rows], self.modes[rows], self.bits[rows]
        )

    def put(self, rows: Integers, others: TrellisCodes) -> None:
        """Others in the place of these rows (n,); they may lack the last directions."""
        directions = others.symbols.shape[1]
        self.symbols[rows, :directions] = others.symbols
        self.tables[rows, :directions] = others.tables
        self.modes[rows] = others.modes
        self.bits[rows] = others.bits


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
        no_modes = np.zeros(z.shape[1], np.int64)
        no_bits = np.zeros(z.shape[1], np.float32)
        return TrellisCodes(chosen.T, (2 * group + path // 2).T, no_modes, no_bits)

    def choose_for_bytes(self, z: Vectors, bits_before: Vectors) -> TrellisCodes:
        """As choose, for messages of whole bytes; `bits_before` (N,) are in them already."""
        codes = self._counted(self.choose(z), bits_before)
        if codes.bits.mean() > SHORT_MESSAGE:
            return codes
        least = self._cost(z, codes)
        for scale in LAMBDA_SCALES:
            tried = self._counted(self.choose(z, scale), bits_before)
            cost = self._cost(z, tried)
            better = np.flatnonzero(cost < least)
            codes.put(better, tried.rows(better))
            least[better] = cost[better]
        return codes

    def _counted(self, codes: TrellisCodes, bits_before: Vectors) -> TrellisCodes:
        """Codes with the bits of their messages."""
        bits = self.bits[codes.tables, codes.symbols].sum(axis=1)
        return replace(codes, bits=bits_before + bits)

    def _cost(self, z: Vectors, codes: TrellisCodes) -> Vectors:
        """error² + λ · 8 · bytes (N,)."""
        error = np.square(z.T - self.centroids[codes.tables, codes.symbols]).sum(axis=1)
        costs: Vectors = error + np.float32(8 * LAMBDA * self.step**2) * np.ceil(codes.bits / 8)
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
