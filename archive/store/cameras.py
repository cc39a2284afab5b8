"""Cameras: names that many rows share, each stored once."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, delete, select

from archive.store import schema
from archive.store.checksum import is_intact, with_crc32
from archive.store.database import Database, chunks, id_chunks, upsert

TABLE = schema.Camera.__table__


class Cameras:
    """The table of cameras."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> dict[int, str]:
        """Id → name, of intact rows."""
        with self._database.reading() as connection:
            rows = connection.execute(select(TABLE)).all()
        return {row.id: row.name for row in rows if is_intact(schema.Camera, row)}

    def names(self, connection: Connection, ids: Collection[object]) -> dict[int, str]:
        """Id → name, of those of these rows that are intact; what is no id is none."""
        names: dict[int, str] = {}
        for part in id_chunks([camera_id for camera_id in ids if isinstance(camera_id, int)]):
            rows = connection.execute(select(TABLE).where(TABLE.c.id.in_(part)))
            names |= {row.id: row.name for row in rows if is_intact(schema.Camera, row)}
        return names

    def put(self, connection: Connection, names: Collection[str | None]) -> dict[str, int]:
        """Name → id, of old and new ones."""
        distinct = sorted({name for name in names if name})
        values = [with_crc32(schema.Camera, {"name": name}) for name in distinct]
        upsert(connection, schema.Camera, values, key=("name",))
        ids: dict[str, int] = {}
        for part in chunks(distinct):
            rows = connection.execute(
                select(TABLE.c.name, TABLE.c.id).where(TABLE.c.name.in_(part))
            )
            ids |= {row.name: row.id for row in rows}
        return ids


def delete_unused_cameras(connection: Connection) -> None:
    """Deletes the names of cameras that no row has any more."""
    used = select(schema.Image.camera_id).where(schema.Image.camera_id.is_not(None))
    connection.execute(delete(schema.Camera).where(schema.Camera.id.not_in(used)))
