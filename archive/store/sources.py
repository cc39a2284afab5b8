"""Sources: paths that held an image when they were last seen. Many paths may hold one image."""

from __future__ import annotations

import os
import warnings
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, select, tuple_, update

from archive.errors import DamagedRow
from archive.records import FileStamp, Place
from archive.store import schema
from archive.store.checksum import is_intact, with_crc32
from archive.store.clock import utc_now
from archive.store.database import PAGE, Database, chunks, upsert

STAMP = (
    schema.Source.size,
    schema.Source.mtime_ns,
    schema.Source.ctime_ns,
    schema.Source.inode,
)
RENEWAL = timedelta(days=1)  # how old `last_seen` may grow before it is written again


class Sources:
    """The table of sources."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def stamps(self, volume_id: int, paths: Sequence[str]) -> dict[str, FileStamp]:
        """The stamps of those of these paths that are known."""
        source = schema.Source
        stamps: dict[str, FileStamp] = {}
        with self._database.reading() as connection:
            for part in chunks(paths):
                listed = (source.volume_id == volume_id) & source.path.in_(part)
                for row in connection.execute(select(source.path, *STAMP).where(listed)):
                    stamps[row.path] = _stamp(row)
        return stamps

    def see_again(self, volume_id: int, paths: Sequence[str]) -> None:
        """Records that these unchanged files still exist.

        `last_seen` is renewed once a day, so that a daily run does not rewrite every row.
        """
        source = schema.Source
        now = utc_now()
        on_volume = (source.volume_id == volume_id) & (source.last_seen < now - RENEWAL)
        with self._database.writing() as connection:
            for part in chunks(paths):
                stale = on_volume & source.path.in_(part)
                connection.execute(update(source).where(stale).values(last_seen=now))

    def places(self, image_id: int) -> list[Place]:
        """Where an image was seen, the oldest first."""
        source = schema.Source
        columns = (source.volume_id, source.path, *STAMP)
        query = select(*columns).where(source.image_id == image_id).order_by(source.id)
        with self._database.reading() as connection:
            return [
                Place(row.volume_id, row.path, _stamp(row)) for row in connection.execute(query)
            ]

    def holding(self, image_ids: Collection[int]) -> set[tuple[int, int, str]]:
        """(image id, volume id, path) of all places of these images."""
        source = schema.Source
        columns = select(source.image_id, source.volume_id, source.path)
        with self._database.reading() as connection:
            return {
                (row.image_id, row.volume_id, row.path)
                for part in chunks(list(image_ids))
                for row in connection.execute(columns.where(source.image_id.in_(part)))
            }

    def all(self) -> Iterator[tuple[int, int, str]]:
        """(image id, volume id, path) of every place, by image, read a page at a time.

        The path of a damaged place is empty.
        """
        source = schema.Source
        query = select(source.__table__).order_by(source.image_id, source.id).limit(PAGE)
        key = tuple_(source.image_id, source.id)
        after: tuple[int, int] | None = None
        while True:
            with self._database.reading() as connection:
                page = connection.execute(query if after is None else query.where(key > after))
                rows = page.all()
            if not rows:
                return
            for row in rows:
                yield row.image_id, row.volume_id, row.path if is_intact(source, row) else ""
            after = (rows[-1].image_id, rows[-1].id)

    def count_images(self) -> dict[int, int]:
        """Volume → how many images were seen on it."""
        source = schema.Source
        images = func.count(source.image_id.distinct()).label("images")
        query = select(source.volume_id, images).group_by(source.volume_id)
        with self._database.reading() as connection:
            return {row.volume_id: row.images for row in connection.execute(query)}

    def paths(self, connection: Connection, image_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
        """Absolute paths by image, the oldest first, where the volumes were last mounted.

        A damaged place is left out, with a warning.
        """
        query = select(schema.Source.__table__).order_by(schema.Source.id)
        paths: dict[int, tuple[str, ...]] = {}
        roots: dict[int, str | None] = {}  # by volume; None for a damaged one
        for part in chunks(image_ids):
            for row in connection.execute(query.where(schema.Source.image_id.in_(part))):
                if row.volume_id not in roots:
                    roots[row.volume_id] = _root(connection, row.volume_id)
                root = roots[row.volume_id]
                if root is None or not is_intact(schema.Source, row):
                    warnings.warn(DamagedRow(row.image_id), stacklevel=2)
                    continue
                path = os.path.join(root, row.path)
                paths[row.image_id] = (*paths.get(row.image_id, ()), path)
        return paths

    def put(self, connection: Connection, places: Sequence[tuple[int, Place]]) -> None:
        """Records (image id, place): from now on the place holds this image."""
        now = utc_now()
        rows = [
            {
                "image_id": image_id,
                "volume_id": place.volume_id,
                "path": place.path,
                **asdict(place.stamp),
                "last_seen": now,
            }
            for image_id, place in places
        ]
        values = [with_crc32(schema.Source, row) for row in rows]
        renew = ("image_id", *(column.key for column in STAMP), "last_seen", "crc32")
        upsert(connection, schema.Source, values, key=("volume_id", "path"), renew=renew)

    def remove(self, connection: Connection, places: Sequence[Place]) -> None:
        """Forgets these paths."""
        source = schema.Source
        for place in places:
            same = (source.volume_id == place.volume_id) & (source.path == place.path)
            connection.execute(delete(source).where(same))


def _root(connection: Connection, volume_id: int) -> str | None:
    """Where a volume was last mounted; None for a damaged one."""
    query = select(schema.Volume.__table__).where(schema.Volume.id == volume_id)
    row = connection.execute(query).one_or_none()
    return row.root if row is not None and is_intact(schema.Volume, row) else None


def _stamp(row: Any) -> FileStamp:
    return FileStamp(row.size, row.mtime_ns, row.ctime_ns, row.inode)
