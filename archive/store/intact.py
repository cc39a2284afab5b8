"""Damaged rows: found by their checksum, and left out with a warning."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import select

from archive.errors import DamagedRow
from archive.records import Row
from archive.store.checksum import Table, is_intact
from archive.store.database import PAGE, Database


def intact(rows: Iterable[Row]) -> Iterator[Row]:
    """Those of these rows that are as they were written. Warns of each of the others."""
    for row in rows:
        if row.intact:
            yield row
        else:
            warnings.warn(DamagedRow(row.id), stacklevel=2)


def damaged(database: Database, table: Table) -> Iterator[Any]:
    """The rows of any table that are not as they were written, read a page at a time."""
    columns = table.__table__
    [key] = columns.primary_key
    query = select(columns).order_by(key).limit(PAGE)
    page = _page(database, query)
    while page:
        yield from (row for row in page if not is_intact(table, row))
        page = _page(database, query.where(key > getattr(page[-1], key.name)))


def _page(database: Database, query: Any) -> Any:
    with database.reading() as connection:
        return connection.execute(query).all()
