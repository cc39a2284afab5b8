"""The tables. Portable types only: the same migrations run on SQLite and PostgreSQL.

    model ─< codec ─< image ─< source >─ volume >─ skipped        image ─< restoration

`clip_code` and `color_code` are exactly the packed codes, without a header: the codec row explains them. Times are UTC
except `taken_at`, the camera's local time. Paths are relative to their volume.
"""

from __future__ import annotations

import base64
import os
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

ESCAPED = "base64:"  # before a path that is not UTF-8
RowId = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up by itself only on INTEGER


class PathText(TypeDecorator[str]):
    """A file path in a TEXT column, injective for every path.

    UTF-8 paths stand as they are. A path that is not UTF-8 (or begins like an escaped one) is `base64:` and its bytes.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or (_is_utf8(value) and not value.startswith(ESCAPED)):
            return value
        return ESCAPED + base64.b64encode(os.fsencode(value)).decode("ascii")

    def process_result_value(self, value: Any | None, dialect: Dialect) -> str | None:
        if value is None or not str(value).startswith(ESCAPED):
            return value
        return os.fsdecode(base64.b64decode(str(value).removeprefix(ESCAPED)))


def _is_utf8(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


class Base(DeclarativeBase):
    """Every constraint is named, so that migrations can speak of it."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: RowId,
        bytes: LargeBinary,
        str: Text,
        dict[str, Any]: JSON,
    }


class Model(Base):
    """The encoder that made an archive's vectors, and the decoder that belongs to it."""

    __tablename__ = "model"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]  # the pair: pocket, vit-l-14, a folder, …
    encoder: Mapped[str]
    pretrained: Mapped[str]
    decoder: Mapped[str]
    dimension: Mapped[int] = mapped_column(Integer)
    weights_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    decoder_sha256: Mapped[str | None] = mapped_column(String(64))  # from the first restoration on
    preprocessing: Mapped[dict[str, Any]]


class Codec(Base):
    """How codes are read: name, parameters, fitted state. Never changed once a row uses it."""

    __tablename__ = "codec"
    id: Mapped[int] = mapped_column(primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("model.id"))
    name: Mapped[str]
    parameters: Mapped[dict[str, Any]]
    state: Mapped[bytes]
    state_sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]


class Image(Base):
    """One archived picture: what remains of it."""

    __tablename__ = "image"
    id: Mapped[int] = mapped_column(primary_key=True)
    codec_id: Mapped[int] = mapped_column(ForeignKey("codec.id"), index=True)
    sha256: Mapped[bytes] = mapped_column(unique=True)  # of the file, 32 bytes
    clip_code: Mapped[bytes]
    color_code: Mapped[bytes]
    crc32: Mapped[int]  # of clip_code and color_code, one after the other
    width: Mapped[int] = mapped_column(Integer)  # pixels, upright
    height: Mapped[int] = mapped_column(Integer)
    format: Mapped[str]
    file_bytes: Mapped[int]
    flags: Mapped[int] = mapped_column(SmallInteger)  # archive.records.Flag
    taken_at: Mapped[datetime | None]
    archived_at: Mapped[datetime]
    fidelity: Mapped[float | None]
    choice: Mapped[int | None] = mapped_column(SmallInteger)  # archive.records.Row


class Volume(Base):
    """A file system pictures came from, known by its own mark; away is not gone."""

    __tablename__ = "volume"
    id: Mapped[int] = mapped_column(primary_key=True)
    marker: Mapped[str] = mapped_column(unique=True)
    label: Mapped[str]
    root: Mapped[str] = mapped_column(PathText)  # where it was mounted when last seen
    last_seen: Mapped[datetime]


class Source(Base):
    """A path that held an image when it was last seen; many may hold one image."""

    __tablename__ = "source"
    __table_args__ = (UniqueConstraint("volume_id", "path"), Index(None, "image_id"))
    id: Mapped[int] = mapped_column(primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("image.id"))
    volume_id: Mapped[int] = mapped_column(ForeignKey("volume.id"))
    path: Mapped[str] = mapped_column(PathText)
    size: Mapped[int]  # bytes
    mtime_ns: Mapped[int]
    last_seen: Mapped[datetime]


class Skipped(Base):
    """The ledger of what was *not* archived, and why."""

    __tablename__ = "skipped"
    __table_args__ = (UniqueConstraint("volume_id", "path"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    volume_id: Mapped[int] = mapped_column(ForeignKey("volume.id"))
    path: Mapped[str] = mapped_column(PathText)
    reason: Mapped[str]
    detail: Mapped[str]
    attempts: Mapped[int] = mapped_column(Integer)
    last_attempt: Mapped[datetime]


class Restoration(Base):
    """A picture drawn from a row: by what, how, and where it lies."""

    __tablename__ = "restoration"
    __table_args__ = (Index(None, "image_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("image.id"))
    decoder: Mapped[str]
    decoder_sha256: Mapped[str] = mapped_column(String(64))
    parameters: Mapped[dict[str, Any]]
    seed: Mapped[int]
    state: Mapped[str]  # done, audited
    scores: Mapped[dict[str, Any] | None]
    path: Mapped[str] = mapped_column(PathText)
    created_at: Mapped[datetime]
