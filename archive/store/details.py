"""Details: bytes beside a row that say which of all pictures that fit it was the one.

    image ── detail >─ detail_schedule

A detail decodes only with the codes it was written for: it goes in the transaction that replaces
or deletes them, and is not written once they are others. Whoever writes details takes turns with
whoever writes rows.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, exists, func, select, update

from archive.errors import DamagedRow, DatabaseDamaged, UsageError
from archive.records import Detail, DetailScheduleRecord, Row, detail_crc32
from archive.store import schema
from archive.store.checksum import is_intact, with_crc32
from archive.store.database import BEFORE_ANY_ID, PAGE, Database, id_chunks, insert_one, upsert

TABLE = schema.Detail.__table__
IMAGE = schema.Image.__table__
SCHEDULE = schema.DetailSchedule.__table__
BOUND = (IMAGE.c.codec_id, IMAGE.c.clip_code, IMAGE.c.color_code)  # what a detail is bound to
PSNR_UNIT = 100  # parts of a dB
SIMILARITY_UNIT = 1000  # parts of 1
UNMEASURED = {"psnr_cdb": None, "similarity_milli": None}
NOT_THE_KEY = tuple(column.key for column in TABLE.columns if not column.primary_key)


@dataclass(frozen=True)
class DetailTotals:
    """Sums over all details."""

    details: int
    code_bytes: int


class Details:
    """The table of details, and that of their schedules."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Schedules.

    def add_schedule(self, schedule: DetailScheduleRecord) -> DetailScheduleRecord:
        """→ the record with its id, or the one with the same parameters and decoder.

        Raises DatabaseDamaged.
        """
        values = {
            "parameters": dict(schedule.parameters),
            "decoder_sha256": schedule.decoder_sha256,
            "created_at": schedule.created_at,
        }
        with self._database.exclusive() as connection:
            for known in self._schedules(connection):
                if _identity(known) == _identity(schedule):
                    return known
            values = with_crc32(schema.DetailSchedule, values)
            return replace(schedule, id=insert_one(connection, schema.DetailSchedule, values))

    def schedules(self) -> dict[int, DetailScheduleRecord]:
        """Id → schedule, oldest first. Raises DatabaseDamaged if one is."""
        with self._database.reading() as connection:
            return {schedule.id: schedule for schedule in self._schedules(connection)}

    def _schedules(self, connection: Connection) -> list[DetailScheduleRecord]:
        rows = connection.execute(select(SCHEDULE).order_by(SCHEDULE.c.id)).all()
        for row in rows:
            if not is_intact(schema.DetailSchedule, row):
                raise DatabaseDamaged(
                    f"the row of detail schedule {row.id} is damaged; "
                    "restore the database from a copy"
                )
        return [
            DetailScheduleRecord(row.parameters, row.decoder_sha256, row.created_at, row.id)
            for row in rows
        ]

    # Reading details.

    def of(self, image_ids: Sequence[int]) -> dict[int, Detail]:
        """Image → its detail, stale or not, where it has one. Warns of damaged ones, left out."""
        details: dict[int, Detail] = {}
        for part in id_chunks(image_ids):
            with self._database.reading() as connection:
                records = connection.execute(select(TABLE).where(TABLE.c.image_id.in_(part))).all()
            for record in records:
                if is_intact(schema.Detail, record):
                    details[record.image_id] = _detail(record)
                else:
                    warnings.warn(DamagedRow(record.image_id), stacklevel=2)
        return details

    def of_other_decoders(self, image_ids: Sequence[int], decoder_sha256: str) -> list[int]:
        """Those of these images whose detail was written with another decoder."""
        query = select(TABLE.c.image_id).join_from(TABLE, SCHEDULE)
        query = query.where(SCHEDULE.c.decoder_sha256 != decoder_sha256)
        with self._database.reading() as connection:
            parts = (query.where(TABLE.c.image_id.in_(part)) for part in id_chunks(image_ids))
            return [image_id for part in parts for image_id in connection.scalars(part)]

    def stale(self) -> Iterator[int]:
        """The images whose detail was written for other codes than they have, by id."""
        query = select(IMAGE.c.codec_id, IMAGE.c.clip_code, IMAGE.c.color_code, TABLE).join_from(
            IMAGE, TABLE
        )
        for record in self._pages(query, TABLE.c.image_id):
            if is_intact(schema.Detail, record) and record.row_crc32 != _detail_crc32(record):
                yield record.image_id

    def totals(self) -> DetailTotals:
        """Sums over all details."""
        code_bytes = func.coalesce(func.sum(func.length(TABLE.c.code)), 0)
        with self._database.reading() as connection:
            details, total = connection.execute(select(func.count(), code_bytes)).one()
        return DetailTotals(details=int(details), code_bytes=int(total))

    def _pages(self, query: Select[Any], key: Any) -> Iterator[Any]:
        after = BEFORE_ANY_ID
        ordered = query.order_by(key).limit(PAGE)
        while True:
            with self._database.reading() as connection:
                page = connection.execute(ordered.where(key > after)).all()
            if not page:
                return
            yield from page
            after = getattr(page[-1], key.name)

    # Writing details.

    def put(self, details: Sequence[Detail]) -> list[int]:
        """Writes details in one transaction, over those that there are.

        → the images whose detail was not written: they are gone, or have other codes by now.
        """
        for detail in details:
            if not detail.code:
                raise UsageError(f"the detail of image {detail.image_id} has no bytes")
        with self._database.writing() as connection:
            self._database.take_turns(connection)
            current = _codes_in(connection, [detail.image_id for detail in details])
            outdated = [
                detail.image_id
                for detail in details
                if current.get(detail.image_id) != detail.row_crc32
            ]
            values = [
                with_crc32(schema.Detail, _values(detail))
                for detail in details
                if current.get(detail.image_id) == detail.row_crc32
            ]
            upsert(connection, schema.Detail, values, key=("image_id",), renew=NOT_THE_KEY)
        return outdated

    def cut(self, image_ids: Iterable[int] | None, max_bytes: int) -> int:
        """Cuts the details of these images, or of all, to `max_bytes` → how many were longer.

        Their scores go: they were measured with the whole code. Damaged details stay as they are.
        Hundreds share a transaction; run it again to resume. The database keeps its size.
        """
        if max_bytes < 1:
            raise UsageError(f"a detail has at least 1 byte, not {max_bytes}; remove it instead")
        if image_ids is None:
            longer = select(TABLE.c.image_id).where(func.length(TABLE.c.code) > max_bytes)
            records = self._pages(longer, TABLE.c.image_id)
            image_ids = (record.image_id for record in records)
        remaining = iter(image_ids)
        count = 0
        while part := list(islice(remaining, PAGE)):
            count += sum(self._cut(ids, max_bytes) for ids in id_chunks(part))
        return count

    def _cut(self, image_ids: Sequence[int], max_bytes: int) -> int:
        listed = TABLE.c.image_id.in_(image_ids) & (func.length(TABLE.c.code) > max_bytes)
        names = ("code", "psnr_cdb", "similarity_milli", "crc32")
        statement = update(schema.Detail).where(TABLE.c.image_id == bindparam("cut_id"))
        statement = statement.values({name: bindparam(f"cut_{name}") for name in names})
        with self._database.writing() as connection:
            self._database.take_turns(connection)
            records = connection.execute(select(TABLE).where(listed)).all()
            bound = []
            for record in records:
                if is_intact(schema.Detail, record):  # a new checksum would hide the damage
                    shorter = {"code": record.code[:max_bytes], **UNMEASURED}
                    values = with_crc32(schema.Detail, {**record._mapping, **shorter})
                    bound.append({f"cut_{name}": values[name] for name in names})
                    bound[-1]["cut_id"] = record.image_id
            if bound:
                connection.execute(statement, bound)
        return len(bound)

    def remove(self, image_ids: Sequence[int]) -> int:
        """Deletes the details of these images in one transaction → how many there were."""
        with self._database.writing() as connection:
            self._database.take_turns(connection)
            parts = id_chunks(image_ids)
            listed = (TABLE.c.image_id.in_(part) for part in parts)
            return sum(
                connection.execute(delete(schema.Detail).where(part)).rowcount for part in listed
            )


