"""Transform coding with one step size: center, rotate, quantize, range code.

    z = Bᵀ(x − μ) / s          B: the first n Karhunen–Loève directions, s: one scale
    l = a level of zᵢ, chosen by archive.codecs.coders.rdoq, with tables by class(i) + gain
    x̂ = μ + s·B r(class, l)

One step Δ serves all coefficients, so that components smaller than it vanish by themselves (reverse
water-filling). A class is a scale, three per octave: a coefficient has the class of its standard
deviation, and all coefficients of one class share a table of counts and the centroids r of its
levels. A row may have a gain, which shifts all its classes up or down: rows differ in energy (a
Gaussian scale mixture). The message is the gain, if there is a choice, then the levels.

Decoding is exact everywhere. B and r are integers; the sums of their products stay below 2⁵³, so a
matrix product in double precision computes them without rounding, in any order and with any number
of threads:

    |B| ≤ 2¹⁰,  |r| ≤ 2²⁶,  n ≤ 2¹¹   →   |Σ| ≤ 2⁴⁷
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from archive.arrays import Vectors
from archive.codecs.coders import range_coder
from archive.codecs.coders.rdoq import Classes, choose_symbols_for_bytes
from archive.codecs.coders.state import FittedState

Integers = npt.NDArray[np.int64]
BASIS_UNIT = 2.0**-10  # as good as 2⁻¹⁴ up to 1,000 bits, and the state a sixth smaller
COEFFICIENT_UNIT = 2.0**-20
COEFFICIENT_LIMIT = 1 << 26
CLASSES_PER_OCTAVE = 3
UNIT_CLASS = 12  # of a coefficient whose standard deviation is Δ
GAIN_MIN_CLASS = 10  # coefficients of this class and above determine a row's gain
SMALLEST_ENERGY = 1e-12  # of a row, relative to the usual
BLOCK = 512  # rows whose levels are chosen at a time: they fit in the processor's cache


@dataclass(frozen=True)
class TransformCodes:
    """N rows, quantized."""

    gains: Integers  # (N,), 0 … G − 1, the middle one changes nothing
    symbols: npt.NDArray[np.int32]  # (N, n), 0 … A − 1, the middle one is level 0


@dataclass(frozen=True)
class Transform(FittedState):
    """The fitted state. d: dimensions of x, n: directions, G: gains (odd), C: classes, A: levels
    (odd)."""

    mean: npt.NDArray[np.float32]  # (d,)
    scale: npt.NDArray[np.float64]  # ()
    basis: npt.NDArray[np.int16]  # (d, n), in BASIS_UNIT
    classes: npt.NDArray[np.uint8]  # (n,)
    gain_counts: npt.NDArray[np.uint32]  # (1, G)
    counts: npt.NDArray[np.uint32]  # (C, A)
    centroids: npt.NDArray[np.int32]  # (C, A), in COEFFICIENT_UNIT
    step: npt.NDArray[np.float64]  # (), Δ

    @property
    def gain_count(self) -> int:
        """G."""
        return int(self.gain_counts.shape[1])

    @property
    def error(self) -> float:
        """Mean squared error per dimension of x, by reverse water-filling: of a coefficient
        min(variance, Δ² / 9)."""
        octaves = (self.classes.astype(np.float64) - UNIT_CLASS) / CLASSES_PER_OCTAVE
        total = np.minimum(4.0**octaves, 1 / 9).sum() * float(self.step * self.scale) ** 2
        return float(total) / len(self.mean)

    def encode(self, rows: Vectors) -> list[bytes]:
        """(N, d) float32 → N messages."""
        codes = self.quantize(rows)
        return [range_coder.encode(self.symbols(codes, row)) for row in range(len(rows))]

    def decode(self, messages: list[bytes]) -> Vectors:
        """N messages → (N, d) float32, the same bits on every machine. Raises BadCode."""
        return self.reconstruct(self.read([range_coder.Reader(message) for message in messages]))

    def quantize(self, rows: Vectors, bits_before: Vectors | None = None) -> TransformCodes:
        """(N, d) → the codes of least cost; `bits_before` (N,) are in the messages already."""
        if bits_before is None:
            bits_before = np.zeros(len(rows), np.float32)
        floats = self._floats
        step = float(self.step)
        gains = np.zeros(len(rows), np.int64)
        symbols = np.zeros((len(rows), len(self.classes)), np.int32)
        for start in range(0, len(rows), BLOCK):
            block = slice(start, start + BLOCK)
            z = np.asarray((rows[block] - self.mean) @ floats.basis / self.scale, np.float32)
            gains[block] = row_gains(z / np.float32(self.step), self.classes, self.gain_count)
            symbols[block] = choose_symbols_for_bytes(
                z,
                self._shifted_classes[gains[block]],
                floats.centroids,
                floats.bits,
                step,
                bits_before=bits_before[block] + floats.gain_bits[gains[block]],
            )
        return TransformCodes(gains, symbols)

    def symbols(self, codes: TransformCodes, row: int) -> list[range_coder.Segment]:
        """One row's message: its symbols with their tables."""
        gain = int(codes.gains[row])
        levels: range_coder.Segment = codes.symbols[row], self._tables[gain]
        return [(gain, self._gain_model), levels] if self.gain_count > 1 else [levels]

    def read(self, readers: list[range_coder.Reader]) -> TransformCodes:
        """The mirror of symbols, from N messages. Raises BadCode."""
        gains = np.zeros(len(readers), np.int64)
        symbols = np.zeros((len(readers), len(self.classes)), np.int32)
        if self.gain_count > 1:
            gains[:] = [reader.read_shared(self._gain_model, 1)[0] for reader in readers]
        for row, (reader, gain) in enumerate(zip(readers, gains.tolist(), strict=True)):
            symbols[row] = reader.read(self._tables[gain])
        return TransformCodes(gains, symbols)

    def reconstruct(self, codes: TransformCodes) -> Vectors:
        """The mirror of quantize → (N, d) float32."""
        coefficients = self.centroids[self._shifted_classes[codes.gains], codes.symbols]
        exact = coefficients.astype(np.float64) @ self.basis.T.astype(np.float64)
        scale = float(self.scale) * BASIS_UNIT * COEFFICIENT_UNIT
        rows: Vectors = (self.mean + exact * scale).astype(np.float32)
        return rows

    @cached_property
    def _shifted_classes(self) -> Classes:
        """(G, n): the classes of a row's coefficients, by its gain."""
        return shift_classes(self.classes, self.gain_count, len(self.counts))

    @cached_property
    def _tables(self) -> list[range_coder.Probabilities]:
        """G of (n, A)."""
        tables = range_coder.probabilities(self.counts)
        return [tables[classes] for classes in self._shifted_classes]

    @cached_property
    def _gain_model(self) -> range_coder.Model:
        return range_coder.model(range_coder.probabilities(self.gain_counts)[0])

    @cached_property
    def _floats(self) -> _Floats:
        return _Floats(
            basis=(self.basis * BASIS_UNIT).astype(np.float32),
            centroids=(self.centroids * COEFFICIENT_UNIT).astype(np.float32),
            bits=-np.log2(range_coder.probabilities(self.counts)),
            gain_bits=-np.log2(range_coder.probabilities(self.gain_counts)[0]),
        )


