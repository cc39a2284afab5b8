"""Range coding with integer tables. constriction's door.

A table is `counts`, integers that sum to TOTAL = 2¹⁶; symbol s has probability counts[s] / TOTAL, which is exact in
binary floating point, so the coder's own fixed-point tables are the same on every machine. A message is a row of
symbols, each with its own table or all with one; several rows may follow one another. constriction writes 32-bit words;
what ends a message here is the shortest string of bytes that still lies in the coder's last interval, and a decoder
reads zeros behind it:

    interval [low, low + range) of 64 bits  →  the fewest leading bytes v with low ≤ v·00… < low + range

So a message costs its information and less than a byte more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from archive.errors import BadCode

if TYPE_CHECKING:
    import constriction.stream.model

TOTAL = 1 << 16  # what the counts of a table sum to
Symbols = npt.NDArray[np.int32]
Probabilities = npt.NDArray[np.float32]
Model: TypeAlias = "constriction.stream.model.Categorical"  # of symbols that share a table
Part = tuple[
    Symbols | int, "Probabilities | Model"
]  # of a message: (n,) symbols and (n, A) tables, or the one model
SPARE_WORDS = 4  # zeros a decoder may read behind the end


def integer_counts(seen: npt.NDArray[np.float64]) -> npt.NDArray[np.uint32]:
    """(T, A) non-negative weights → (T, A) counts ≥ 1 whose rows sum to TOTAL."""
    width = seen.shape[1]
    share = (seen + 1e-9) / (seen + 1e-9).sum(axis=1, keepdims=True)
    counts = 1 + np.floor(share * (TOTAL - width)).astype(np.int64)
    counts[np.arange(len(counts)), counts.argmax(axis=1)] += TOTAL - counts.sum(axis=1)
    fixed: npt.NDArray[np.uint32] = counts.astype(np.uint32)
    return fixed


def probabilities(counts: npt.NDArray[np.uint32]) -> Probabilities:
    """(T, A) counts → (T, A) float32, exact."""
    return counts.astype(np.float32) / np.float32(TOTAL)


def model(table: Probabilities) -> Model:
    """(A,) probabilities → what symbols that share them are coded with; made once, it is much faster than tables."""
    import constriction

    return constriction.stream.model.Categorical(table, perfect=False)


def encode(parts: Sequence[Part]) -> bytes:
    """Parts of symbols and their probabilities, one after the other → the message."""
    import constriction

    stream = constriction.stream
    encoder = stream.queue.RangeEncoder()
    family = stream.model.Categorical(perfect=False)
    for symbols, tables in parts:
        if isinstance(tables, np.ndarray):
            encoder.encode(symbols, family, tables)
        else:
            encoder.encode(symbols, tables)
    words, (low, span) = encoder.pos()
    head: bytes = encoder.get_compressed().astype(">u4").tobytes()[: 4 * words]
    if low + span > 1 << 64:  # the interval holds the next number of so many words
        return (int.from_bytes(head) + 1).to_bytes(4 * words).rstrip(b"\0")
    return (head + _shortest(low, span)).rstrip(b"\0")


class Reader:
    """Reads a message part by part."""

    def __init__(self, message: bytes) -> None:
        import constriction

        stream = constriction.stream
        padded = message + bytes(-len(message) % 4 + 4 * SPARE_WORDS)
        self._decoder = stream.queue.RangeDecoder(np.frombuffer(padded, ">u4").astype(np.uint32))
        self._family = stream.model.Categorical(perfect=False)

    def read(self, tables: Probabilities) -> Symbols:
        """(n, A) probabilities → the next n symbols. Raises BadCode where no symbols explain the bytes."""
        return self._decoded(self._family, tables)

    def read_alike(self, own: Model, count: int) -> Symbols:
        """One model → the next `count` symbols. Raises BadCode where no symbols explain the bytes."""
        return self._decoded(own, count)

    def _decoded(self, *asked: Any) -> Symbols:
        try:
            symbols: Symbols = self._decoder.decode(*asked)
        except AssertionError as error:  # the coder's way of saying so
            raise BadCode("a code is not one that this codec wrote: the row is damaged") from error
        return symbols


def _shortest(low: int, span: int) -> bytes:
    """The fewest bytes that, followed by zeros, are a number of 64 bits in [low, low + span)."""
    for count in range(9):
        unit = 1 << (64 - 8 * count)
        point = -(-low // unit) * unit
        if point < low + span and point < 1 << 64:
            return (point >> (64 - 8 * count)).to_bytes(count) if count else b""
    raise AssertionError("eight bytes always suffice")
