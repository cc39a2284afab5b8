"""What is sent, as models: they validate answers and describe them in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, PlainSerializer, WithJsonSchema

from archive.records import Detail, Row
from archive.store.jobs import JobState

UtcTime = Annotated[
    datetime,
    PlainSerializer(lambda time: f"{time.isoformat()}Z", return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
LocalTime = Annotated[
    datetime,
    PlainSerializer(datetime.isoformat, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["2019-07-14T10:11:12"]}),
]


class Health(BaseModel):
    """That the service runs."""

    status: str = Field(examples=["ok"])
    version: str = Field(examples=["0.1.0"])


class ArchiveFacts(BaseModel):
    """An archive that is served."""

    name: str = Field(examples=["default"])
    read_only: bool = Field(description="Nothing can be added, changed or forgotten.")
    images: int
    model: str = Field(examples=["pocket"])
    codec: str = Field(examples=["klt"], description="Of new images.")


class Archives(BaseModel):
    """All archives that are served."""

    archives: list[ArchiveFacts]
    version: str = Field(examples=["0.1.0"])


class StatsFacts(BaseModel):
    """What an archive costs and saves. Bits count the codes alone, bytes the files on disk."""

    images: int
    model: str
    codec: str
    clip_bits_per_image: float
    color_bits_per_image: float
    choice_bits_per_image: float = Field(description="Of the seed index.")
    details: int = Field(description="Rows that have one.")
    detail_bytes: int
    detail_bits_per_image: float
    bpp: float = Field(description="Bits per pixel of the originals.")
    row_bytes_per_image: float
    index_bytes_per_image: float
    original_bytes: int
    archive_bytes: int
    ratio: float
    read_only: bool
    rows_until_fit: int = Field(description="Images until the codec of new rows is fitted.")


class Volume(BaseModel):
    """A file system that images came from."""

    id: int
    label: str
    root: str = Field(description="Where it was last mounted.")
    marker: str
    mounted: bool = Field(description="Whether it is mounted there now.")
    last_seen: UtcTime
    images: int


class Volumes(BaseModel):
    """All volumes, by id."""

    volumes: list[Volume]


class SkippedFile(BaseModel):
    """A file that was not archived, and why."""

    path: str
    reason: str = Field(examples=["truncated"])
    detail: str
    attempts: int
    last_attempt: UtcTime


class Ledger(BaseModel):
    """Files that were not archived, by path."""

    skipped: list[SkippedFile]
    next: str | None = Field(description="Cursor of the next page.")


class Image(BaseModel):
    """A row."""

    id: int = Field(examples=[12])
    digest: str = Field(description="SHA-256 of the file, hexadecimal.")
    path: str = Field(description="Where it was first found; bytes that are not UTF-8 are ?.")
    width: int
    height: int
    format: str = Field(examples=["JPEG"])
    file_bytes: int
    flags: list[str] = Field(examples=[["animated"]])
    taken_at: LocalTime | None = Field(description="The camera's local time.")
    archived_at: UtcTime
    camera: str | None
    latitude: float | None = Field(description="Degrees north.")
    longitude: float | None = Field(description="Degrees east.")
    codec: str = Field(examples=["klt"])
    bits: int = Field(description="Of both codes and the seed index.")
    detail_bytes: int = Field(description="0: it has no detail.")
    placeholder: str = Field(description="Address of its color map, from the service's root.")


class Images(BaseModel):
    """A page of rows. It may have fewer than asked for while there is a next one."""

    images: list[Image]
    next: str | None = Field(description="Cursor of the next page.")
    total: int | None = Field(description="Rows of the archive, where there is no filter.")


class Hit(Image):
    """A row that was found."""

    score: float = Field(description="Cosine of query and row, -1 to 1.")
    match: float | None = Field(
        description="How well it matches, 0 to 1, comparable between codecs, models and archives; "
        "null if both words and pictures were asked for."
    )
    is_match: bool = Field(description="Whether that is enough to mean something, or not known.")


class Hits(BaseModel):
    """A page of rows that were found."""

    hits: list[Hit]
    next: str | None = Field(description="Cursor of the next page.")


class DetailFacts(BaseModel):
    """A row's detail."""

    bytes: int
    psnr: float | None
    similarity: float | None
    stale: bool = Field(description="Written for other codes than the row has.")

    @classmethod
    def of(cls, detail: Detail, row: Row) -> DetailFacts:
        """A row and its detail → what is sent of it."""
        stale = detail.is_stale(row)
        return cls(
            bytes=len(detail.code), psnr=detail.psnr, similarity=detail.similarity, stale=stale
        )


class Source(BaseModel):
    """A place where the original was seen."""

    path: str
    volume: str | None = Field(description="Label of its volume.")
    mounted: bool
    exists: bool = Field(description="A file is there now.")


class WholeImage(Image):
    """Everything that is known of an image."""

    clip_code: str = Field(description="Hexadecimal.")
    color_code: str = Field(description="Hexadecimal.")
    crc32: str
    candidate: int | None
    model: str
    detail: DetailFacts | None
    sources: list[Source]
    restoration: str | None = Field(description="Address of the newest restored picture.")


class Forgotten(BaseModel):
    """A row that is gone."""

    id: int
    digest: str
    paths: list[str]
    restored: list[str] = Field(description="Restored pictures of the user's that are still there.")


class Upload(BaseModel):
    """What became of an uploaded file."""

    name: str
    status: str = Field(examples=["archived", "duplicate", "skipped", "forgotten"])
    id: int | None = Field(description="Of the row.")
    reason: str = Field(examples=["", "truncated"])
    detail: str


class Uploads(BaseModel):
    """What became of uploaded files, in their order."""

    outcomes: list[Upload]


class Job(BaseModel):
    """Work that the service does one after the other."""

    id: int
    kind: str = Field(examples=["restore"])
    parameters: dict[str, Any]
    state: JobState
    done: int = Field(description="Images or files.")
    total: int | None
    step: int = Field(description="Of the picture that is being drawn.")
    steps: int = Field(description="0: nothing is being drawn.")
    message: str
    created_at: UtcTime
    started_at: UtcTime | None
    finished_at: UtcTime | None
    ahead: int = Field(description="Unfinished jobs before it.")
    result: str | None = Field(description="Address of the picture, or of a ZIP of several.")


class JobList(BaseModel):
    """Jobs, the newest first."""

    jobs: list[Job]


def image_fields(row: Row, *, codec: str, detail: Detail | None, base: str) -> dict[str, Any]:
    """A row → the fields of Image. `base`: address of its archive."""
    return {
        "id": row.id,
        "digest": row.sha256.hex(),
        "path": shown(row.path),
        "width": row.width,
        "height": row.height,
        "format": row.format,
        "file_bytes": row.file_bytes,
        "flags": [str(flag.name).lower() for flag in row.flags],
        "taken_at": row.taken_at,
        "archived_at": row.archived_at,
        "camera": row.camera,
        "latitude": row.latitude,
        "longitude": row.longitude,
        "codec": codec,
        "bits": row.bits,
        "detail_bytes": len(detail.code) if detail else 0,
        "placeholder": f"{base}/images/{row.id}/placeholder.png?v={row.crc32:08x}",
    }


def shown(path: str) -> str:
    """A path as JSON holds it: bytes that are not UTF-8 are question marks."""
    return path.encode("utf-8", "replace").decode("utf-8")


def example(**fields: Any) -> Mapping[str, Any]:
    """An example of a request body, for the OpenAPI document."""
    return {"value": fields}
