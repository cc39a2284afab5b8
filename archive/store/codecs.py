"""Codecs: how the codes of rows are read. Added, never changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from hashlib import sha256

from sqlalchemy import Connection, func, select

from archive.errors import DatabaseDamaged
from archive.records import CodecRecord
from archive.store import schema
from archive.store.checksum import is_intact, with_crc32
from archive.store.database import Database, insert_one


class Codecs:
    """The table of codecs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, codec: CodecRecord, *, unless: Callable[[CodecRecord], bool] = lambda _: False
    ) -> CodecRecord:
        """→ the record with its id; from now on rows are written with it.

        If there is one that is as good (`unless`), possibly of another process, that one.
        """
        values = asdict(codec)
        del values["id"]
        values["state_sha256"] = sha256(codec.state).hexdigest()
        values = with_crc32(schema.Codec, values)
        with self._database.exclusive() as connection:
            for known in self._records(connection):
                if unless(known):
                    return known
            return replace(codec, id=insert_one(connection, schema.Codec, values))

    def newest(self) -> int:
        """The highest id."""
        with self._database.reading() as connection:
            return connection.execute(select(func.max(schema.Codec.id))).scalar_one()

    def all(self) -> list[CodecRecord]:
        """Oldest first; new rows have the last. Raises DatabaseDamaged if a row is."""
        with self._database.reading() as connection:
            return self._records(connection)

    def _records(self, connection: Connection) -> list[CodecRecord]:
        query = select(schema.Codec.__table__).order_by(schema.Codec.id)
        rows = connection.execute(query).all()
        for row in rows:
            digest = sha256(row.state).hexdigest()
            if digest != row.state_sha256 or not is_intact(schema.Codec, row):
                raise DatabaseDamaged(
                    f"the row of codec {row.id} is damaged; restore the database from a copy"
                )
        return [
            CodecRecord(
                model_id=row.model_id,
                name=row.name,
                parameters=row.parameters,
                created_at=row.created_at,
                state=row.state,
                id=row.id,
            )
            for row in rows
        ]
