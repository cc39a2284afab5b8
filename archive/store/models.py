"""Models: the encoder that made an archive's vectors, and the decoder that belongs to it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, replace

from sqlalchemy import select, update

from archive.errors import ArchiveReadOnly, NotFound
from archive.records import ModelRecord
from archive.store import schema
from archive.store.database import Database, insert_one


class Models:
    """The table of models."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, model: ModelRecord) -> ModelRecord:
        """→ the record with its id; the same weights are stored once."""
        values = asdict(model)
        del values["id"]
        same_weights = schema.Model.weights_sha256 == model.weights_sha256
        with self._database.exclusive() as connection:
            known_id = connection.execute(select(schema.Model.id).where(same_weights)).scalar()
            return replace(model, id=known_id or insert_one(connection, schema.Model, values))

    def get(self, model_id: int) -> ModelRecord:
        """Raises NotFound."""
        query = select(schema.Model.__table__).where(schema.Model.id == model_id)
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFound(f"no model {model_id} in this archive")
        return ModelRecord(**row._mapping)

    def set_decoder(self, model_id: int, weights_sha256: str) -> None:
        """Records the decoder's weights at the first restoration; later calls change nothing.

        Nothing is recorded in a read-only archive.
        """
        undecided = (schema.Model.id == model_id) & schema.Model.decoder_sha256.is_(None)
        statement = update(schema.Model).where(undecided).values(decoder_sha256=weights_sha256)
        with suppress(ArchiveReadOnly), self._database.writing() as connection:
            connection.execute(statement)
