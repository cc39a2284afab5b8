"""Learning additive books (archive.codecs.coders.books) from a sample.

Along the principal axes of the sample:

1. book after book: K means of what the books before leave (Lloyd), then 2 and 3
2. indices by beam search and, for them, all books of least squared error together
3. each coordinate of a book shrunk as by a Wiener filter, since an entry is the mean of few rows:
       entry ·= s / (s + n)      n: variance of the residual / rows of the entry
                                 s: variance of the entries, less n
4. ROUNDS times 2 and 3, in 2 with books disturbed less and less: stochastic relaxation, as in LSQ++
   (Martinez et al. 2018)

At four books and 16,000 rows, 3 is worth a tenth of the error on other rows and 4 a fiftieth.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from archive.arrays import Vectors
from archive.codecs.coders import range_coder
from archive.codecs.coders.books import BeamSearch, Books, Indices

ENTRY_LIMIT = 127
BEAM = 4
LLOYD_ROUNDS = 10
ROUNDS = 12  # with books disturbed
LAST_ROUNDS = 2  # with books as they are
DISTURBANCE = 0.5  # of the deviation of the sample, over the number of books
RIDGE = 0.1  # rows that speak for an entry as it is
TINY = 1e-12
BLOCK = 2048  # rows compared with all means at a time


def learn_books(rows: Vectors, books: int, entries: int, *, seed: int = 0) -> Books:
    """(N, d) → M books of K entries; all indices equally likely."""
    mean = rows.mean(axis=0, dtype=np.float64).astype(np.float32)
    centered = (rows - mean).astype(np.float64)
    axes = np.linalg.eigh(centered.T @ centered)[1]
    learning = _Learning((centered @ axes).astype(np.float32), np.random.default_rng(seed))
    learned = learning.learn(books, entries) @ axes.T.astype(np.float32)
    unit = float(np.abs(learned).max(initial=0)) / ENTRY_LIMIT or 1.0
    return Books(
        mean=mean,
        unit=np.array(unit),
        entries=np.rint(learned / unit).astype(np.int8),
        counts=range_coder.integer_counts(np.ones(learned.shape[:2])),
    )


def index_counts(indices: Indices, entries: int) -> range_coder.Counts:
    """(N, M) → counts (M, K)."""
    uses = [np.bincount(book, minlength=entries) for book in indices.T]
    return range_coder.integer_counts(np.array(uses, float).reshape(-1, entries) + 0.5)


class _Learning:
    """Books for centered rows (N, d) along their principal axes."""

    def __init__(self, rows: Vectors, rng: np.random.Generator) -> None:
        self._rows = rows
        self._rng = rng

    def learn(self, books: int, entries: int) -> Vectors:
        """→ (M, K, d)."""
        learned = np.zeros((0, entries, self._rows.shape[1]), np.float32)
        residual = self._rows
        for _ in range(books):
            learned = np.concatenate([learned, self._means(residual, entries)[None]])
            learned, residual = self._improve(learned)
        if books > 1:
            for done in range(1, ROUNDS + 1):
                learned, _ = self._improve(learned, DISTURBANCE * (1 - done / ROUNDS) ** 0.5)
            for _ in range(LAST_ROUNDS):
                learned, _ = self._improve(learned)
        return learned

    def _means(self, rows: Vectors, count: int) -> Vectors:
        """(N, d) → (count, d), by Lloyd's algorithm from random rows."""
        means = rows[self._rng.permutation(len(rows))[:count]]
        for _ in range(LLOYD_ROUNDS):
            norms = np.square(means).sum(axis=1)
            blocks = [rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK)]
            nearest = [(norms - 2 * block @ means.T).argmin(axis=1) for block in blocks]
            usage = _usage(np.concatenate(nearest)[:, None], count)
            uses = usage.sum(axis=0)[:, None]
            means = np.where(uses > 0, (usage.T @ rows) / np.maximum(uses, 1), means)
        return np.asarray(means, np.float32)

    def _improve(self, books: Vectors, disturbance: float = 0.0) -> tuple[Vectors, Vectors]:
        """Books (M, K, d) → better ones, and what they leave of the rows (N, d)."""
        rows = self._rows
        noise = self._rng.standard_normal(books.shape, np.float32) * rows.std(axis=0) / len(books)
        indices = BeamSearch(books + np.float32(disturbance) * noise)(rows, BEAM)
        usage = _usage(indices + books.shape[1] * np.arange(len(books)), books[..., 0].size)
        normal = (usage.T @ usage).toarray().astype(np.float64)
        uses = normal.diagonal()[:, None].copy()
        normal[np.diag_indices_from(normal)] += RIDGE
        flat = books.reshape(-1, books.shape[2])
        better = np.linalg.solve(normal, usage.T @ rows + RIDGE * flat)
        variance = (rows - usage @ better).var(axis=0)
        shrunk = _shrink(better, variance / np.maximum(uses, 1), uses, len(books))
        return shrunk.reshape(books.shape), rows - usage @ shrunk


def _usage(flat_indices: Indices, count: int) -> Any:
    """Entries (N, M) of `count` → the sparse matrix (N, count) of ones."""
    from scipy.sparse import csr_array

    rows, width = flat_indices.shape
    ends = np.arange(0, rows * width + 1, width)
    weights = np.ones(rows * width, np.float32)
    return csr_array((weights, flat_indices.ravel(), ends), (rows, count))


def _shrink(entries: Vectors, noise: Vectors, uses: Vectors, books: int) -> Vectors:
    """Entries of all books and the variance of their noise (M · K, d), and how often they are used
    (M · K, 1) → the entries less what is likely noise."""
    surplus = uses * (np.square(entries) - noise)
    per_book = surplus.reshape(books, -1, entries.shape[1]).sum(axis=1)
    weight = np.maximum(uses.reshape(books, -1).sum(axis=1, keepdims=True), 1)
    signal = np.repeat(np.maximum(per_book / weight, TINY), len(entries) // books, axis=0)
    return (entries * (signal / (signal + noise))).astype(np.float32)
