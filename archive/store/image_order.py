"""Rows in pages: by id or by date, from either end, from where the last page ended.

By date, rows of one date are by id, and those without a date come last.
"""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select

from archive.filters import Filters
from archive.records import Row
from archive.store import schema
from archive.store.database import Database
from archive.store.images import Images
from archive.store.selection import Selection

IMAGE = schema.Image
FIRST = datetime(1, 1, 1)
LAST = datetime(9999, 12, 31)


class Sort(enum.StrEnum):
    """What rows are sorted by; `-`: downwards. Rows without a date come last."""

    ID = "id"
    ID_DOWN = "-id"
    DATE = "date"
    DATE_DOWN = "-date"

    @property
    def by_date(self) -> bool:
        """Whether the date decides first."""
        return self in (Sort.DATE, Sort.DATE_DOWN)

    @property
    def downwards(self) -> bool:
        """Whether the highest comes first."""
        return self in (Sort.ID_DOWN, Sort.DATE_DOWN)

    @property
    def no_date(self) -> datetime:
        """What stands for a date that is not known."""
        return FIRST if self.downwards else LAST

    def key(self, row: Row) -> tuple[datetime | int, ...]:
        """What a row is sorted by."""
        return (row.taken_at or self.no_date, row.id) if self.by_date else (row.id,)


class ImageOrder:
    """The table of rows, sorted."""

    def __init__(self, database: Database, images: Images, selection: Selection) -> None:
        self._database = database
        self._images = images
        self._selection = selection

    def page(
        self, filters: Filters, sort: Sort, after: Sequence[datetime | int], limit: int
    ) -> list[Row]:
        """At most `limit` rows behind the one with the key `after`, or the first if that is empty.

        Those that meet what SQL can decide, damaged ones, too. Raises NotFound as Selection does.
        """
        date = func.coalesce(IMAGE.taken_at, sort.no_date)
        columns = (date, IMAGE.id) if sort.by_date else (IMAGE.id,)
        query = select(IMAGE.id).where(*self._selection.conditions(filters)).limit(limit)
        query = query.order_by(*(column.desc() if sort.downwards else column for column in columns))
        if after:
            query = query.where(_is_behind(date, sort, after))
        with self._database.reading() as connection:
            ids = list(connection.execute(query).scalars())
        rows = self._images.find(ids)
        return [rows[image_id] for image_id in ids if image_id in rows]


def _is_behind(date: ColumnElement[datetime], sort: Sort, after: Key) -> ColumnElement[bool]:
    image = schema.Image
    if not sort.by_date:
        return image.id < after[0] if sort is Sort.ID_DOWN else image.id > after[0]
    later = date < after[0] if sort is Sort.DATE_DOWN else date > after[0]
    return or_(later, (date == after[0]) & (image.id > after[1]))
