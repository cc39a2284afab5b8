"""Transform coding by a trellis: center, rotate, quantize with 8 states, range code.

    z = Bᵀ(x − μ) / (s · f_m)    B: the first n Karhunen–Loève directions, s: one scale
    k₁ … kₙ                      the path of least error² + λ · bits (archive.codecs.coders.trellis)
    x̂ = μ + s · f_m · B r(class, quantizer, k)

Coefficients of like deviation share a class; a class has for each of the two quantizers a table of
counts and the centroids r of its levels. The message is m, then the symbols k + A // 2.

A row unlike the sample uses what is rare in the tables, and could take several times the usual
bits. So messages have a limit, and there are modes. In mode 0, for rows like the sample, n₀ ≤ n
symbols are written, and the other levels are 0. All other modes have the classes of a flatter
spectrum, and ever larger steps f_m. Over the limit, a row takes the least of them that keeps it.

Decoding is exact everywhere: B and r are integers, and double precision adds their products
without rounding:  |B| ≤ 2¹⁰,  |r| ≤ 2²⁶,  n ≤ 2¹¹   →   |Σ| ≤ 2⁴⁷
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from archive.arrays import Vectors
from archive.codecs.coders import range_coder
from archive.codecs.coders.batch_reader import ALL, BatchReader, Tables
from archive.codecs.coders.state import FittedState
from archive.codecs.coders.trellis import NEXT
from archive.codecs.coders.trellis_levels import Integers, LevelChoice, TrellisCodes

BASIS_UNIT = 2.0**-10
COEFFICIENT_UNIT = 2.0**-20
COEFFICIENT_LIMIT = 1 << 26
BLOCK = 512  # rows quantized at a time: they fit in the processor's cache


@dataclass(frozen=True)
class TrellisTransform(FittedState):
    """The fitted state. d: dimensions of x, n: directions, C: classes, A: levels (odd)."""

    mean: npt.NDArray[np.float32]  # (d,)
    scale: npt.NDArray[np.float64]  # ()
    basis: npt.NDArray[np.int16]  # (d, n), in BASIS_UNIT
    classes: npt.NDArray[np.uint8]  # (n₀,), in mode 0
    counts: npt.NDArray[np.uint32]  # (2 C, A), by 2 · class + quantizer
    centroids: npt.NDArray[np.int32]  # (2 C, A), in COEFFICIENT_UNIT
    step: npt.NDArray[np.float64]  # (), Δ
    foreign_classes: npt.NDArray[np.uint8]  # (n,), in all others
    mode_scales: npt.NDArray[np.float64]  # (E,), f
    mode_counts: npt.NDArray[np.uint32]  # (1, E): how many rows have which mode
    limit: npt.NDArray[np.float64]  # (), bits of a message

    def quantize(self, rows: Vectors, bits_before: Vectors) -> TrellisCodes:
        """(N, d) → the codes of least cost; `bits_before` (N,) are in the messages already."""
        codes = self._zeros(len(rows))
        for start in range(0, len(rows), BLOCK):
            block = slice(start, start + BLOCK)
            z = np.asarray((rows[block] - self.mean) @ self._basis / self.scale, np.float32)
            before = bits_before[block]
            usual = self._in_mode(z, np.zeros(len(z), np.int64), before)
            places = np.arange(start, start + len(z))
            codes.put(places, usual)
            over = np.flatnonzero(usual.bits > self.limit)
            if len(over) and len(self.mode_scales) > 1:
                codes.put(places[over], self._limited(z[over], before[over]))
        return codes

    def _limited(self, z: Vectors, bits_before: Vectors) -> TrellisCodes:
        """(N, n) coefficients → codes in the least mode from 1 on that keeps the limit, by
        bisection."""
        low = np.ones(len(z), np.int64)
        high = np.full(len(z), len(self.mode_scales) - 1)
        while (searched := np.flatnonzero(low < high)).size:
            middle = (low + high)[searched] // 2
            tried = self._in_mode(z[searched], middle, bits_before[searched])
            keeps = tried.bits <= self.limit
            high[searched[keeps]] = middle[keeps]
            low[searched[~keeps]] = middle[~keeps] + 1
        return self._in_mode(z, high, bits_before)

    def _in_mode(self, z: Vectors, modes: Integers, bits_before: Vectors) -> TrellisCodes:
        """(N, n) coefficients and modes (N,), all 0 or none → codes."""
        levels = self._foreign_levels if modes.any() else self._levels
        scales = np.asarray(self.mode_scales[modes, None], np.float32)
        scaled = z[:, : len(levels.classes)] / scales
        before = bits_before + self._mode_bits[modes]
        return replace(levels.choose_for_bytes(scaled.T, before), modes=modes)

    def segments(self, codes: TrellisCodes, row: int) -> list[range_coder.Segment]:
        """One row's message: its symbols with their tables."""
        written = len(self.foreign_classes if codes.modes[row] else self.classes)
        tables = self._probabilities[codes.tables[row, :written]]
        symbols: range_coder.Segment = codes.symbols[row, :written], tables
        if len(self.mode_scales) == 1:
            return [symbols]
        return [(int(codes.modes[row]), self._mode_model), symbols]

    def read(self, reader: BatchReader, rows: int) -> TrellisCodes:
        """The mirror of segments, from N messages. Raises BadCode."""
        codes = self._zeros(rows)
        if len(self.mode_scales) > 1:
            codes.modes[:] = reader.read(self._mode_tables, codes.modes)
        for levels, chosen in (
            (self._levels, np.flatnonzero(codes.modes == 0)),
            (self._foreign_levels, np.flatnonzero(codes.modes > 0)),
        ):
            if len(chosen):
                self._read_levels(codes, reader, levels.classes, chosen)
        return codes

    def _read_levels(
        self,
        codes: TrellisCodes,
        reader: BatchReader,
        classes: npt.NDArray[np.uint8],
        rows: Integers,
    ) -> None:
        """The levels of these rows (n,), which share their classes."""
        state = np.zeros(len(rows), np.int64)
        tables, symbols, middle = [], [], self._middle
        read_rows = ALL if len(rows) == len(codes.modes) else rows  # a slice is read much faster
        for group in classes.tolist():
            tables.append(2 * group + (state & 1))
            symbols.append(reader.read(self._tables, tables[-1], read_rows))
            state = NEXT[state, (symbols[-1] - middle) & 1]
        codes.tables[rows, : len(tables)] = np.stack(tables, axis=1)
        codes.symbols[rows, : len(symbols)] = np.stack(symbols, axis=1)

    def reconstruct(self, codes: TrellisCodes) -> Vectors:
        """The mirror of quantize → (N, d) float32."""
        coefficients = self.centroids[codes.tables, codes.symbols]
        exact = coefficients.astype(np.float64) @ self.basis.T.astype(np.float64)
        scales = float(self.scale) * BASIS_UNIT * COEFFICIENT_UNIT * self.mode_scales[codes.modes]
        rows: Vectors = (self.mean + exact * scales[:, None]).astype(np.float32)
        return rows

    @classmethod
    def open(cls, arrays: Mapping[str, Any], prefix: str) -> TrellisTransform:
        """The mirror of arrays; the first states had one mode. Raises KeyError where something else
        is missing."""
        one_mode = {
            f"{prefix}foreign_classes": arrays[f"{prefix}classes"],
            f"{prefix}mode_scales": np.ones(1),
            f"{prefix}mode_counts": np.full((1, 1), range_coder.TOTAL, np.uint32),
            f"{prefix}limit": np.array(np.inf),
        }
        return super().open({**one_mode, **arrays}, prefix)

    @cached_property
    def _mode_bits(self) -> Vectors:
        bits: Vectors = -np.log2(range_coder.probabilities(self.mode_counts)[0])
        return bits

    @cached_property
    def _mode_model(self) -> range_coder.Model:
        return range_coder.model(range_coder.probabilities(self.mode_counts)[0])

    @cached_property
    def _mode_tables(self) -> Tables:
        return Tables.of(self.mode_counts)

    @cached_property
    def _basis(self) -> Vectors:
        return (self.basis * BASIS_UNIT).astype(np.float32)

    @cached_property
    def _probabilities(self) -> range_coder.Probabilities:
        return range_coder.probabilities(self.counts)

    @cached_property
    def _tables(self) -> Tables:
        return Tables.of(self.counts)

    def _zeros(self, rows: int) -> TrellisCodes:
        return TrellisCodes.zeros(rows, len(self.foreign_classes), self._middle)

    @property
    def _middle(self) -> int:
        """The symbol of level 0."""
        return int(self.counts.shape[1]) // 2

    @cached_property
    def _levels(self) -> LevelChoice:
        centroids = (self.centroids * COEFFICIENT_UNIT).astype(np.float32)
        return LevelChoice(self.classes, centroids, -np.log2(self._probabilities), float(self.step))

    @cached_property
    def _foreign_levels(self) -> LevelChoice:
        return replace(self._levels, classes=self.foreign_classes)
