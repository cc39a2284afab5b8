"""Pictures drawn from rows: where they lie, how well they came out, and which of several a row asks for.

Audits among them have scores, and no file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields

from sqlalchemy import Select, func, select, update

from archive.records import AUDITED, RestorationRecord, Row
from archive.store import schema
from archive.store.database import Database, chunks, insert_one

TABLE = schema.Restoration.__table__
COLUMNS = [TABLE.c[field.name] for field in fields(RestorationRecord)]


class Restorations:
    """The part of a store that remembers what was drawn."""

    database: Database

    def add_restoration(self, restoration: RestorationRecord) -> None:
        with self.database.writing() as connection:
            insert_one(connection, schema.Restoration, asdict(restoration))

    def restoration_at(self, image_id: int, path: str) -> RestorationRecord | None:
        """The latest picture of this row written to this path."""
        of_row = select(*COLUMNS).where(TABLE.c.image_id == image_id, TABLE.c.path == path)
        return next(iter(self._restorations(of_row.order_by(TABLE.c.id.desc()).limit(1))), None)

    def audits(self, image_ids: Sequence[int]) -> list[RestorationRecord]:
        """All audits of these rows, the oldest first."""
        wanted = select(*COLUMNS).where(TABLE.c.state == AUDITED).order_by(TABLE.c.id)
        return [
            one
            for part in chunks(image_ids)
            for one in self._restorations(wanted.where(TABLE.c.image_id.in_(part)))
        ]

    def worst_audits(self, count: int) -> list[RestorationRecord]:
        """The latest audit of each row: the `count` of the lowest clip similarity, the lowest first."""
        latest = (
            select(func.max(TABLE.c.id)).where(TABLE.c.state == AUDITED).group_by(TABLE.c.image_id)
        )
        similarity = TABLE.c.scores["clip_similarity"].as_float()
        worst = (
            select(*COLUMNS)
            .where(TABLE.c.id.in_(latest))
            .order_by(similarity, TABLE.c.image_id)
            .limit(count)
        )
        return self._restorations(worst)

    def unchosen(self) -> list[int]:
        """The ids of rows that no candidate was chosen for."""
        with self.database.reading() as connection:
            query = (
                select(schema.Image.id)
                .where(schema.Image.choice.is_(None))
                .order_by(schema.Image.id)
            )
            return list(connection.execute(query).scalars())

    def choose(self, row: Row, choice: int) -> None:
        """The row asks for this candidate from now on, unless its codes have changed meanwhile."""
        same = (schema.Image.id == row.id) & (schema.Image.codec_id == row.codec_id)
        with self.database.writing() as connection:
            connection.execute(update(schema.Image).where(same).values(choice=choice))

    def _restorations(self, query: Select[tuple[object, ...]]) -> list[RestorationRecord]:
        with self.database.reading() as connection:
            return [RestorationRecord(**row._mapping) for row in connection.execute(query)]
