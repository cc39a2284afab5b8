"""Transform coding with one step: centre, rotate, quantise, range code.

    z = Bᵀ(x − μ) / s          B: the first n Karhunen–Loève directions, s: one scale
    l = the level of zᵢ that minimises (error)² + λ·bits, tables by class(i) + gain           λ = LAMBDA · Δ²
    x̂ = μ + s·B r(class, l)

One step Δ serves all coefficients, so that components smaller than it vanish by themselves (reverse water-filling). A
class is a scale, three an octave: coefficient i has the class of its standard deviation, and all coefficients of one
class share a table of counts and the centroids r of its levels. A row may have a gain, which moves all its classes up
or down: rows differ in energy (a Gaussian scale mixture). The message is the gain, if there is a choice, then levels.

Messages are whole bytes. A short one takes, of the levels that several λ lead to, those of least (error)² + λ·8·bytes.

Decoding is exact everywhere. B and r are integers; the sums of their products stay below 2⁵³, so a matrix product in
double precision computes them without rounding, in any order and with any number of threads:

    |B| ≤ 2¹⁰,  |r| ≤ 2²⁶,  n ≤ 2¹¹   →   |Σ| ≤ 2⁴⁷
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from archive.codecs.coders import range_coder

Rows = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
LAMBDA = 0.15  # λ / Δ²; of 0.05 … 0.25 the least error at equal bits, at all rates
BASIS_UNIT = 2.0**-10  # as good as 2⁻¹⁴ up to 1,000 bits, and the state a sixth smaller
COEFFICIENT_UNIT = 2.0**-20
COEFFICIENT_LIMIT = 1 << 26
# a coefficient whose deviation is Δ has class UNIT_CLASS
CLASSES_AN_OCTAVE = 3
UNIT_CLASS = 12
GAIN_MIN_CLASS = 10  # coefficients of this class and above tell a row's gain
BLOCK = 512  # rows whose levels are chosen at a time: they stay in the processor's cache
SHORT = 96  # bits; longer messages gain too little by filling their last byte
LAMBDA_SCALES = (0.4, 0.6, 1.5, 2.5)  # times λ


@dataclass(frozen=True)
class Levels:
    """N rows as they are coded."""

    gains: Integers  # (N,), 0 … G − 1, the middle one changes nothing
    symbols: npt.NDArray[np.int32]  # (N, n), 0 … A − 1, the middle one is level 0


@dataclass(frozen=True)
class Transform:
    """The fitted state. d: dimensions of x, n: directions kept, G: gains (odd), C: classes, A: levels (odd)."""

    mean: npt.NDArray[np.float32]  # (d,)
    scale: npt.NDArray[np.float64]  # ()
    basis: npt.NDArray[np.int16]  # (d, n), in BASIS_UNIT
    classes: npt.NDArray[np.uint8]  # (n,)
    gain_counts: npt.NDArray[np.uint32]  # (1, G)
    counts: npt.NDArray[np.uint32]  # (C, A)
    centroids: npt.NDArray[np.int32]  # (C, A), in COEFFICIENT_UNIT
    step: npt.NDArray[np.float64]  # (), Δ

    def encode(self, rows: Rows) -> list[bytes]:
        """(N, d) float32 → N messages."""
        levels = self.levels(rows)
        return [range_coder.encode(self.symbols(levels, row)) for row in range(len(rows))]

    def decode(self, messages: list[bytes]) -> Rows:
        """N messages → (N, d) float32, the same bits on every machine. Raises BadCode for what cannot be a message."""
        return self.reconstruct(self.read([range_coder.Reader(message) for message in messages]))

    def levels(self, rows: Rows, before: Rows | None = None) -> Levels:
        """(N, d) → what is coded of them; `before`: bits (N,) that stand in their messages already."""
        before = np.zeros(len(rows), np.float32) if before is None else before
        gains = np.zeros(len(rows), np.int64)
        symbols = np.zeros((len(rows), len(self.classes)), np.int32)
        for start in range(0, len(rows), BLOCK):
            part = slice(start, start + BLOCK)
            z = np.asarray((rows[part] - self.mean) @ self._floats.basis / self.scale, np.float32)
            gains[part] = gains_of(
                z / np.float32(self.step), self.classes, self.gain_counts.shape[1]
            )
            symbols[part] = self._symbols(
                z, self._classes[gains[part]], before[part] + self._floats.gain_bits[gains[part]]
            )
        return Levels(gains, symbols)

    def symbols(self, levels: Levels, row: int) -> list[range_coder.Part]:
        """The symbols of one row's message, with their tables."""
        gain = int(levels.gains[row])
        told: list[range_coder.Part] = (
            [(gain, self._gain_model)] if self.gain_counts.shape[1] > 1 else []
        )
        return [*told, (levels.symbols[row], self._tables[gain])]

    def read(self, readers: list[range_coder.Reader]) -> Levels:
        """The mirror of parts, from N messages. Raises BadCode."""
        told = self.gain_counts.shape[1] > 1
        gains = np.array(
            [reader.read_alike(self._gain_model, 1)[0] if told else 0 for reader in readers],
            np.int64,
        )
        symbols = np.zeros((len(readers), len(self.classes)), np.int32)
        for row, (reader, gain) in enumerate(zip(readers, gains.tolist(), strict=True)):
            symbols[row] = reader.read(self._tables[gain])
        return Levels(gains, symbols)

    def reconstruct(self, levels: Levels) -> Rows:
        """What is coded → (N, d) float32."""
        coefficients = self.centroids[self._classes[levels.gains], levels.symbols].astype(
            np.float64
        )
        exact = coefficients @ self.basis.T.astype(np.float64)
        rows: Rows = (
            self.mean + exact * (float(self.scale) * BASIS_UNIT * COEFFICIENT_UNIT)
        ).astype(np.float32)
        return rows

    @property
    def error(self) -> float:
        """Mean squared error of a number of x, by reverse water-filling: of a coefficient min(variance, Δ² / 9)."""
        octaves = (self.classes.astype(np.float64) - UNIT_CLASS) / CLASSES_AN_OCTAVE
        wrong = np.minimum(4.0**octaves, 1 / 9).sum() * float(self.step * self.scale) ** 2
        return float(wrong) / len(self.mean)

    def _symbols(
        self, z: Rows, classes: npt.NDArray[np.uint8], before: Rows
    ) -> npt.NDArray[np.int32]:
        floats = self._floats
        slope = np.float32(LAMBDA * float(self.step) ** 2)
        symbols = choose(z, classes, floats.centroids, floats.bits, float(self.step))
        bits = floats.bits[classes, symbols].sum(axis=1)
        if (before + bits).mean() > SHORT:
            return symbols

        def price(tried: npt.NDArray[np.int32]) -> Rows:
            error = np.square(z - floats.centroids[classes, tried]).sum(axis=1)
            stored = 8 * np.ceil((before + floats.bits[classes, tried].sum(axis=1)) / 8)
            paid: Rows = error + slope * stored
            return paid

        least = price(symbols)
        for eagerness in LAMBDA_SCALES:
            tried = choose(
                z, classes, floats.centroids, np.float32(eagerness) * floats.bits, float(self.step)
            )
            paid = price(tried)
            better = paid < least
            symbols[better] = tried[better]
            least[better] = paid[better]
        return symbols

    @cached_property
    def _classes(self) -> npt.NDArray[np.uint8]:
        """(G, n): of the coefficients of a row, by its gain."""
        return shift_classes(self.classes, self.gain_counts.shape[1], len(self.counts))

    @cached_property
    def _tables(self) -> list[range_coder.Probabilities]:
        """G of (n, A)."""
        own = range_coder.probabilities(self.counts)
        return [own[classes] for classes in self._classes]

    @cached_property
    def _gain_model(self) -> range_coder.Model:
        return range_coder.model(range_coder.probabilities(self.gain_counts)[0])

    @cached_property
    def _floats(self) -> _Floats:
        return _Floats(
            (self.basis * BASIS_UNIT).astype(np.float32),
            (self.centroids * COEFFICIENT_UNIT).astype(np.float32),
            -np.log2(range_coder.probabilities(self.counts)),
            -np.log2(range_coder.probabilities(self.gain_counts)[0]),
        )

    def arrays(self, prefix: str) -> dict[str, npt.NDArray[np.generic]]:
        """Everything, by name, for the codec row."""
        return {f"{prefix}{field.name}": getattr(self, field.name) for field in fields(self)}

    @classmethod
    def open(cls, arrays: Mapping[str, Any], prefix: str) -> Transform:
        """The mirror of arrays. Raises KeyError where something is missing."""
        return cls(**{field.name: arrays[prefix + field.name] for field in fields(cls)})