@dataclass(frozen=True)
class _Floats:
    """What the encoder computes with; it need not be exact."""

    basis: Vectors  # (d, n)
    centroids: Vectors  # (C, A)
    bits: Vectors  # (C, A)
    gain_bits: Vectors  # (G,)


def shift_classes(classes: Classes, gain_count: int, class_count: int) -> Classes:
    """(n,) → (G, n): the classes under every gain, within 0 … C − 1."""
    shifts = np.arange(gain_count) - gain_count // 2
    shifted = np.clip(classes[None] + shifts[:, None], 0, class_count - 1)
    return np.asarray(shifted, np.uint8)


def row_gains(z: Vectors, classes: Classes, gain_count: int) -> Integers:
    """(N, n) coefficients in steps → (N,): by how many classes a row's energy differs from the
    usual, plus the middle."""
    middle = gain_count // 2
    counted = classes >= GAIN_MIN_CLASS
    if gain_count == 1 or not counted.any():
        return np.full(len(z), middle, np.int64)
    usual = 2.0 ** ((classes[counted].astype(np.float32) - UNIT_CLASS) / CLASSES_PER_OCTAVE)
    energy = np.maximum(np.square(z[:, counted] / usual).mean(axis=1), SMALLEST_ENERGY)
    shifts = np.rint(CLASSES_PER_OCTAVE * np.log2(energy) / 2).astype(np.int64)
    return np.asarray(np.clip(shifts + middle, 0, gain_count - 1), np.int64)
