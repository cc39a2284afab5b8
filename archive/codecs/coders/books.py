"""Additive quantization: a vector is a mean and one entry of each of M residual books.

    x̂ = μ + unit · Σₘ Bₘ[iₘ]          iₘ: 0 … K − 1

The encoder keeps the best few partial sums, book after book. Their errors come from products that
are made once:  ‖x − s − c‖² = ‖x − s‖² − 2 xᵀc + 2 sᵀc + ‖c‖².

Decoding is exact everywhere: entries are integers of 8 bits, and so few that a float32 adds them
without rounding.
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

Indices = npt.NDArray[np.int64]
BLOCK = 512  # rows coded at a time: beam · K · BLOCK errors are in memory


@dataclass(frozen=True)
class Books(FittedState):
    """The fitted state. d: dimensions, M: books, K: entries of each."""

    mean: npt.NDArray[np.float32]  # (d,)
    unit: npt.NDArray[np.float64]  # (), of the entries
    entries: npt.NDArray[np.int8]  # (M, K, d)
    counts: npt.NDArray[np.uint32]  # (M, K)

    def quantize(self, rows: Vectors, beam: int) -> Indices:
        """(N, d) → (N, M)."""
        return self._search(rows - self.mean, beam)

    def bits(self, indices: Indices) -> Vectors:
        """(N, M) → bits (N,)."""
        bits: Vectors = self._bits[np.arange(indices.shape[1]), indices].sum(axis=1)
        return bits

    def segments(self, indices: Indices) -> list[range_coder.Segment]:
        """One row's message (M,): its indices with their models."""
        return list(zip(indices.tolist(), self._models, strict=True))

    def read(self, reader: BatchReader, rows: int) -> Indices:
        """The mirror of segments, from N messages. Raises BadCode."""
        books = [np.full(rows, book) for book in range(len(self.entries))]
        return np.stack([reader.read(self._tables, book) for book in books], axis=1)

    def reconstruct(self, indices: Indices) -> Vectors:
        """The mirror of quantize → (N, d) float32."""
        exact = np.zeros((len(indices), self.entries.shape[2]), np.float32)
        for book, entries in enumerate(self.entries.astype(np.float32)):
            exact += entries[indices[:, book]]
        rows: Vectors = (self.mean + exact.astype(np.float64) * float(self.unit)).astype(np.float32)
        return rows

    @cached_property
    def _search(self) -> BeamSearch:
        return BeamSearch((self.entries * float(self.unit)).astype(np.float32))

    @cached_property
    def _bits(self) -> Vectors:
        return -np.log2(range_coder.probabilities(self.counts))

    @cached_property
    def _models(self) -> list[range_coder.Model]:
        return [range_coder.model(table) for table in range_coder.probabilities(self.counts)]

    @cached_property
    def _tables(self) -> Tables:
        return Tables.of(self.counts)


class BeamSearch:
    """Books (M, K, d), with the products of all entries."""

    def __init__(self, books: Vectors) -> None:
        self._books, self._size = books.shape[:2]
        self._entries = books.reshape(-1, books.shape[2])
        self._cross = 2 * (self._entries @ self._entries.T)

    def __call__(self, centered: Vectors, beam: int) -> Indices:
        """(N, d) → the entries (N, M) whose sum is nearest, as far as seen."""
        norms = self._cross.diagonal() / 2
        indices = np.empty((len(centered), self._books), np.int64)
        for start in range(0, len(centered), BLOCK):
            block = slice(start, start + BLOCK)
            alone = norms - 2 * (centered[block] @ self._entries.T)
            indices[block] = _beam_block(alone, self._cross, self._books, beam)
        indices -= self._size * np.arange(self._books)
        return indices


def _beam_block(alone: Vectors, cross: Vectors, books: int, beam: int) -> Indices:
    """What each entry costs alone (N, M · K) and beside another (M · K, M · K) → the cheapest
    entries (N, M), numbered through all books."""
    rows = len(alone)
    size = alone.shape[1] // books
    paths = np.zeros((rows, 1, 0), np.int64)
    costs = np.zeros((rows, 1), np.float32)
    for book in range(books):
        places = slice(book * size, (book + 1) * size)
        earlier_cross = np.ascontiguousarray(cross[: places.start, places])
        tried = costs[:, :, None] + alone[:, None, places]
        for earlier in range(book):
            tried += earlier_cross.take(paths[:, :, earlier], axis=0)
        flat = tried.reshape(rows, -1)
        best, costs = _least(flat, min(beam, flat.shape[1]))
        before = np.take_along_axis(paths, (best // size)[:, :, None], axis=1)
        paths = np.concatenate([before, (best % size + book * size)[:, :, None]], axis=2)
    return np.take_along_axis(paths, costs.argmin(axis=1)[:, None, None], axis=1)[:, 0]


def _least(costs: Vectors, count: int) -> tuple[Indices, Vectors]:
    """(N, L), spoiled → positions and values (N, count) of the least of each row; for so few
    faster than a partition."""
    rows = np.arange(len(costs))
    best = np.empty((len(costs), count), np.int64)
    least = np.empty(best.shape, np.float32)
    for place in range(count):
        best[:, place] = costs.argmin(axis=1)
        least[:, place] = costs[rows, best[:, place]]
        costs[rows, best[:, place]] = np.inf
    return best, least