@dataclass(frozen=True)
class _Floats:
    """What the encoder computes with; it need not be exact."""

    basis: Rows
    centroids: Rows  # (C, A)
    bits: Rows  # (C, A)
    gain_bits: Rows  # (G,)


def shift_classes(classes: npt.NDArray[np.uint8], gains: int, count: int) -> npt.NDArray[np.uint8]:
    """(n,) → (G, n): the classes under every gain, within 0 … count − 1."""
    offsets = np.arange(gains) - gains // 2
    under: npt.NDArray[np.uint8] = np.clip(classes[None] + offsets[:, None], 0, count - 1).astype(
        np.uint8
    )
    return under


def gains_of(z: Rows, classes: npt.NDArray[np.uint8], gains: int) -> Integers:
    """(N, n) coefficients in steps → (N,): by how many classes their energy differs from the usual, plus the middle."""
    heard = classes >= GAIN_MIN_CLASS
    if gains == 1 or not heard.any():
        return np.full(len(z), gains // 2, np.int64)
    usual = 2.0 ** ((classes[heard].astype(np.float32) - UNIT_CLASS) / CLASSES_AN_OCTAVE)
    energy = np.maximum(np.square(z[:, heard] / usual).mean(axis=1), 1e-12)
    moves = np.rint(CLASSES_AN_OCTAVE * np.log2(energy) / 2).astype(np.int64)
    own: Integers = np.clip(moves + gains // 2, 0, gains - 1)
    return own


def choose(
    z: Rows, classes: npt.NDArray[np.uint8], centroids: Rows, bits: Rows, step: float
) -> npt.NDArray[np.int32]:
    """(N, n) coefficients → symbols of least error² + λ·bits among the nearest level, the next smaller one and zero."""
    width = centroids.shape[1]
    middle = width // 2
    near = np.clip(np.rint(z * np.float32(1 / step)), -middle, middle).astype(np.int32)
    zero = classes.astype(np.int32) * width + middle  # the place of level 0 in flat tables
    flat_centroids = centroids.ravel()
    flat_bits = (np.float32(LAMBDA * step**2) * bits).ravel()

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
