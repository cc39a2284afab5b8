"""Fitting books and trellis (archive.codecs.coders.additive) to a sample, at a number of bits.

1. levels of the norm, where norms vary by a percent or more
2. books for the directions of all rows but those held out
3. a trellis for what the books leave, with tables and rate from the rows held out: books fit the
   rows they were learned from too well
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from archive.arrays import Vectors, unit
from archive.codecs.coders import range_coder
from archive.codecs.coders.additive import BEAM, Additive, norm_levels
from archive.codecs.coders.books import Books
from archive.codecs.coders.books_fit import index_counts, learn_books
from archive.codecs.coders.trellis_fit import Remainder, fit_trellis

MAX_ENTRIES = 256  # of a book
ROWS_PER_ENTRY = 8  # of the sample, at least
ROWS_PER_INDEX = 2  # of the sample, for each entry of all books
INDEX_BITS = 8
BOOKS_BYTES = 1 << 20  # of all books, at most: small archives keep them too
LAST_BOOKS_ALONE = 64  # bits, up to which books that fill the code are better than a trellis
MANY_BOOKS = 8
FEW_BOOKS = 4
FEW_BOOKS_FROM = 96  # bits, where a trellis does as well as more books, and faster
TRELLIS_BITS = 6  # that a trellis takes, at least
HELD_OUT = 2000  # rows, at most
HELD_OUT_SHARE = 5  # one row in five is held out, up to HELD_OUT
CONSTANT_NORM = 0.01  # relative deviation of norms that are not worth a bit
NORM_FROM = 32  # bits, below which no norm is stored
NORM_LEVELS = 4
NORM_LEVELS_FROM = 120  # bits, from which on there are twice as many
NORM_ROUNDS = 10
EQUAL_LENGTHS = 200  # bits, below which decoded directions get one length


@dataclass(frozen=True)
class Plan:
    """How a code is made up: `books` of `entries`; a trellis or none; levels of the norm."""

    books: int
    entries: int
    has_trellis: bool
    norms: int

    @classmethod
    def of(cls, bits: float, sample: tuple[int, int], norms_vary: bool) -> Plan:
        """For that many bits and a sample of (N, d) rows."""
        rows, dimension = sample
        index_bits = min(INDEX_BITS, int(bits), int(math.log2(max(2, rows // ROWS_PER_ENTRY))))
        norms = 1
        if norms_vary and bits >= NORM_FROM:
            norms = NORM_LEVELS * (2 if bits >= NORM_LEVELS_FROM else 1)
        is_one_byte = bits < INDEX_BITS + TRELLIS_BITS
        fills_bytes = index_bits == INDEX_BITS and bits % INDEX_BITS == 0
        storable = BOOKS_BYTES // (dimension << index_bits)
        if is_one_byte or (
            bits // INDEX_BITS <= storable
            and fills_bytes
            and norms == 1
            and bits <= LAST_BOOKS_ALONE
        ):
            return cls(max(1, int(bits) // INDEX_BITS), 1 << index_bits, False, 1)
        most = MANY_BOOKS if bits < FEW_BOOKS_FROM else FEW_BOOKS
        affordable = int((bits - TRELLIS_BITS - math.log2(norms)) // index_bits)
        learnable = rows // (ROWS_PER_INDEX << index_bits)
        return cls(max(1, min(most, affordable, learnable, storable)), 1 << index_bits, True, norms)


def fit_additive(rows: Vectors, bits: float, *, seed: int = 0) -> Additive:
    """(N, d) sample → a coder that spends `bits` per row on average, in whole bytes."""
    lengths = np.linalg.norm(rows, axis=1)
    varies = bool(lengths.std() >= CONSTANT_NORM * lengths.mean())
    plan = Plan.of(bits, rows.shape, varies)
    norms = _norm_table(lengths, plan.norms)
    order = np.random.default_rng(seed).permutation(len(rows))
    held_out = min(HELD_OUT, len(rows) // HELD_OUT_SHARE) if plan.has_trellis else 0
    directions = unit(rows)[order]
    learned = learn_books(directions[held_out:], plan.books, plan.entries, seed=seed)
    levels = norm_levels(lengths, norms)
    uses = np.bincount(levels, minlength=len(norms)).astype(np.float64)[None]
    fitted = Additive(norms, range_coder.integer_counts(uses + 0.5), np.array(0.0), learned, None)
    if plan.has_trellis:
        fitted = _with_trellis(fitted, directions, levels[order], held_out, bits)
    if bits >= EQUAL_LENGTHS:
        return fitted
    return replace(fitted, length=np.array(_usual_length(fitted, rows[order[:HELD_OUT]])))


def _with_trellis(
    fitted: Additive, directions: Vectors, levels: np.ndarray, held_out: int, bits: float
) -> Additive:
    """Books, the directions (N, d) of which the first are held out, and the levels of their norms
    (N,) → both layers."""
    indices = fitted.books.quantize(directions, BEAM)
    counts = index_counts(indices[:held_out], fitted.books.entries.shape[1])
    books: Books = replace(fitted.books, counts=counts)
    fitted = replace(fitted, books=books)
    residual = directions - books.reconstruct(indices)
    taken = fitted.bits(levels[:held_out], indices[:held_out])
    remainder = Remainder(
        rows=residual,
        fresh=residual[:held_out],
        fresh_bits=taken,
        start=lambda row: fitted.start(int(levels[row]), indices[row]),
    )
    return replace(fitted, trellis=fit_trellis(remainder, bits))


def _norm_table(norms: Vectors, count: int) -> Vectors:
    """(N,) norms → `count` levels, ascending, by Lloyd's algorithm."""
    levels = np.quantile(norms, (np.arange(count) + 0.5) / count).astype(np.float32)
    for _ in range(NORM_ROUNDS):
        nearest = norm_levels(norms, levels)
        uses = np.bincount(nearest, minlength=count)
        totals = np.bincount(nearest, norms, count)
        levels = np.where(uses > 0, totals / np.maximum(uses, 1), levels).astype(np.float32)
    return np.sort(levels)


def _usual_length(fitted: Additive, rows: Vectors) -> float:
    """The root mean square length of the decoded directions of rows (N, d)."""
    decoded = fitted.decode(fitted.encode(rows))
    norms = fitted.norms[norm_levels(np.linalg.norm(rows, axis=1), fitted.norms)]
    return float(np.sqrt(np.square(decoded / norms[:, None]).sum(axis=1).mean()))
