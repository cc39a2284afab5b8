"""The tables. Portable types only: the same migrations run on SQLite and PostgreSQL.

    model ─< codec ─< image ─< source >─ volume >─ skipped        image ─< restoration
           camera ─<  image ── detail >─ detail_schedule

`clip_code` and `color_code` are exactly the packed codes, without a header: the codec row explains
them. Times are UTC except `taken_at`, the camera's local time. Paths are relative to their volume.
docs/storage-format.md describes every byte.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from archive.store.types import Bytes, PathText, PlainText, Time

RowId = BigInteger().with_variant(Integer, "sqlite")  # SQLite autoincrements INTEGER only
NEWER = {"newer": True}  # than checksums that there are: NULLs do not change them


class Base(DeclarativeBase):
    """Every constraint is named, so that migrations can refer to it."""

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
        bytes: Bytes,
        datetime: Time,
        str: PlainText,
        dict[str, Any]: JSON,
    }


class Model(Base):
    """The encoder that made an archive's vectors, and the decoder that belongs to it."""

    __tablename__ = "model"

    # Referred to by codec.model_id.
    id: Mapped[int] = mapped_column(primary_key=True)
    # The pair's name: pocket, vit-l-14, a folder, or MODEL/TAG.
    name: Mapped[str]
    # open_clip's model name, or a folder in open_clip's layout.
    encoder: Mapped[str]
    # open_clip's pretrained tag or a weights file; empty for a folder.
    pretrained: Mapped[str]
    # A hub name or folder that replaces the pair's decoder; empty for the pair's own.
    decoder: Mapped[str]
    # Number of dimensions of the embedding.
    dimension: Mapped[int] = mapped_column(Integer)
    # SHA-256 of the encoder's weights, hexadecimal.
    weights_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    # SHA-256 of the decoder's weights, hexadecimal; NULL before the first restoration.
    decoder_sha256: Mapped[str | None] = mapped_column(String(64))
    # How the encoder prepares an image: size, mean, std, interpolation, resize mode.
    preprocessing: Mapped[dict[str, Any]]
    # Checksum of the row; see archive.store.checksum.
    crc32: Mapped[int]


class Codec(Base):
    """How codes are read. A codec never changes once a row uses it."""

    __tablename__ = "codec"

    # Referred to by image.codec_id; new rows are written with the codec of the highest id.
    id: Mapped[int] = mapped_column(primary_key=True)
    # The model whose vectors it codes.
    model_id: Mapped[int] = mapped_column(ForeignKey("model.id"))
    # The codec's name: coclico, clip, klt, smic …
    name: Mapped[str]
    # The codec's parameters: dimension, bits, map_side, map_bits …
    parameters: Mapped[dict[str, Any]]
    # What the codec was fitted to: an .npz file; empty for a codec without a fit.
    state: Mapped[bytes]
    # SHA-256 of `state`, hexadecimal; checked whenever an archive is opened.
    state_sha256: Mapped[str] = mapped_column(String(64))
    # When the codec was added (UTC).
    created_at: Mapped[datetime]
    # Checksum of the row; see archive.store.checksum.
    crc32: Mapped[int]


class Camera(Base):
    """A camera that images were taken with: maker and model as one name."""

    __tablename__ = "camera"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    crc32: Mapped[int]


class Image(Base):
    """One archived image: what remains of it."""

    __tablename__ = "image"

    # The id that commands print and accept.
    id: Mapped[int] = mapped_column(primary_key=True)
    # The codec that reads both codes.
    codec_id: Mapped[int] = mapped_column(ForeignKey("codec.id"), index=True)
    # SHA-256 of the whole file, 32 bytes; no two rows share one.
    sha256: Mapped[bytes] = mapped_column(unique=True)
    # The packed embedding, without a header.
    clip_code: Mapped[bytes]
    # The packed color map, without a header; empty for a codec without maps.
    color_code: Mapped[bytes]
    # Checksum of the row; see archive.store.checksum.
    crc32: Mapped[int]
    # Width in pixels, upright (after the EXIF orientation).
    width: Mapped[int] = mapped_column(Integer)
    # Height in pixels, upright.
    height: Mapped[int] = mapped_column(Integer)
    # Pillow's name of the file format: JPEG, PNG …
    format: Mapped[str]
    # Size of the file in bytes.
    file_bytes: Mapped[int]
    # Sum of archive.records.Flag: 1 truncated, 2 animated.
    flags: Mapped[int] = mapped_column(SmallInteger)
    # When the picture was taken, in the camera's local time; NULL if unknown.
    taken_at: Mapped[datetime | None]
    # When the row was written (UTC).
    archived_at: Mapped[datetime]
    # 2^b + i: the row is regenerated with seed number i of 2^b; NULL if none was selected.
    seed_index: Mapped[int | None] = mapped_column(SmallInteger)
    # The camera that it was taken with; NULL if unknown.
    camera_id: Mapped[int | None] = mapped_column(ForeignKey("camera.id"), info=NEWER)
    # Where it was taken, in 1e-5 degrees north, and east; NULL if unknown.
    latitude_e5: Mapped[int | None] = mapped_column(Integer, info=NEWER)
    longitude_e5: Mapped[int | None] = mapped_column(Integer, info=NEWER)


