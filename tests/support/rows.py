"""Rows to write: everything about them follows from a name."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, select, update

from archive.records import (
    CodecRecord,
    Detail,
    DetailScheduleRecord,
    FileStamp,
    Flag,
    ModelRecord,
    NewImage,
    Place,
    Row,
)
from archive.store import Store, schema
from archive.store.checksum import with_crc32
from archive.store.clock import utc_now

STAMP = FileStamp(100, 10**18)
MODEL = ModelRecord(
    name="pocket",
    encoder="an encoder",
    pretrained="a tag",
    decoder="",
    dimension=8,
    weights_sha256="f" * 64,
    preprocessing={"size": 32},
)
PARAMETERS = {"dimension": 8, "bits": 1}


def digest(name: str) -> bytes:
    """The SHA-256 that a file of this name is said to have."""
    return name.encode().ljust(32)


def new_image(name: str, volume_id: int, *, path: str = "") -> NewImage:
    """A row whose digest, code and path come from its name."""
    return NewImage(
        sha256=digest(name),
        clip_code=name.encode()[:1],
        color_code=b"",
        width=640,
        height=480,
        format="JPEG",
        flags=Flag.NONE,
        taken_at=None,
        place=Place(volume_id, path or f"{name}.jpg", STAMP),
    )


def forge(store: Store, condition: ColumnElement[bool], **values: Any) -> None:
    """Changes images as a hostile program would: with the right checksum."""
    with store.database.writing() as connection:
        for row in connection.execute(select(schema.Image.__table__).where(condition)).all():
            changed = with_crc32(schema.Image, {**row._mapping, **values})
            same = schema.Image.id == row.id
            connection.execute(update(schema.Image).where(same).values(**changed))


def new_codec(store: Store, *, name: str = "clip", state: bytes = b"") -> int:
    """Adds a codec of MODEL → its id."""
    model_id = store.models.add(MODEL).id
    return store.codecs.add(CodecRecord(model_id, name, PARAMETERS, utc_now(), state)).id


def new_schedule(store: Store, *, start: int = 999, decoder_sha256: str = "d" * 64) -> int:
    """Adds a schedule of details, if there is none like it → its id."""
    parameters = {"timesteps": [start, 490, 250], "chunk_bits": 11}
    schedule = DetailScheduleRecord(parameters, decoder_sha256, utc_now())
    return store.details.add_schedule(schedule).id


def new_detail(store: Store, row: Row, code: bytes = bytes(range(100))) -> Detail:
    """Writes a detail of a row."""
    detail = Detail(row.id, new_schedule(store), code, row.detail_crc32, 21.3, 0.875)
    assert store.details.put([detail]) == []
    return detail
