"""Hits: what a search answers, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from archive.errors import UsageError
from archive.index.matches import Match
from archive.records import Row

SCORE_DIGITS = 6  # after the point
MATCH_DIGITS = 4  # likewise
ORDERS = ("score", "date", "-date")


@dataclass(frozen=True)
class Hit:
    """An archived image and its score: cosine of the query and vector_hat, −1 … 1.

    `match`, 0 … 1, says the same for every codec, archive and encoder: for words, how probable it
    is that unrelated ones fit no row as well; for a picture, the share of rows whose nearest other
    row is farther away. None if the query is a mixture of both.
    """

    id: int
    score: float
    path: str  # where the image was first found
    digest: str  # SHA-256 of the file, hexadecimal
    taken_at: datetime | None = None  # the camera's local time
    match: float | None = None
    is_match: bool = True  # whether the match is good enough to mean something, or not known
    row: Row = field(kw_only=True, compare=False, repr=False)  # as the search read it

    @classmethod
    def of(cls, row: Row, score: float, match: Match | None = None) -> Hit:
        """A row, its score and its match → the hit."""
        value = None if match is None else round(match.value, MATCH_DIGITS)
        return cls(
            row.id,
            round(score, SCORE_DIGITS),
            row.path,
            row.sha256.hex(),
            row.taken_at,
            match=value,
            is_match=match is None or match.is_real,
            row=row,
        )


def check_hit_order(order: str) -> None:
    """Raises UsageError for an order that there is none of."""
    if order not in ORDERS:
        raise UsageError(f"hits are sorted by {', '.join(ORDERS)}, not by {order!r}")


def in_order(hits: Sequence[Hit], order: str) -> list[Hit]:
    """Hits, best first → by score, by date (the oldest first) or -date; undated ones last."""
    if order == "score":
        return list(hits)
    dated = [hit for hit in hits if hit.taken_at is not None]
    undated = [hit for hit in hits if hit.taken_at is None]
    newest_first = order.startswith("-")
    return (
        sorted(dated, key=lambda hit: hit.taken_at or datetime.min, reverse=newest_first) + undated
    )
