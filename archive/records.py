"""Frozen values that pass between the stages."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

DRAWN = "done"  # states of a restoration: a file was written
AUDITED = "audited"  # only its scores were kept


class Flag(enum.IntFlag):
    """What a row says about its original."""

    NONE = 0
    TRUNCATED = 1  # only a part could be decoded
    ANIMATED = 2  # there are more frames; the first stands for all


@dataclass(frozen=True)
class FileStamp:
    """Tells a changed file from an unchanged one without reading it: bytes, and nanoseconds of the last change."""

    size: int
    mtime_ns: int


@dataclass(frozen=True)
class ModelRecord:
    """The pair an archive was made with."""

    name: str
    encoder: str
    pretrained: str
    decoder: str
    dimension: int
    weights_sha256: str
    preprocessing: Mapping[str, Any]
    decoder_sha256: str | None = None
    id: int = 0


@dataclass(frozen=True)
class CodecRecord:
    """How the codes of its rows are read."""

    model_id: int
    name: str
    parameters: Mapping[str, Any]
    created_at: datetime
    state: bytes = b""
    id: int = 0


@dataclass(frozen=True)
class Place:
    """A path on a volume, and the file's stamp when it was seen there."""

    volume_id: int
    path: str  # relative to the volume's root
    stamp: FileStamp


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


@dataclass(frozen=True)
class NewCodes:
    """What a row's codes are to be replaced by."""

    id: int
    old_codec_id: int
    clip_code: bytes
    color_code: bytes


@dataclass(frozen=True)
class SkippedFile:
    """A file that was not archived, for the ledger."""

    volume_id: int
    path: str
    reason: str
    detail: str


@dataclass(frozen=True)
class Batch:
    """What one transaction writes."""

    images: Sequence[NewImage] = ()
    sightings: Sequence[
        tuple[bytes, Place]
    ] = ()  # digests of archived images, seen at one more place
    gone: Sequence[Place] = ()  # places that hold their image no more, since it has moved
    skipped: Sequence[SkippedFile] = ()


@dataclass(frozen=True)
class Row:
    """An archived picture as read back."""

    id: int
    codec_id: int
    sha256: bytes
    clip_code: bytes
    color_code: bytes
    crc32: int
    width: int
    height: int
    format: str
    file_bytes: int
    flags: Flag
    taken_at: datetime | None
    archived_at: datetime
    fidelity: float | None
    choice: int | None = None  # which of several pictures the row gives back: 1, then log₂ N bits
    paths: tuple[str, ...] = ()  # absolute, where last seen; the oldest first

    @property
    def bits(self) -> int:
        """What is kept of the picture: codes, and the choice."""
        return 8 * (len(self.clip_code) + len(self.color_code)) + choice_bits(self.choice)

    @property
    def candidate(self) -> int:
        """Which of 2 ** choice_bits candidates the row asks for; 0 where none was chosen."""
        return 0 if self.choice is None else self.choice - (1 << choice_bits(self.choice))

    @property
    def path(self) -> str:
        """Where it was first found, or '' if no source is known any more."""
        return self.paths[0] if self.paths else ""


def choice_bits(choice: int | None) -> int:
    """log₂ of how many candidates there were."""
    return 0 if choice is None else choice.bit_length() - 1


@dataclass(frozen=True)
class SkippedRecord:
    """A line of the ledger."""

    path: str
    reason: str
    detail: str
    attempts: int
    last_attempt: datetime


@dataclass(frozen=True)
class VolumeRecord:
    """A file system pictures came from."""

    id: int
    marker: str
    label: str
    root: str
    last_seen: datetime


@dataclass(frozen=True)
class RestorationRecord:
    """A picture drawn from a row."""

    image_id: int
    decoder: str
    decoder_sha256: str
    parameters: Mapping[str, Any]
    seed: int
    path: str  # '' where no file was kept
    created_at: datetime
    scores: Mapping[str, float] | None = None
    state: str = DRAWN


@dataclass(frozen=True)
class Stats:
    """What an archive costs and saves. Bits are of the codes as they are stored; bytes are what lies on disk."""

    images: int
    model: str
    codec: str
    clip_bits_per_image: float
    color_bits_per_image: float
    choice_bits_per_image: float
    bpp: float  # all these bits, a pixel of the originals
    row_bytes_per_image: float  # the database, everything in it
    index_bytes_per_image: float
    original_bytes: int
    archive_bytes: int  # database and index
    ratio: float  # original bytes to archive bytes


@dataclass(frozen=True)
class Damage:
    """Something `verify` found."""

    id: int | None
    what: str
