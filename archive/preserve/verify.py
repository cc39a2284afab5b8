"""Checks the database, every row by its checksum and codes, and the index. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from archive.codecs import Codec
from archive.decode_row import decode_row
from archive.errors import BadCode, DatabaseDamaged
from archive.index.search import Search
from archive.records import Damage, Row
from archive.store import Store, schema
from archive.store.intact import damaged


@dataclass(frozen=True)
class StaleDetail:
    """A detail that `verify` found to be written for other codes than its row has."""

    id: int  # of the row


def verify(
    store: Store, codecs: Mapping[int, Codec], search: Search
) -> Iterator[Row | Damage | StaleDetail]:
    """What is wrong with the database; every row, each followed by what is wrong with it; then what
    is wrong with other tables and the index, and details of other codes.
    """
    try:
        for problem in store.database.integrity():
            yield Damage(None, f"database: {problem}")
        for row in store.images.examine():
            yield row
            try:
                decode_row(row, codecs)
            except BadCode as error:
                yield Damage(row.id, str(error))
        yield from _records(store)
        yield from map(StaleDetail, store.details.stale())
        if disagreement := search.disagreement():
            yield Damage(None, disagreement)
    except DatabaseDamaged as error:
        yield Damage(None, str(error))


def _records(store: Store) -> Iterator[Damage]:
    for source in damaged(store.database, schema.Source):
        yield Damage(source.image_id, f"the record of its path {source.path} is damaged")
    for detail in damaged(store.database, schema.Detail):
        yield Damage(detail.image_id, "its detail is damaged")
    for table in (schema.Model, schema.Codec, schema.DetailSchedule, schema.Volume, schema.Camera):
        for row in damaged(store.database, table):
            yield Damage(None, f"row {row.id} of table {table.__tablename__} is damaged")
    for _ in damaged(store.database, schema.Tombstone):
        yield Damage(None, "a tombstone is damaged: its file can be archived again")
