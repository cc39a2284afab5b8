"""Volumes: the file systems that images came from."""

from __future__ import annotations

from dataclasses import fields

from sqlalchemy import select

from archive.records import VolumeRecord
from archive.store import schema
from archive.store.checksum import is_intact, with_crc32
from archive.store.clock import utc_now
from archive.store.database import Database, upsert


class Volumes:
    """The table of volumes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def see(self, *, marker: str, label: str, root: str) -> int:
        """Records that a volume is mounted at `root` → its id."""
        values = {"marker": marker, "label": label, "root": root, "last_seen": utc_now()}
        values = with_crc32(schema.Volume, values)
        renew = ("label", "root", "last_seen", "crc32")
        query = select(schema.Volume.id).where(schema.Volume.marker == marker)
        with self._database.writing() as connection:
            upsert(connection, schema.Volume, [values], key=("marker",), renew=renew)
            return connection.execute(query).scalar_one()

    def all(self) -> list[VolumeRecord]:
        """Every intact volume, by id."""
        query = select(schema.Volume.__table__).order_by(schema.Volume.id)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        names = [field.name for field in fields(VolumeRecord)]
        return [
            VolumeRecord(**{name: getattr(row, name) for name in names})
            for row in rows
            if is_intact(schema.Volume, row)
        ]
