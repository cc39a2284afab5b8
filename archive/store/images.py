"""What ingest asks and writes: volumes, places, images, the ledger. A batch is one transaction."""

from __future__ import annotations

import os
import zlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, select, update

from archive.records import Batch, FileStamp, NewImage, Place, SkippedFile
from archive.store import schema
from archive.store.database import Database, chunks, upsert

RENEWED = timedelta(days=1)  # how old "last seen" may grow before it is written again


def utc_now() -> datetime:
    """To the second and without a zone, as the tables hold it."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


def crc32_of(clip_code: bytes, color_code: bytes) -> int:
    """The checksum a row carries: over both codes, one after the other."""
    return zlib.crc32(color_code, zlib.crc32(clip_code))


class Intake:
    """The writing half of a store."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def see_volume(self, *, marker: str, label: str, root: str) -> int:
        """A volume is here, mounted at `root` → its id."""
        seen = {"marker": marker, "label": label, "root": root, "last_seen": utc_now()}
        with self.database.writing() as connection:
            upsert(
                connection,
                schema.Volume,
                [seen],
                key=("marker",),
                renew=("label", "root", "last_seen"),
            )
            return connection.execute(
                select(schema.Volume.id).where(schema.Volume.marker == marker)
            ).scalar_one()

    def stamps(self, volume_id: int, paths: Sequence[str]) -> dict[str, FileStamp]:
        """The stamps of those paths that are known."""
        source = schema.Source
        known: dict[str, FileStamp] = {}
        with self.database.reading() as connection:
            for part in chunks(paths):
                wanted = (source.volume_id == volume_id) & source.path.in_(part)
                query = select(source.path, source.size, source.mtime_ns).where(wanted)
                known |= {
                    row.path: FileStamp(row.size, row.mtime_ns) for row in connection.execute(query)
                }
        return known

    def see_again(self, volume_id: int, paths: Sequence[str]) -> None:
        """These unchanged files are still there. Renewed once a day, so that a daily run does not rewrite every row."""
        source = schema.Source
        now = utc_now()
        with self.database.writing() as connection:
            for part in chunks(paths):
                wanted = (
                    (source.volume_id == volume_id)
                    & source.path.in_(part)
                    & (source.last_seen < now - RENEWED)
                )
                connection.execute(update(source).where(wanted).values(last_seen=now))

    def image_ids(self, digests: Sequence[bytes]) -> dict[bytes, int]:
        """The ids of those files that are archived already."""
        with self.database.reading() as connection:
            return _image_ids(connection, digests)

    def places(self, image_id: int) -> list[Place]:
        """Where an image was seen, the oldest first."""
        source = schema.Source
        query = select(source.volume_id, source.path, source.size, source.mtime_ns).where(
            source.image_id == image_id
        )
        with self.database.reading() as connection:
            rows = connection.execute(query.order_by(source.id)).all()
        return [Place(row.volume_id, row.path, FileStamp(row.size, row.mtime_ns)) for row in rows]

    def add_batch(self, codec_id: int, batch: Batch) -> dict[bytes, int]:
        """Writes a batch in one transaction → ids by digest, also of images somebody else wrote first."""
        with self.database.writing() as connection:
            values = [_image_values(codec_id, image) for image in batch.images]
            upsert(connection, schema.Image, values, key=("sha256",), renew=())
            places = [(image.sha256, image.place) for image in batch.images] + list(batch.sightings)
            ids = _image_ids(connection, [digest for digest, _ in places])
            _forget_places(connection, batch.gone)
            _put_places(connection, [(ids[digest], place) for digest, place in places])
            _put_skipped(connection, batch.skipped)
        return ids

    def _paths(
        self, connection: Connection, image_ids: Sequence[int]
    ) -> dict[int, tuple[str, ...]]:
        """Absolute paths by image, as the volumes were last mounted."""
        source = schema.Source
        paths: dict[int, tuple[str, ...]] = {}
        for part in chunks(image_ids):
            query = select(source.image_id, source.path, schema.Volume.root).join(schema.Volume)
            for row in connection.execute(
                query.where(source.image_id.in_(part)).order_by(source.id)
            ):
                paths[row.image_id] = (
                    *paths.get(row.image_id, ()),
                    os.path.join(row.root, row.path),
                )
        return paths


def _image_ids(connection: Connection, digests: Sequence[bytes]) -> dict[bytes, int]:
    ids: dict[bytes, int] = {}
    for part in chunks(digests):
        query = select(schema.Image.sha256, schema.Image.id).where(schema.Image.sha256.in_(part))
        ids |= {row.sha256: row.id for row in connection.execute(query)}
    return ids


def _put_places(connection: Connection, places: Sequence[tuple[int, Place]]) -> None:
    """Each place holds its image now, and stands in the ledger no more."""
    seen = utc_now()
    values = [
        {
            "image_id": image_id,
            "volume_id": place.volume_id,
            "path": place.path,
            "size": place.stamp.size,
            "mtime_ns": place.stamp.mtime_ns,
            "last_seen": seen,
        }
        for image_id, place in places
    ]
    renew = ("image_id", "size", "mtime_ns", "last_seen")
    upsert(connection, schema.Source, values, key=("volume_id", "path"), renew=renew)
    skipped = schema.Skipped
    for part in chunks([(place.volume_id, place.path) for _, place in places]):
        for volume_id in {volume_id for volume_id, _ in part}:
            paths = [path for on, path in part if on == volume_id]
            connection.execute(
                delete(skipped).where(skipped.volume_id == volume_id, skipped.path.in_(paths))
            )


def _forget_places(connection: Connection, places: Sequence[Place]) -> None:
    source = schema.Source
    for place in places:
        connection.execute(
            delete(source).where(source.volume_id == place.volume_id, source.path == place.path)
        )


def _put_skipped(connection: Connection, skipped: Sequence[SkippedFile]) -> None:
    """Into the ledger; one more attempt where a path stands there already."""
    when = {"attempts": 1, "last_attempt": utc_now()}
    again = {"attempts": schema.Skipped.attempts + 1}
    renew = ("reason", "detail", "last_attempt")
    values = [asdict(file) | when for file in skipped]
    upsert(connection, schema.Skipped, values, key=("volume_id", "path"), renew=renew, also=again)


def _image_values(codec_id: int, image: NewImage) -> dict[str, Any]:
    return {
        "codec_id": codec_id,
        "sha256": image.sha256,
        "clip_code": image.clip_code,
        "color_code": image.color_code,
        "crc32": crc32_of(image.clip_code, image.color_code),
        "width": image.width,
        "height": image.height,
        "format": image.format,
        "file_bytes": image.place.stamp.size,
        "flags": int(image.flags),
        "taken_at": image.taken_at,
        "archived_at": utc_now(),
        "fidelity": None,
    }
