"""Reading many range-coded messages at once, symbol by symbol.

The arithmetic is that of archive.codecs.coders.range_coder, in 64-bit integers over all messages:

    unit = range >> 24
    the symbol s with  borders[s] ≤ offset / unit < borders[s + 1]     offset: point − low
    offset −= unit · borders[s]
    range = unit · (borders[s + 1] − borders[s])

Below 2³², range and offset move up by 32 bits, and the message's next word comes below. Borders
are counts scaled to 24 bits, in single precision as constriction does. Unlike constriction, which
wants the tables of all symbols before it reads, each symbol may choose the next one's table.
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
END = 1 << PRECISION  # the last border
WORD_BITS = np.uint64(32)
WORD = np.uint64(1 << 32)
ALL = slice(None)  # rows


@dataclass(frozen=True)
class Tables:
    """T tables of A symbols, to be searched together; symbol s of table t is at t · A + s."""

    width: int  # A
    firsts: Words  # (T,), a table's first key: its number · 2²⁵
    keys: Words  # (T · A,), ascending: its table's first key + the border where a symbol starts
    starts: Words  # (T · A,), that border, 0 … 2²⁴
    sizes: Words  # (T · A,), from there to the next border

    @classmethod
    def of(cls, counts: Counts) -> Tables:
        """(T, A) counts → tables."""
        height, width = counts.shape
        share = np.cumsum(counts, axis=1).astype(np.float32) / np.float32(TOTAL)
        ends = (share * np.float32((1 << PRECISION) - width)).astype(np.int64)
        ends += np.arange(1, width + 1)
        borders = np.concatenate([np.zeros((height, 1), np.int64), ends], axis=1).astype(np.uint64)
        firsts = np.arange(height, dtype=np.uint64) << np.uint64(PRECISION + 1)
        keys = (borders[:, :-1] + firsts[:, None]).ravel()
        return cls(width, firsts, keys, borders[:, :-1].ravel(), np.diff(borders).ravel())


class BatchReader:
    """Reads N messages side by side."""

    def __init__(self, messages: list[bytes]) -> None:
        width = 4 * max((len(message) + 3) // 4 for message in messages) + 8
        padded = b"".join(message.ljust(width, b"\0") for message in messages)
        words = np.frombuffer(padded, ">u4").reshape(len(messages), -1)
        self._words = np.ascontiguousarray(words.T.astype(np.uint64))
        self._next = np.full(len(messages), 2)
        self._offset = self._words[0] << WORD_BITS | self._words[1]
        self._range = np.full(len(messages), np.iinfo(np.uint64).max, np.uint64)

    def read(self, tables: Tables, table: Integers, rows: Integers | slice = ALL) -> Integers:
        """(n,) which table → the next symbol (n,) of these messages. Raises BadCode."""
        unit = self._range[rows] >> np.uint64(PRECISION)
        place = self._offset[rows] // unit
        if place.max() >= END:
            raise BadCode("this codec cannot have written a code: the row is damaged")
        at = tables.keys.searchsorted(tables.firsts[table] + place, "right") - 1
        self._offset[rows] -= unit * tables.starts[at]
        self._range[rows] = unit * tables.sizes[at]
        self._refill((self._range < WORD).nonzero()[0])
        symbols: Integers = at - table * tables.width
        return symbols

    def _refill(self, rows: Integers) -> None:
        """The next word of these messages; zeros follow their end."""
        if not len(rows):
            return
        following = self._next[rows]
        words = self._words[np.minimum(following, len(self._words) - 1), rows]
        self._offset[rows] = self._offset[rows] << WORD_BITS | words
        self._range[rows] <<= WORD_BITS
        self._next[rows] = following + 1
