"""The ledger: files that were not archived, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from sqlalchemy import Connection, delete, select

from archive.records import FileStamp, Place, SkippedFile, SkippedRecord
from archive.store import schema
from archive.store.clock import utc_now
from archive.store.database import Database, chunks, upsert

NO_STAMP = FileStamp(-1, -1)


class Ledger:
    """The table of skipped files."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[SkippedRecord]:
        """Every skipped file, by its path on its volume."""
        skipped = schema.Skipped
        query = select(skipped.__table__, schema.Volume.root).join(schema.Volume)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(skipped.path)).all()
        return [
            SkippedRecord(
                path=str(Path(row.root, row.path)),
                reason=row.reason,
                detail=row.detail,
                attempts=row.attempts,
                last_attempt=row.last_attempt,
            )
            for row in rows
        ]

    def places(self, volume_ids: Sequence[int]) -> list[tuple[int, str]]:
        """(volume id, path) of the skipped files on these volumes."""
        skipped = schema.Skipped
        query = select(skipped.volume_id, skipped.path).where(skipped.volume_id.in_(volume_ids))
        with self._database.reading() as connection:
            return [(row.volume_id, row.path) for row in connection.execute(query)]

    def forget(self, places: Sequence[tuple[int, str]]) -> None:
        """Removes (volume id, path): the cause is gone."""
        listed = [Place(*place, NO_STAMP) for place in places]
        with self._database.writing() as connection:
            self.remove(connection, listed)

    def put(self, connection: Connection, files: Sequence[SkippedFile]) -> None:
        """Adds these files; one that is listed already counts one more attempt."""
        attempt = {"attempts": 1, "last_attempt": utc_now()}
        values = [asdict(file) | attempt for file in files]
        upsert(
            connection,
            schema.Skipped,
            values,
            key=("volume_id", "path"),
            renew=("reason", "detail", "last_attempt"),
            also={"attempts": schema.Skipped.attempts + 1},
        )

    def remove(self, connection: Connection, places: Sequence[Place]) -> None:
        """Removes these paths, since they were archived after all or are gone."""
        skipped = schema.Skipped
        for volume_id in {place.volume_id for place in places}:
            paths = [place.path for place in places if place.volume_id == volume_id]
            for part in chunks(paths):
                listed = (skipped.volume_id == volume_id) & skipped.path.in_(part)
                connection.execute(delete(skipped).where(listed))
