"""Models: the encoder that made an archive's vectors, and the decoder that belongs to it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, fields, replace
from typing import Any

from sqlalchemy import select, update

from archive.errors import ArchiveReadOnly, DatabaseDamaged, NotFound
from archive.records import ModelRecord
from archive.store import schema
from archive.store.checksum import is_intact, with_crc32
from archive.store.database import Database, insert_one


class Models:
    """The table of models."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, model: ModelRecord) -> ModelRecord:
        """→ the record with its id; the same weights are stored once."""
        values = asdict(model)
        del values["id"]
        values = with_crc32(schema.Model, values)
        same_weights = schema.Model.weights_sha256 == model.weights_sha256
        with self._database.exclusive() as connection:
            known_id = connection.execute(select(schema.Model.id).where(same_weights)).scalar()
            return replace(model, id=known_id or insert_one(connection, schema.Model, values))

    def get(self, model_id: int) -> ModelRecord:
        """Raises NotFound, DatabaseDamaged."""
        query = select(schema.Model.__table__).where(schema.Model.id == model_id)
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFound(f"no model {model_id} in this archive")
        return _record(row)

    def set_decoder(self, model_id: int, weights_sha256: str) -> None:
        """Records the decoder's weights at the first restoration; later calls change nothing.

        Nothing is recorded in a read-only archive.
        """
        this = schema.Model.id == model_id
        undecided = this & schema.Model.decoder_sha256.is_(None)
        query = select(schema.Model.__table__).where(undecided)
        with suppress(ArchiveReadOnly), self._database.writing() as connection:
            row = connection.execute(query).one_or_none()
            if row is not None:
                values = {**asdict(_record(row)), "decoder_sha256": weights_sha256}
                values = with_crc32(schema.Model, values)
                connection.execute(update(schema.Model).where(this).values(values))


def _record(row: Any) -> ModelRecord:
    """Raises DatabaseDamaged."""
    if not is_intact(schema.Model, row):
        raise DatabaseDamaged(
            f"the row of model {row.id} is damaged; restore the database from a copy"
        )
    return ModelRecord(**{field.name: getattr(row, field.name) for field in fields(ModelRecord)})
