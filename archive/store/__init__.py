"""Rows, the only truth. SQLAlchemy's door.

    tables      what is stored                    database    engines, transactions, migrations
    intake      writing what ingest found         restorations   pictures drawn from rows, and their scores
    this        one archive's models, codecs and rows, read and kept

Writing is idempotent: a digest occurs once, a place occurs once, and whoever comes second only renews what was seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, select, update

from archive.errors import ColdframeError, NoArchive, NotFound
from archive.records import (
    CodecRecord,
    Flag,
    ModelRecord,
    NewCodes,
    Row,
    SkippedRecord,
    VolumeRecord,
    choice_bits,
)
from archive.settings import DATABASE_NAME, Settings
from archive.store import schema
from archive.store.database import Database, chunks, insert_one
from archive.store.images import Intake, crc32_of
from archive.store.restorations import Restorations

PAGE = 4096  # rows fetched at a time where all are read


@dataclass(frozen=True)
class Totals:
    """Sums over all rows."""

    images: int
    original_bytes: int
    pixels: int
    clip_bytes: int
    color_bytes: int
    choice_bits: int


class Store(Intake, Restorations):
    """The tables of one archive."""

    @classmethod
    def create(cls, settings: Settings) -> Store:
        """Makes the tables, or brings older ones up to date."""
        store = cls(Database(settings))
        store.database.migrate()
        return store

    @classmethod
    def open(cls, settings: Settings) -> Store:
        """Raises NoArchive where there is none."""
        directory = settings.directory
        if (
            directory is not None
            and directory.is_dir()
            and not (directory / DATABASE_NAME).is_file()
        ):
            raise NoArchive(
                f"there is no archive in {settings.location}; make one with `coldframe init`"
            )
        if directory is not None and not directory.exists():
            raise NoArchive(
                f"there is no archive at {settings.location}; make one with `coldframe init`"
            )
        store = cls(Database(settings))
        store.database.check_revision()
        return store

    def close(self) -> None:
        self.database.close()

    def bytes_on_disk(self) -> int:
        """Bytes of the whole database, what is not yet checkpointed included."""
        return self.database.bytes_on_disk()

    # Models and codecs: few rows, never changed once used.

    def add_model(self, model: ModelRecord) -> ModelRecord:
        """→ the record with its id; the same weights are stored once."""
        with self.database.writing() as connection:
            same = select(schema.Model.id).where(
                schema.Model.weights_sha256 == model.weights_sha256
            )
            known = connection.execute(same).scalar()
            return replace(model, id=known or insert_one(connection, schema.Model, _values(model)))

    def add_codec(self, codec: CodecRecord) -> CodecRecord:
        """→ the record with its id; from now on rows are written with it."""
        values = _values(codec) | {"state_sha256": sha256(codec.state).hexdigest()}
        with self.database.writing() as connection:
            return replace(codec, id=insert_one(connection, schema.Codec, values))

    def codecs(self) -> list[CodecRecord]:
        """Oldest first; rows are written with the last. Raises ColdframeError if a fitted state has changed."""
        with self.database.reading() as connection:
            found = connection.execute(
                select(schema.Codec.__table__).order_by(schema.Codec.id)
            ).all()
        for row in found:
            if sha256(row.state).hexdigest() != row.state_sha256:
                raise ColdframeError(
                    f"the state of codec {row.id} ({row.name}) is damaged; restore the database from a copy"
                )
        return [
            CodecRecord(r.model_id, r.name, r.parameters, r.created_at, r.state, r.id)
            for r in found
        ]

    def model(self, model_id: int) -> ModelRecord:
        """Raises NotFound."""
        with self.database.reading() as connection:
            row = connection.execute(
                select(schema.Model.__table__).where(schema.Model.id == model_id)
            ).one_or_none()
        if row is None:
            raise NotFound(f"there is no model {model_id} in this archive")
        return ModelRecord(**row._mapping)

    def settle_decoder(self, model_id: int, weights_sha256: str) -> None:
        """Remembers the decoder's weights at the first restoration."""
        unsettled = (schema.Model.id == model_id) & schema.Model.decoder_sha256.is_(None)
        with self.database.writing() as connection:
            connection.execute(
                update(schema.Model).where(unsettled).values(decoder_sha256=weights_sha256)
            )

    # Rows, read back.

    def rows(self, ids: Sequence[int]) -> list[Row]:
        """The rows of these ids, in their order. Raises NotFound for the first that is not there."""
        found = self.found(ids)
        missing = next((image_id for image_id in ids if image_id not in found), None)
        if missing is not None:
            raise NotFound(
                f"there is no image {missing} in this archive; `coldframe ls` lists them"
            )
        return [found[image_id] for image_id in ids]

    def found(self, ids: Sequence[int]) -> dict[int, Row]:
        """Id → row, of those that are there."""
        return {
            row.id: row for part in chunks(ids) for row in self._rows(schema.Image.id.in_(part))
        }

    def by_digest(self, count: int) -> list[int]:
        """The ids of the first `count` rows in the order of their digests, which is no order of anything else."""
        query = select(schema.Image.id).order_by(schema.Image.sha256).limit(count)
        with self.database.reading() as connection:
            return list(connection.execute(query).scalars())

    def all_rows(self, *, after: int = 0) -> Iterator[Row]:
        """Every row with an id above `after`, by id, read a page at a time."""
        while page := self._rows(schema.Image.id > after, limit=PAGE):
            yield from page
            after = page[-1].id

    def codes(self, codec_id: int, *, after: int = 0) -> Iterator[list[tuple[int, bytes]]]:
        """(id, clip_code) of a codec's rows above `after`, by id, in pages: what the index is built from."""
        while True:
            wanted = (schema.Image.codec_id == codec_id) & (schema.Image.id > after)
            query = (
                select(schema.Image.id, schema.Image.clip_code)
                .where(wanted)
                .order_by(schema.Image.id)
                .limit(PAGE)
            )
            with self.database.reading() as connection:
                page = [(row.id, row.clip_code) for row in connection.execute(query)]
            if not page:
                return
            yield page
            after = page[-1][0]

    def position(self, codec_id: int, last_id: int) -> tuple[int, str]:
        """How many rows a codec has up to an id, and that row's digest ('' if it is gone): what an index is held to."""
        own = schema.Image.codec_id == codec_id
        with self.database.reading() as connection:
            count = connection.execute(
                select(func.count()).where(own, schema.Image.id <= last_id)
            ).scalar_one()
            digest = connection.execute(
                select(schema.Image.sha256).where(own, schema.Image.id == last_id)
            ).scalar()
        return count, digest.hex() if digest else ""

    def totals(self) -> Totals:
        image = schema.Image
        columns = (
            image.file_bytes,
            image.width * image.height,
            func.length(image.clip_code),
            func.length(image.color_code),
        )
        sums = [func.coalesce(func.sum(one), 0) for one in columns]
        with self.database.reading() as connection:
            told = connection.execute(select(func.count(image.id), *sums)).one()
            chosen = connection.execute(
                select(image.choice, func.count()).group_by(image.choice)
            ).all()
        images, original_bytes, pixels, clip_bytes, color_bytes = (int(value) for value in told)
        bits = sum(choice_bits(choice) * count for choice, count in chosen)
        return Totals(images, original_bytes, pixels, clip_bytes, color_bytes, bits)

    def skipped(self) -> list[SkippedRecord]:
        """The ledger, by path."""
        query = (
            select(schema.Skipped.__table__, schema.Volume.root)
            .join(schema.Volume)
            .order_by(schema.Skipped.path)
        )
        with self.database.reading() as connection:
            found = connection.execute(query).all()
        return [
            SkippedRecord(str(Path(r.root, r.path)), r.reason, r.detail, r.attempts, r.last_attempt)
            for r in found
        ]

    def volumes(self) -> list[VolumeRecord]:
        with self.database.reading() as connection:
            found = connection.execute(
                select(schema.Volume.__table__).order_by(schema.Volume.id)
            ).all()
        return [VolumeRecord(**row._mapping) for row in found]

    def recode(self, codec_id: int, recoded: Sequence[NewCodes]) -> None:
        """These rows get other codes, in one transaction; one that got others meanwhile is left as it is."""
        image = schema.Image
        unchanged = (image.id == bindparam("row_id")) & (
            image.codec_id == bindparam("old_codec_id")
        )
        values: dict[str, Any] = {
            name: bindparam(f"new_{name}")
            for name in ("codec_id", "clip_code", "color_code", "crc32")
        }
        values["choice"] = None  # it was made among pictures of the old codes
        told = [
            {
                "row_id": one.id,
                "old_codec_id": one.old_codec_id,
                "new_codec_id": codec_id,
                "new_clip_code": one.clip_code,
                "new_color_code": one.color_code,
                "new_crc32": crc32_of(one.clip_code, one.color_code),
            }
            for one in recoded
        ]
        with self.database.writing() as connection:
            connection.execute(update(image).where(unchanged).values(values), told)

    def rows_of(self, codec_id: int, *, limit: int | None = None) -> list[Row]:
        """A codec's rows, by id."""
        return self._rows(schema.Image.codec_id == codec_id, limit=limit)

    def count(self, codec_id: int) -> int:
        """How many rows a codec has."""
        with self.database.reading() as connection:
            return connection.execute(
                select(func.count()).where(schema.Image.codec_id == codec_id)
            ).scalar_one()

    def _rows(self, wanted: ColumnElement[bool], *, limit: int | None = None) -> list[Row]:
        query = select(schema.Image.__table__).where(wanted).order_by(schema.Image.id).limit(limit)
        with self.database.reading() as connection:
            found = connection.execute(query).all()
            paths = self._paths(connection, [row.id for row in found])
        told = [dict(row._mapping) for row in found]
        return [
            Row(**row | {"flags": Flag(row["flags"]), "paths": paths.get(row["id"], ())})
            for row in told
        ]


def _values(record: Any) -> dict[str, Any]:
    return {name: value for name, value in asdict(record).items() if name != "id"}
