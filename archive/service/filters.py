"""Which rows are meant: the one place that knows what can be filtered by.

Every operation that lists or finds rows depends on `Meant`. In a list, what SQL cannot decide is
decided on rows that were read, at most SCANNED of them in one request: a page may then have fewer
rows than were asked for, and a cursor.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query
from pydantic import Field

from archive.filters import Filters
from archive.records import Row
from archive.selection import row_test
from archive.service.served import ServedArchive
from archive.store.image_order import Key, Sort

SCANNED = 20_000  # rows
PAGE = 1000  # rows that are read at a time
MOST_HITS = 1000  # of a search
LONGEST = 500  # characters of a condition
MOST_CONDITIONS = 16

Condition = Annotated[str, Field(max_length=LONGEST)]
Text = Annotated[str | None, Query(max_length=LONGEST)]
Moment = Annotated[str | None, Query(max_length=LONGEST, examples=["2019-08"])]


async def _filters(
    *,
    where: Annotated[
        list[Condition],
        Query(
            default_factory=list,
            description="A condition like `width>1000` or `path~*/2019/*`; repeatable, and all "
            "must be met.",
            max_length=MOST_CONDITIONS,
            examples=["width>1000"],
        ),
    ],
    since: Moment = None,
    until: Moment = None,
    under: Annotated[Text, Query(description="A folder that the file was seen below.")] = None,
    camera: Annotated[Text, Query(description="A part of the camera's name.")] = None,
    image_format: Annotated[Text, Query(alias="format", examples=["jpeg"])] = None,
    near: Annotated[Text, Query(description="LAT,LON,KM", examples=["48.85,2.35,10"])] = None,
    volume: Annotated[Text, Query(description="Label or marker of a volume.")] = None,
    has_original: Annotated[bool, Query(description="The original can be seen now.")] = False,
) -> Filters:
    return Filters(
        since=since,
        until=until,
        under=under,
        camera=camera,
        format=image_format,
        near=near,
        volume=volume,
        has_original=has_original,
        where=where,
    )


Meant = Annotated[Filters, Depends(_filters)]


def select(
    served: ServedArchive, filters: Filters, sort: Sort, after: Key, limit: int
) -> tuple[list[Row], Key | None]:
    """Rows behind a key → at most `limit` that are meant, and the key to go on behind; None at the
    end.
    """
    is_meant = row_test(served.archive.store, filters)
    size = limit + 1 if filters.is_sql and filters.circle is None else PAGE
    rows: list[Row] = []
    for _ in range(0, SCANNED, size):
        page = served.archive.store.image_order.page(filters, sort, after, size)
        for row in page:
            if len(rows) == limit:
                return rows, after
            after = sort.key(row)
            if row.intact and _is_within(filters, row) and is_meant(row):
                rows.append(row)
        if len(page) < size:
            return rows, None
    return rows, after


def _is_within(filters: Filters, row: Row) -> bool:
    """Whether a row is in the circle that is asked for; SQL lets through what is in its box."""
    if filters.circle is None or row.latitude_e5 is None or row.longitude_e5 is None:
        return filters.circle is None
    return filters.circle.holds(row.latitude_e5, row.longitude_e5)
