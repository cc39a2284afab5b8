"""Direction first: the norm in a few bits, then the direction by books and a trellis.

    x̂ = norm · equalized(ŷ₁ + ŷ₂)      ŷ₁: entries of books for y = x / ‖x‖, ŷ₂: trellis for y − ŷ₁

Embeddings of a collection are clusters of clusters, which trained books describe better than any
transform; what they leave is nearly Gaussian, and there it is the other way round. One message
holds the level of the norm (where there is a choice), an index per book, and the trellis' symbols,
and ends in one byte. Without a trellis it is one byte per book as it is.

A decoded direction is shorter the less is known of it, and cosines with it come out too large. So
where there is a `length`, what differs from the mean μ is scaled until all have that length:

    ‖μ + α (ŷ − μ)‖ = length        in units of 2⁻¹⁴, so that sums of squares are exact (below 2⁵³)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from archive.arrays import Vectors, unit
from archive.codecs.coders import range_coder
from archive.codecs.coders.batch_reader import BatchReader, Tables
from archive.codecs.coders.books import Books, Indices
from archive.codecs.coders.scalar import stack_codes
from archive.codecs.coders.trellis_transform import TrellisTransform
from archive.errors import BadCode

UNIT = 2.0**-14  # of coordinates whose squares are summed
SCALE_RANGE = (0.5, 3.0)  # of α
BEAM = 4
WIDE_BEAM = 8  # where books are all there is, and so few that it takes no longer
FEW_BOOKS = 4
BLOCK = 2048  # messages decoded at a time


@dataclass(frozen=True)
class Additive:
    """The fitted state; `trellis` is the second layer, None without one."""

    norms: npt.NDArray[np.float32]  # (L,), ascending
    norm_counts: npt.NDArray[np.uint32]  # (1, L)
    length: npt.NDArray[np.float64]  # (), of decoded directions; 0: as they come
    books: Books
    trellis: TrellisTransform | None

    @property
    def mean(self) -> Vectors:
        """(d,), of the sample: of its directions, times its mean norm."""
        share = range_coder.probabilities(self.norm_counts)[0]
        mean: Vectors = self.books.mean * np.float32(self.norms @ share)
        return mean

    def encode(self, rows: Vectors) -> list[bytes]:
        """(N, d) float32 → N messages."""
        directions = unit(rows)
        if self.trellis is None:
            few = len(self.books.entries) <= FEW_BOOKS
            indices = self.books.quantize(directions, WIDE_BEAM if few else BEAM)
            return [row.tobytes() for row in indices.astype(np.uint8)]
        indices = self.books.quantize(directions, BEAM)
        levels = norm_levels(np.linalg.norm(rows, axis=1), self.norms)
        bits = self.bits(levels, indices)
        codes = self.trellis.quantize(directions - self.books.reconstruct(indices), bits)
        messages = []
        for row, level in enumerate(levels.tolist()):
            message = [*self.start(level, indices[row]), *self.trellis.segments(codes, row)]
            messages.append(range_coder.encode(message))
        return messages

    def start(self, level: int, indices: Indices) -> list[range_coder.Segment]:
        """What a message has before the trellis: level of the norm and indices (M,)."""
        if len(self.norms) == 1:
            return self.books.segments(indices)
        return [(level, self._norm_model), *self.books.segments(indices)]

    def bits(self, levels: Indices, indices: Indices) -> Vectors:
        """Levels of norms (N,) and indices (N, M) → bits (N,) of what comes before the trellis."""
        norm_bits = -np.log2(range_coder.probabilities(self.norm_counts)[0])
        bits: Vectors = self.books.bits(indices) + norm_bits[levels]
        return bits

    def decode(self, messages: list[bytes]) -> Vectors:
        """N messages → (N, d) float32, the same bits on every machine. Raises BadCode."""
        blocks = [
            self._decode_block(messages[start : start + BLOCK])
            for start in range(0, len(messages), BLOCK)
        ]
        empty = np.zeros((0, len(self.books.mean)), np.float32)
        return np.concatenate([empty, *blocks])

    def _decode_block(self, messages: list[bytes]) -> Vectors:
        count = len(messages)
        levels = np.zeros(count, np.int64)
        if self.trellis is None:
            directions = self.books.reconstruct(self._bytes(messages))
        else:
            reader = BatchReader(messages)
            if len(self.norms) > 1:
                levels = reader.read(self._norm_tables, levels)
            directions = self.books.reconstruct(self.books.read(reader, count))
            directions += self.trellis.reconstruct(self.trellis.read(reader, count))
        if float(self.length) > 0:
            directions = equalize(directions, self.books.mean, float(self.length))
        rows: Vectors = directions * self.norms[levels][:, None]
        return rows

    def _bytes(self, messages: list[bytes]) -> Indices:
        """Messages of a byte per book → indices (N, M). Raises BadCode."""
        books, entries, _ = self.books.entries.shape
        indices = stack_codes(messages, books).astype(np.int64)
        if indices.max() >= entries:
            raise BadCode("a code names an entry that its book lacks: the row is damaged")
        return indices

    @cached_property
    def _norm_model(self) -> range_coder.Model:
        return range_coder.model(range_coder.probabilities(self.norm_counts)[0])

    @cached_property
    def _norm_tables(self) -> Tables:
        return Tables.of(self.norm_counts)

    def arrays(self, prefix: str) -> dict[str, npt.NDArray[np.generic]]:
        """Everything, by name, for the codec row."""
        trellis = {} if self.trellis is None else self.trellis.arrays(f"{prefix}trellis_")
        return {
            f"{prefix}norms": self.norms,
            f"{prefix}norm_counts": self.norm_counts,
            f"{prefix}length": self.length,
            **self.books.arrays(f"{prefix}books_"),
            **trellis,
        }

    @classmethod
    def open(cls, arrays: Mapping[str, Any], prefix: str) -> Additive:
        """The mirror of arrays. Raises KeyError where something is missing."""
        has_trellis = f"{prefix}trellis_step" in arrays
        return cls(
            norms=arrays[f"{prefix}norms"],
            norm_counts=arrays[f"{prefix}norm_counts"],
            length=arrays[f"{prefix}length"],
            books=Books.open(arrays, f"{prefix}books_"),
            trellis=TrellisTransform.open(arrays, f"{prefix}trellis_") if has_trellis else None,
        )


def norm_levels(norms: Vectors, levels: Vectors) -> Indices:
    """(N,) norms and (L,) ascending levels → the nearest level of each (N,)."""
    borders = (levels[1:] + levels[:-1]) / 2
    return np.searchsorted(borders, norms).astype(np.int64)


def equalize(directions: Vectors, mean: Vectors, length: float) -> Vectors:
    """(N, d) and their mean (d,) → (N, d) of one length, by scaling what differs from the mean."""
    center = np.rint(mean.astype(np.float64) / UNIT)
    residual = np.rint(directions.astype(np.float64) / UNIT) - center
    energy = np.maximum((residual * residual).sum(axis=1), 1)
    slope = (residual * center).sum(axis=1)
    excess = (center * center).sum() - np.square(length / UNIT)
    root = np.sqrt(np.maximum(slope * slope - energy * excess, 0))
    scale = np.clip((root - slope) / energy, *SCALE_RANGE)
    equal: Vectors = ((center + scale[:, None] * residual) * UNIT).astype(np.float32)
    return equal
