"""Tombstones: digests of files that were forgotten and are not to be archived again."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, delete, select

from archive.records import TombstoneRecord
from archive.store import schema
from archive.store.checksum import is_intact, with_crc32
from archive.store.clock import utc_now
from archive.store.database import Database, chunks, upsert

TABLE = schema.Tombstone.__table__


class Tombstones:
    """The table of tombstones."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[TombstoneRecord]:
        """Every intact tombstone, the newest last."""
        query = select(TABLE).order_by(TABLE.c.forgotten_at, TABLE.c.sha256)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return [
            TombstoneRecord(row.sha256, row.forgotten_at)
            for row in rows
            if is_intact(schema.Tombstone, row)
        ]

    def of(self, digests: Sequence[bytes]) -> set[bytes]:
        """Those of these digests that have one."""
        with self._database.reading() as connection:
            return self.of_in(connection, digests)

    def of_in(self, connection: Connection, digests: Sequence[bytes]) -> set[bytes]:
        """Those of these digests that have one."""
        buried: set[bytes] = set()
        for part in chunks(digests):
            query = select(TABLE.c.sha256).where(TABLE.c.sha256.in_(part))
            buried.update(connection.execute(query).scalars())
        return buried

    def add(self, connection: Connection, digests: Collection[bytes]) -> None:
        """From now on files of these digests are not archived."""
        now = utc_now()
        rows = [{"sha256": digest, "forgotten_at": now} for digest in digests]
        values = [with_crc32(schema.Tombstone, row) for row in rows]
        upsert(connection, schema.Tombstone, values, key=("sha256",))

    def remove(self, connection: Connection, digests: Sequence[bytes]) -> None:
        """Files of these digests may be archived again."""
        for part in chunks(digests):
            listed = schema.Tombstone.sha256.in_(part)
            connection.execute(delete(schema.Tombstone).where(listed))
