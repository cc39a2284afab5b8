"""Watchers: who watches which folders, since when, and when it was last heard of.

A watcher that ends removes its row. One that was killed leaves it. It stays, as not answering,
until another watcher of the same folders on the same machine takes its place, or for a month.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import String, and_, delete, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from archive.store.clock import utc_now
from archive.store.database import Database, upsert
from archive.store.schema import Base
from archive.store.types import json_loads

SILENCE = timedelta(minutes=3)  # after which a watcher counts as not answering
FORGOTTEN_AFTER = timedelta(days=30)


class Watcher(Base):
    """A process that watches folders."""

    __tablename__ = "watcher"

    # A random name of the run, hexadecimal.
    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    # The machine that it runs on, by name.
    host: Mapped[str]
    # Its process id there.
    pid: Mapped[int]
    # The folders that it watches: a JSON list of absolute paths.
    folders: Mapped[str]
    # When it was started (UTC).
    started_at: Mapped[datetime]
    # When it was last heard of (UTC).
    heartbeat_at: Mapped[datetime]
    # What it did last, in a few words; empty if nothing yet.
    outcome: Mapped[str]
    # When it did that (UTC); NULL if nothing yet.
    outcome_at: Mapped[datetime | None]


@dataclass(frozen=True)
class WatcherRecord:
    """A watcher as it is read back. Times are UTC."""

    id: str
    host: str
    pid: int
    folders: tuple[str, ...]  # absolute
    started_at: datetime
    heartbeat_at: datetime
    outcome: str = ""
    outcome_at: datetime | None = None
    is_answering: bool = True  # whether it was heard of minutes ago at most


class Watchers:
    """The table of watchers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, watcher: WatcherRecord) -> None:
        """A sign of life: the row is written, or renewed, with the time of now."""
        now = utc_now()
        values = {
            "id": watcher.id,
            "host": watcher.host,
            "pid": watcher.pid,
            "folders": json.dumps(watcher.folders),
            "started_at": watcher.started_at,
            "heartbeat_at": now,
            "outcome": watcher.outcome,
            "outcome_at": watcher.outcome_at,
        }
        same = and_(Watcher.host == watcher.host, Watcher.folders == values["folders"])
        replaced = and_(same, Watcher.heartbeat_at < now - SILENCE)
        obsolete = or_(replaced, Watcher.heartbeat_at < now - FORGOTTEN_AFTER)
        renew = ("heartbeat_at", "outcome", "outcome_at")
        with self._database.writing() as connection:
            connection.execute(delete(Watcher).where(obsolete, Watcher.id != watcher.id))
            upsert(connection, Watcher, [values], key=("id",), renew=renew)

    def remove(self, watcher_id: str) -> None:
        """The watcher has ended."""
        with self._database.writing() as connection:
            connection.execute(delete(Watcher).where(Watcher.id == watcher_id))

    def all(self) -> list[WatcherRecord]:
        """Every watcher, the oldest first."""
        query = select(Watcher.__table__).order_by(Watcher.started_at, Watcher.id)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        silent_before = utc_now() - SILENCE
        return [
            WatcherRecord(
                id=row.id,
                host=row.host,
                pid=row.pid,
                folders=tuple(json_loads(row.folders)),
                started_at=row.started_at,
                heartbeat_at=row.heartbeat_at,
                outcome=row.outcome,
                outcome_at=row.outcome_at,
                is_answering=row.heartbeat_at >= silent_before,
            )
            for row in rows
        ]
