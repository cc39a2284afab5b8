"""Range coding with integer tables; the only module that imports constriction.

A table is `counts`, integers that sum to TOTAL = 2¹⁶; symbol s has probability counts[s] / TOTAL,
which is exact in binary floating point, so the coder's own fixed-point tables are the same on every
machine. A message is a sequence of segments: symbols that each have their own table, or all share
one. constriction writes 32-bit words; a message ends instead with the shortest string of bytes that
still falls in the coder's last interval, and a decoder reads zeros after it:

    interval [low, low + range) of 64 bits  →  the fewest bytes v with low ≤ v·00… < low + range

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
SPARE_WORDS = 4  # zeros that a decoder may read after the end
SMOOTHING = 1e-9  # added to weights, so that a table of zeros is uniform
Counts = npt.NDArray[np.uint32]
Symbols = npt.NDArray[np.int32]
Probabilities = npt.NDArray[np.float32]
Model: TypeAlias = "constriction.stream.model.Categorical"  # of symbols that share a table
Segment = tuple[Symbols | int, "Probabilities | Model"]  # (n,) symbols; (n, A) tables or one model


def integer_counts(weights: npt.NDArray[np.float64]) -> Counts:
    """(T, A) non-negative weights → (T, A) counts ≥ 1 whose rows sum to TOTAL."""
    width = weights.shape[1]
    smoothed = weights + SMOOTHING
    share = smoothed / smoothed.sum(axis=1, keepdims=True)
    counts = 1 + np.floor(share * (TOTAL - width)).astype(np.int64)
    counts[np.arange(len(counts)), counts.argmax(axis=1)] += TOTAL - counts.sum(axis=1)
    return np.asarray(counts, np.uint32)


def probabilities(counts: Counts) -> Probabilities:
    """(T, A) counts → (T, A) float32, exact."""
    return counts.astype(np.float32) / np.float32(TOTAL)


def model(table: Probabilities) -> Model:
    """(A,) probabilities → a model for symbols that share them, much faster than tables."""
    import constriction

    return constriction.stream.model.Categorical(table, perfect=False)


def encode(segments: Sequence[Segment]) -> bytes:
    """Segments, one after the other → the message."""
    import constriction

    stream = constriction.stream
    encoder = stream.queue.RangeEncoder()
    family = stream.model.Categorical(perfect=False)
    for symbols, tables in segments:
        if isinstance(tables, np.ndarray):
            encoder.encode(symbols, family, tables)
        else:
            encoder.encode(symbols, tables)
    words, (low, span) = encoder.pos()
    head: bytes = encoder.get_compressed().astype(">u4").tobytes()[: 4 * words]
    if low + span > 1 << 64:  # the interval holds the next number of that many words
        return (int.from_bytes(head) + 1).to_bytes(4 * words).rstrip(b"\0")
    return (head + _shortest(low, span)).rstrip(b"\0")


class Reader:
    """Reads a message, segment by segment."""

    def __init__(self, message: bytes) -> None:
        import constriction

        stream = constriction.stream
        padded = message + bytes(-len(message) % 4 + 4 * SPARE_WORDS)
        self._decoder = stream.queue.RangeDecoder(np.frombuffer(padded, ">u4").astype(np.uint32))
        self._family = stream.model.Categorical(perfect=False)

    def read(self, tables: Probabilities) -> Symbols:
        """(n, A) probabilities → the next n symbols. Raises BadCode for impossible bytes."""
        return self._decode(self._family, tables)

    def read_shared(self, shared: Model, count: int) -> Symbols:
        """The next `count` symbols, which share a model. Raises BadCode as read does."""
        return self._decode(shared, count)

    def _decode(self, *arguments: Any) -> Symbols:
        try:
            symbols: Symbols = self._decoder.decode(*arguments)
        except AssertionError as error:  # constriction's error for impossible bytes
            raise BadCode("this codec cannot have written a code: the row is damaged") from error
        return symbols


def _shortest(low: int, span: int) -> bytes:
    """The fewest bytes that, followed by zeros, are a 64-bit number in [low, low + span)."""
    for count in range(9):
        unit = 1 << (64 - 8 * count)
        point = -(-low // unit) * unit
        if point < low + span and point < 1 << 64:
            return (point >> (64 - 8 * count)).to_bytes(count) if count else b""
    raise AssertionError("eight bytes always suffice")
