"""Which rows are meant: the one place that knows what can be filtered by.

Every operation that lists or finds rows depends on `filters`. Rows are looked at a page at a time,
at most SCANNED in one request: a page may then have fewer rows than were asked for, and a cursor.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query
from pydantic import Field

from archive.arrays import Vectors
from archive.filters import row_filter
from archive.records import Row
from archive.service.served import ServedArchive
from archive.store.image_order import Sort

SCANNED = 20_000  # rows
PAGE = 1000  # rows that are read at a time
MOST_HITS = 1000  # of a search
LONGEST = 500  # characters of a condition
MOST_CONDITIONS = 16

Condition = Annotated[str, Field(max_length=LONGEST)]
Key = tuple[datetime | int, ...]


@dataclass(frozen=True)
class RowFilters:
    """Conditions that a row must meet, all of them."""

    where: tuple[str, ...] = ()
    under: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether every row is meant."""
        return not self.where and self.under is None

    def test(self) -> Callable[[Row], bool]:
        """Whether a row is meant; no damaged one is. Raises UsageError."""
        meets = row_filter(self.where)
        if self.under is None:
            return lambda row: row.intact and meets(row)
        folder = os.path.abspath(self.under)
        inside = os.path.join(folder, "")

        def is_under(row: Row) -> bool:
            below = any(path == folder or path.startswith(inside) for path in row.paths)
            return row.intact and below and meets(row)

        return is_under


async def _filters(
    *,
    where: Annotated[
        list[Condition],
        Query(
            default_factory=list,
            description="A condition like `width>1000`, `format=JPEG` or `path~*/2019/*`; "
            "repeatable, and all must be met.",
            max_length=MOST_CONDITIONS,
            examples=["width>1000"],
        ),
    ],
    under: Annotated[
        str | None,
        Query(description="A folder that the file was seen below.", max_length=LONGEST),
    ] = None,
) -> RowFilters:
    return RowFilters(tuple(where), under)


Filters = Annotated[RowFilters, Depends(_filters)]


def select(
    served: ServedArchive, filters: RowFilters, sort: Sort, after: Key, limit: int
) -> tuple[list[Row], Key | None]:
    """Rows behind a key → at most `limit` that are meant, and the key to go on behind; None at the
    end.
    """
    meets = filters.test()
    rows: list[Row] = []
    for _ in range(0, SCANNED, PAGE):
        size = PAGE if not filters.is_empty else limit + 1
        page = served.archive.store.image_order.page(sort, after, size)
        for row in page:
            if len(rows) == limit:
                return rows, after
            after = sort.key(row)
            if meets(row):
                rows.append(row)
        if len(page) < size:
            return rows, None
    return rows, after


def find(
    served: ServedArchive,
    vector: Vectors,
    filters: RowFilters,
    count: int,
    leave_out: Sequence[int],
) -> list[tuple[float, Row]]:
    """(D,) query → at most `count` rows that are meant, best first, and their scores."""
    meets = filters.test()
    archive = served.archive
    archive.refresh()
    wanted = count + len(leave_out) if filters.is_empty else MOST_HITS + len(leave_out)
    hits = archive.search(vector, limit=wanted)
    rows = archive.store.images.find([hit.id for hit in hits])
    ranked = [
        (hit.score, rows[hit.id])
        for hit in hits
        if hit.id in rows and hit.id not in leave_out and meets(rows[hit.id])
    ]
    return ranked[:count]