def delete_outdated(connection: Connection, rows: Iterable[Row]) -> None:
    """Deletes the details of rows whose codes are about to be replaced.

    Not of rows that are left as they are: damaged ones, and those of another codec by now.
    """
    same = (IMAGE.c.id == bindparam("row_id")) & (IMAGE.c.codec_id == bindparam("old_codec_id"))
    statement = delete(schema.Detail).where(
        TABLE.c.image_id == bindparam("row_id"), exists().where(same)
    )
    bound = [{"row_id": row.id, "old_codec_id": row.codec_id} for row in rows if row.intact]
    if bound:
        connection.execute(statement, bound)


def _codes_in(connection: Connection, image_ids: Sequence[int]) -> dict[int, int]:
    """Image → what a detail of it is bound to now."""
    query = select(IMAGE.c.id, *BOUND)
    return {
        record.id: _detail_crc32(record)
        for part in id_chunks(image_ids)
        for record in connection.execute(query.where(IMAGE.c.id.in_(part)))
    }


def _detail_crc32(record: Any) -> int:
    """What Row.detail_crc32 is, of a record with the codes and the codec's id."""
    return detail_crc32(record.codec_id, record.clip_code, record.color_code)


def _identity(schedule: DetailScheduleRecord) -> tuple[str, str]:
    """What two schedules that are the same have in common."""
    return json.dumps(dict(schedule.parameters), sort_keys=True), schedule.decoder_sha256


def _values(detail: Detail) -> dict[str, Any]:
    return {
        "image_id": detail.image_id,
        "schedule_id": detail.schedule_id,
        "code": detail.code,
        "row_crc32": detail.row_crc32,
        "psnr_cdb": _parts(detail.psnr, PSNR_UNIT),
        "similarity_milli": _parts(detail.similarity, SIMILARITY_UNIT),
    }


def _detail(record: Any) -> Detail:
    return Detail(
        image_id=record.image_id,
        schedule_id=record.schedule_id,
        code=record.code,
        row_crc32=record.row_crc32,
        psnr=_quotient(record.psnr_cdb, PSNR_UNIT),
        similarity=_quotient(record.similarity_milli, SIMILARITY_UNIT),
    )


def _parts(score: float | None, unit: int) -> int | None:
    return None if score is None or not math.isfinite(score) else round(score * unit)


def _quotient(parts: Any, unit: int) -> float | None:
    """A score; None where the column holds no number, whoever wrote its checksum."""
    return parts / unit if isinstance(parts, int) else None
