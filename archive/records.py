"""Frozen values that pass between the stages. Times are UTC, to the second, without a time zone."""

from __future__ import annotations

import enum
import os
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

RESTORED = "done"  # state of a restoration that wrote a file
INT64_LIMIT = 1 << 63  # the first integer that a column does not hold
DEGREE = 100_000  # units of a stored coordinate
AUDITED = "audited"  # state of a restoration of which only the scores were stored


class Flag(enum.IntFlag):
    """What a row records about its original."""

    NONE = 0
    TRUNCATED = 1  # only the upper part could be decoded
    ANIMATED = 2  # it has several frames; the row holds the first


@dataclass(frozen=True)
class FileStamp:
    """Tells a changed file from an unchanged one without reading it.

    Times beyond the years 1677 to 2262 are those years' limits, so that they fit 64 bits.
    """

    size: int  # bytes
    mtime_ns: int  # time of the last modification, nanoseconds since 1970
    ctime_ns: int | None = None  # of the last change of content or status; None if unknown
    inode: int | None = None  # the file's number, as a signed integer; None if it says nothing

    @classmethod
    def of(cls, status: os.stat_result) -> FileStamp:
        """What the file system says of a file → its stamp."""
        inode = status.st_ino - 2 * INT64_LIMIT * (status.st_ino >= INT64_LIMIT)
        times = (_int64(status.st_mtime_ns), _int64(status.st_ctime_ns))
        return cls(status.st_size, *times, inode)

    def is_unchanged(self, now: FileStamp) -> bool:
        """Whether a file that had this stamp, and has the other one now, surely was not changed.

        A stamp without a ctime proves nothing. Inodes are compared where both are known.
        """
        if self.ctime_ns is None or replace(now, inode=None) != replace(self, inode=None):
            return False
        return self.inode is None or now.inode is None or self.inode == now.inode


@dataclass(frozen=True)
class ModelRecord:
    """The encoder and decoder an archive was made with."""

    name: str  # of the pair: pocket, vit-l-14, a folder …
    encoder: str  # open_clip's model name, or a folder
    pretrained: str  # open_clip's tag, or a weights file
    decoder: str  # a hub name or a folder; '' for the pair's own
    dimension: int  # of the embedding
    weights_sha256: str  # of the encoder's weights, hexadecimal
    preprocessing: Mapping[str, Any]  # size, mean, std … of the encoder's input
    decoder_sha256: str | None = None  # of the decoder's weights; None before the first restoration
    id: int = 0


@dataclass(frozen=True)
class CodecRecord:
    """What is needed to read the codes of a row."""

    model_id: int
    name: str
    parameters: Mapping[str, Any]
    created_at: datetime
    state: bytes = b""  # what the codec was fitted to, as .npz; empty for codecs without a fit
    id: int = 0


@dataclass(frozen=True)
class Place:
    """A path on a volume, and the file's stamp when it was last seen."""

    volume_id: int
    path: str  # relative to the volume's root
    stamp: FileStamp


@dataclass(frozen=True)
class Capture:
    """With what, and where, a picture was taken, as far as its file says. No place has only one."""

    camera: str | None = None  # maker and model, one name
    latitude_e5: int | None = None  # 1e-5 degrees north
    longitude_e5: int | None = None  # 1e-5 degrees east

    @property
    def is_known(self) -> bool:
        """Whether the file says anything."""
        return self != Capture()


@dataclass(frozen=True)
class NewImage:
    """A row about to be written, with the place it came from."""

    sha256: bytes
    clip_code: bytes
    color_code: bytes
    width: int
    height: int
    format: str
    flags: Flag
    taken_at: datetime | None
    place: Place
    capture: Capture = Capture()


@dataclass(frozen=True)
class NewCodes:
    """Codes that replace those of a row, if it still has the codec it was read with."""

    row: Row
    clip_code: bytes
    color_code: bytes


@dataclass(frozen=True)
class SkippedFile:
    """A file that was not archived, for the ledger."""

    volume_id: int
    path: str  # relative to the volume's root
    reason: str  # one word
    detail: str  # one sentence


@dataclass(frozen=True)
class Batch:
    """What one transaction writes."""

    images: Sequence[NewImage] = ()
    sightings: Sequence[tuple[bytes, Place]] = ()  # (SHA-256, one more place) of archived images
    removed: Sequence[Place] = ()  # places that no longer hold their image, since it has moved
    skipped: Sequence[SkippedFile] = ()
    captures: Sequence[tuple[bytes, Capture]] = ()  # (SHA-256, what its row lacks)


