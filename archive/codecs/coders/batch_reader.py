"""Reading many range-coded messages at once, symbol by symbol.

The arithmetic is that of archive.codecs.coders.range_coder, in 64-bit integers over all messages:

    unit = range >> 24
    the symbol s with  borders[s] ≤ (point − low) / unit < borders[s + 1]
    low += unit · borders[s]
    range = unit · (borders[s + 1] − borders[s])

Below 2³², range and low move up by 32 bits and point takes the message's next word. Borders are
counts scaled to 24 bits, in single precision as constriction does. Unlike constriction, which wants
the tables of all symbols before it reads, each symbol may choose the next one's table.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from archive.codecs.coders.range_coder import TOTAL, Counts
from archive.errors import BadCode

Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
PRECISION = 24  # bits of a border
WORD_BITS = np.uint64(32)
WORD = np.uint64(1 << 32)
ALL = slice(None)  # rows


@dataclass(frozen=True)
class Tables:
    """T tables of A symbols each, ready to be searched together."""

    width: int  # A
    borders: Words  # (T, A + 1), 0 … 2²⁴
    keys: Words  # (T · A,), ascending: table · 2²⁵ + the border where each symbol starts

    @classmethod
    def of(cls, counts: Counts) -> Tables:
        """(T, A) counts → tables."""
        height, width = counts.shape
        share = np.cumsum(counts, axis=1).astype(np.float32) / np.float32(TOTAL)
        ends = (share * np.float32((1 << PRECISION) - width)).astype(np.int64)
        ends += np.arange(1, width + 1)
        borders = np.concatenate([np.zeros((height, 1), np.int64), ends], axis=1)
        keys = borders[:, :-1] + (np.arange(height)[:, None] << (PRECISION + 1))
        return cls(width, borders.astype(np.uint64), keys.ravel().astype(np.uint64))


class BatchReader:
    """Reads N messages side by side."""

    def __init__(self, messages: list[bytes]) -> None:
        width = 4 * max((len(message) + 3) // 4 for message in messages) + 8
        padded = b"".join(message.ljust(width, b"\0") for message in messages)
        words = np.frombuffer(padded, ">u4").reshape(len(messages), -1)
        self._words = np.ascontiguousarray(words.T.astype(np.uint64))
        self._next = np.full(len(messages), 2)
        self._point = self._words[0] << WORD_BITS | self._words[1]
        self._low = np.zeros(len(messages), np.uint64)
        self._range = np.full(len(messages), np.iinfo(np.uint64).max, np.uint64)

    def read(self, tables: Tables, table: Integers, rows: Integers | slice = ALL) -> Integers:
        """(n,) which table → the next symbol (n,) of these messages. Raises BadCode."""
        unit = self._range[rows] >> np.uint64(PRECISION)
        place = (self._point[rows] - self._low[rows]) // unit
        if (place >= tables.borders[table, -1]).any():
            raise BadCode("this codec cannot have written a code: the row is damaged")
        keys = (table.astype(np.uint64) << np.uint64(PRECISION + 1)) | place
        symbols = np.searchsorted(tables.keys, keys, side="right") - 1 - table * tables.width
        start = tables.borders[table, symbols]
        self._low[rows] += unit * start
        self._range[rows] = unit * (tables.borders[table, symbols + 1] - start)
        self._refill(np.flatnonzero(self._range < WORD))
        return np.asarray(symbols, np.int64)

    def _refill(self, rows: Integers) -> None:
        """The next word of these messages; zeros follow their end."""
        place = np.minimum(self._next[rows], len(self._words) - 1)
        self._low[rows] <<= WORD_BITS
        self._range[rows] <<= WORD_BITS
        self._point[rows] = self._point[rows] << WORD_BITS | self._words[place, rows]
        self._next[rows] += 1