class Volume(Base):
    """A file system that images came from. One that is not mounted is offline, not deleted."""

    __tablename__ = "volume"

    # Referred to by source.volume_id and skipped.volume_id.
    id: Mapped[int] = mapped_column(primary_key=True)
    # What identifies it: `uuid:`, `share:` or `mount:`, see archive.ingest.volumes.
    marker: Mapped[str] = mapped_column(PathText, unique=True)
    # Name of the mount point, for people.
    label: Mapped[str] = mapped_column(PathText)
    # Where it was mounted when it was last seen.
    root: Mapped[str] = mapped_column(PathText)
    # When it was last seen (UTC).
    last_seen: Mapped[datetime]
    # Checksum of the row; see archive.store.checksum.
    crc32: Mapped[int]


class Source(Base):
    """A path that held an image when it was last seen. Many paths may hold one image."""

    __tablename__ = "source"
    __table_args__ = (UniqueConstraint("volume_id", "path"), Index(None, "image_id"))

    # Rises with the time of discovery: an image's first source is the oldest.
    id: Mapped[int] = mapped_column(primary_key=True)
    # The image that the file holds.
    image_id: Mapped[int] = mapped_column(ForeignKey("image.id"))
    # The volume the file is on.
    volume_id: Mapped[int] = mapped_column(ForeignKey("volume.id"))
    # Path relative to the volume's root.
    path: Mapped[str] = mapped_column(PathText)
    # The file's size in bytes.
    size: Mapped[int]
    # Time of the file's last modification, in nanoseconds since 1970.
    mtime_ns: Mapped[int]
    # Time of the last change of content or status, likewise; NULL if unknown.
    ctime_ns: Mapped[int | None]
    # The file's number on its file system, signed; NULL if unknown.
    inode: Mapped[int | None]
    # When the file was last seen (UTC), within a day.
    last_seen: Mapped[datetime]
    # Checksum of the row; see archive.store.checksum.
    crc32: Mapped[int]


class Skipped(Base):
    """The ledger: a file that was *not* archived, and why."""

    __tablename__ = "skipped"
    __table_args__ = (UniqueConstraint("volume_id", "path"),)

    # No meaning beyond the order of entry.
    id: Mapped[int] = mapped_column(primary_key=True)
    # The volume the file is on.
    volume_id: Mapped[int] = mapped_column(ForeignKey("volume.id"))
    # Path relative to the volume's root.
    path: Mapped[str] = mapped_column(PathText)
    # Why, in one word: unreadable, truncated …
    reason: Mapped[str]
    # Why, in one sentence.
    detail: Mapped[str]
    # How often ingest has tried.
    attempts: Mapped[int] = mapped_column(Integer)
    # When ingest last tried (UTC).
    last_attempt: Mapped[datetime]


class Restoration(Base):
    """An image regenerated from a row: by which decoder, how, and where it was written."""

    __tablename__ = "restoration"
    __table_args__ = (Index(None, "image_id"),)

    # Rises with time: a row's latest restoration has the highest id.
    id: Mapped[int] = mapped_column(primary_key=True)
    # The row it was regenerated from.
    image_id: Mapped[int] = mapped_column(ForeignKey("image.id"))
    # Name of the decoder.
    decoder: Mapped[str]
    # SHA-256 of the decoder's weights, hexadecimal.
    decoder_sha256: Mapped[str] = mapped_column(String(64))
    # Options of sampling: steps, guidance, size …
    parameters: Mapped[dict[str, Any]]
    # Random seed of the noise.
    seed: Mapped[int]
    # `done` if a file was written, `audited` if only the scores were stored.
    state: Mapped[str]
    # Score by name; NULL if nothing was measured.
    scores: Mapped[dict[str, Any] | None]
    # Absolute path of the file; empty for an audit.
    path: Mapped[str] = mapped_column(PathText)
    # When it was regenerated (UTC).
    created_at: Mapped[datetime]


class Tombstone(Base):
    """A file that was forgotten and is not to be archived again."""

    __tablename__ = "tombstone"

    # SHA-256 of the whole file, 32 bytes.
    sha256: Mapped[bytes] = mapped_column(primary_key=True)
    # When it was forgotten (UTC).
    forgotten_at: Mapped[datetime]
    # Checksum of the row; see archive.store.checksum.
    crc32: Mapped[int]


class DetailSchedule(Base):
    """How details are read. A schedule never changes."""

    __tablename__ = "detail_schedule"

    # Referred to by detail.schedule_id.
    id: Mapped[int] = mapped_column(primary_key=True)
    # What the schedule is: timesteps and codewords of the steps.
    parameters: Mapped[dict[str, Any]]
    # SHA-256 of the decoder's weights, hexadecimal: details are bound to them.
    decoder_sha256: Mapped[str] = mapped_column(String(64))
    # When the schedule was added (UTC).
    created_at: Mapped[datetime]
    # Checksum of the row; see archive.store.checksum.
    crc32: Mapped[int]


class Detail(Base):
    """Which of all pictures that fit a row it was. Every prefix of `code` is a detail, too."""

    __tablename__ = "detail"

    # The image whose row it adds to.
    image_id: Mapped[int] = mapped_column(ForeignKey("image.id"), primary_key=True)
    # The schedule that reads it.
    schedule_id: Mapped[int] = mapped_column(ForeignKey("detail_schedule.id"))
    # The bytes, without a header; at least one.
    code: Mapped[bytes]
    # CRC-32 of the clip_code, color_code and codec_id (in digits) that it was written for.
    row_crc32: Mapped[int]
    # PSNR of the restoration with the whole code, in hundredths of a dB; NULL if unknown.
    psnr_cdb: Mapped[int | None] = mapped_column(SmallInteger)
    # Centered cosine of original and restoration, likewise, in thousandths; NULL if unknown.
    similarity_milli: Mapped[int | None] = mapped_column(SmallInteger)
    # Checksum of the row; see archive.store.checksum.
    crc32: Mapped[int]