@dataclass(frozen=True)
class Row:
    """An archived image as it is read back."""

    id: int
    codec_id: int
    sha256: bytes  # of the file, 32 bytes
    clip_code: bytes
    color_code: bytes
    crc32: int  # of all that the row promises; see archive.store.checksum
    width: int  # pixels, upright
    height: int
    format: str  # Pillow's name
    file_bytes: int
    flags: Flag
    taken_at: datetime | None  # the camera's local time
    archived_at: datetime
    seed_index: int | None = None  # 2^b + i: seed number i of 2^b; None if none was selected
    camera_id: int | None = None  # of its name; None if unknown
    latitude_e5: int | None = None  # 1e-5 degrees north; None if unknown
    longitude_e5: int | None = None  # 1e-5 degrees east; None if unknown
    camera: str | None = None  # maker and model; None if unknown
    paths: tuple[str, ...] = ()  # absolute, where last seen; the oldest first
    intact: bool = True  # its checksum matches; nothing is certain about a row that is not

    @property
    def bits(self) -> int:
        """Bits stored for the image: both codes, and the seed index."""
        return 8 * (len(self.clip_code) + len(self.color_code)) + seed_bits(self.seed_index)

    @property
    def latitude(self) -> float | None:
        """Degrees north; None if unknown."""
        return None if self.latitude_e5 is None else self.latitude_e5 / DEGREE

    @property
    def longitude(self) -> float | None:
        """Degrees east; None if unknown."""
        return None if self.longitude_e5 is None else self.longitude_e5 / DEGREE

    @property
    def detail_crc32(self) -> int:
        """What its detail is bound to: CRC-32 of both codes and their codec."""
        return detail_crc32(self.codec_id, self.clip_code, self.color_code)

    @property
    def candidate(self) -> int:
        """Number of the selected seed, 0 … 2^b − 1; 0 if none was selected."""
        return 0 if self.seed_index is None else self.seed_index - (1 << seed_bits(self.seed_index))

    @property
    def path(self) -> str:
        """Where the image was first found; '' if no source is known any more."""
        return self.paths[0] if self.paths else ""


def detail_crc32(codec_id: int, clip_code: bytes, color_code: bytes) -> int:
    """CRC-32 of the codes, one after the other, and the codec's id in decimal digits."""
    return zlib.crc32(b"%b%b%d" % (clip_code, color_code, codec_id))


def seed_bits(seed_index: int | None) -> int:
    """b, where `seed_index` is 1 followed by b bits; 0 for None."""
    return 0 if seed_index is None else seed_index.bit_length() - 1


def _int64(number: int) -> int:
    """The nearest 64-bit integer."""
    return min(max(number, -INT64_LIMIT), INT64_LIMIT - 1)


@dataclass(frozen=True)
class SkippedRecord:
    """An entry of the ledger."""

    path: str  # absolute, where last seen
    reason: str
    detail: str
    attempts: int
    last_attempt: datetime


@dataclass(frozen=True)
class TombstoneRecord:
    """A file that was forgotten and is not to be archived again."""

    sha256: bytes  # of the file, 32 bytes
    forgotten_at: datetime


@dataclass(frozen=True)
class DetailScheduleRecord:
    """What is needed to read details, beside their rows."""

    parameters: Mapping[str, Any]  # those of archive.detail.schedule.DetailSchedule
    decoder_sha256: str  # of the decoder's weights, hexadecimal
    created_at: datetime
    id: int = 0


@dataclass(frozen=True)
class Detail:
    """Which of all pictures that fit a row it was."""

    image_id: int
    schedule_id: int
    code: bytes  # at least one byte; every prefix is a detail, too
    row_crc32: int  # Row.detail_crc32 when it was written
    psnr: float | None = None  # dB, to hundredths, with the whole code; None if unknown
    similarity: float | None = None  # centered cosine, to thousandths, likewise

    def is_stale(self, row: Row) -> bool:
        """Whether it was written for other codes than the row has, and cannot be decoded."""
        return self.row_crc32 != row.detail_crc32


@dataclass(frozen=True)
class VolumeRecord:
    """A file system that images came from."""

    id: int
    marker: str
    label: str
    root: str
    last_seen: datetime


@dataclass(frozen=True)
class RestorationRecord:
    """An image regenerated from a row."""

    image_id: int
    decoder: str
    decoder_sha256: str
    parameters: Mapping[str, Any]
    seed: int
    path: str  # absolute; '' if no file was written
    created_at: datetime
    scores: Mapping[str, float] | None = None
    state: str = RESTORED


@dataclass(frozen=True)
class Damage:
    """A problem that `verify` found."""

    id: int | None  # of the row; None if the index is damaged
    message: str  # one sentence
