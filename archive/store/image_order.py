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

Key = tuple[datetime | int, ...]
"""What a row is sorted by: (id,) or (date, id)."""


class Sort(enum.StrEnum):
    """What rows are sorted by; `-`: downwards."""

    ID = "id"
    ID_DOWN = "-id"
    DATE = "date"
    DATE_DOWN = "-date"

    @property
    def by_date(self) -> bool:
        """Whether the date decides first."""
        return self in (Sort.DATE, Sort.DATE_DOWN)

    def key(self, row: Row) -> Key:
        """What a row is sorted by."""
        return (row.taken_at or self.last_date, row.id) if self.by_date else (row.id,)

    @property
    def last_date(self) -> datetime:
        """That of rows without one."""
        return datetime.min if self is Sort.DATE_DOWN else datetime.max


class ImageOrder:
    """The table of rows, sorted."""

    def __init__(self, database: Database, images: Images, selection: Selection) -> None:
        self._database = database
        self._images = images
        self._selection = selection

    def page(self, filters: Filters, sort: Sort, after: Key, limit: int) -> list[Row]:
        """At most `limit` rows behind the key `after`, or the first if that is empty.

        Of the filters, what SQL can decide; damaged rows, too. Raises NotFound.
        """
        image = schema.Image
        query = select(image.id).where(*self._selection.conditions(filters)).limit(limit)
        date = func.coalesce(image.taken_at, sort.last_date)
        if sort.by_date:
            query = query.order_by(date.desc() if sort is Sort.DATE_DOWN else date, image.id)
        else:
            query = query.order_by(image.id.desc() if sort is Sort.ID_DOWN else image.id)
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
