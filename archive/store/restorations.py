"""Restorations: images regenerated from rows: where they are, and how well they score.

An audit is a restoration that has scores and no file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields

from sqlalchemy import Select, func, select

from archive.records import AUDITED, RestorationRecord
from archive.store import schema
from archive.store.database import Database, chunks, insert_one

TABLE = schema.Restoration.__table__
COLUMNS = [TABLE.c[field.name] for field in fields(RestorationRecord)]


class Restorations:
    """The table of restorations."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, restoration: RestorationRecord) -> None:
        """Records a restoration or an audit."""
        with self._database.writing() as connection:
            insert_one(connection, schema.Restoration, asdict(restoration))

    def latest(self, image_id: int, path: str) -> RestorationRecord | None:
        """The latest restoration of this row to this path."""
        same = (TABLE.c.image_id == image_id) & (TABLE.c.path == path)
        newest_first = select(*COLUMNS).where(same).order_by(TABLE.c.id.desc())
        return next(iter(self._select(newest_first.limit(1))), None)

    def paths(self, image_id: int) -> list[str]:
        """Where files restored from this row were written, the oldest first."""
        written = (TABLE.c.image_id == image_id) & (TABLE.c.path != "")
        query = select(TABLE.c.path).where(written).order_by(TABLE.c.id)
        with self._database.reading() as connection:
            return list(dict.fromkeys(connection.execute(query).scalars()))

    def audits(self, image_ids: Sequence[int]) -> list[RestorationRecord]:
        """All audits of these rows, the oldest first."""
        audits = select(*COLUMNS).where(TABLE.c.state == AUDITED).order_by(TABLE.c.id)
        return [
            audit
            for part in chunks(image_ids)
            for audit in self._select(audits.where(TABLE.c.image_id.in_(part)))
        ]

    def worst_audits(self, count: int) -> list[RestorationRecord]:
        """Of each row's latest audit, the `count` with the lowest CLIP similarity, lowest first."""
        audit_ids = select(func.max(TABLE.c.id)).where(TABLE.c.state == AUDITED)
        latest = TABLE.c.id.in_(audit_ids.group_by(TABLE.c.image_id))
        similarity = TABLE.c.scores["clip_similarity"].as_float()
        lowest_first = select(*COLUMNS).where(latest).order_by(similarity, TABLE.c.image_id)
        return self._select(lowest_first.limit(count))

    def _select(self, query: Select[tuple[object, ...]]) -> list[RestorationRecord]:
        with self._database.reading() as connection:
            return [RestorationRecord(**row._mapping) for row in connection.execute(query)]
