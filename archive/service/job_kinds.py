"""What a job may be: its parameters, and what it does.

A kind runs as a generator that yields how many images or files are done, and of how many; the
runner stops it between two of them, or between two steps of a drawing. Running it again does what
is left: restoring resumes by its records, the others by what the rows have become.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterable
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

from archive.codecs import SELECTABLE_CODECS, CodecConfig
from archive.filters import Filters
from archive.records import Row
from archive.service.filters import LONGEST, MOST_CONDITIONS
from archive.service.served import ServedArchive
from archive.store.jobs import JobRecord

MOST_IDS = 1000  # of one job
CODECS: JsonValue = [spec.name for spec in SELECTABLE_CODECS]
BIGGEST = (1 << 63) - 1
OnStep = Callable[[int, int], None]
Progress = Generator[tuple[int, int | None], None, str]
"""Yields (done, total); returns what came of it."""

Id = Annotated[int, Field(ge=1, le=BIGGEST)]
Condition = Annotated[str, Field(max_length=LONGEST)]
Conditions = Annotated[list[Condition], Field(max_length=MOST_CONDITIONS)]


class _Parameters(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class RestoreJob(_Parameters):
    """Regenerate images."""

    kind: Literal["restore"]
    ids: list[Id] = Field(min_length=1, max_length=MOST_IDS, examples=[[12, 13]])
    format: Literal["jpg", "png", "webp"] = "jpg"
    steps: int | None = Field(default=None, ge=1, le=1000)
    candidates: int | None = Field(default=None, ge=1, le=64)
    size: int | None = Field(default=None, ge=64, le=4096)
    clip_guidance: float | None = Field(default=None, ge=0, le=1)
    detail_bytes: int | None = Field(default=None, ge=0, le=65535, description="Default: all.")
    seed: int | None = Field(default=None, ge=0, le=BIGGEST)

    def run(self, served: ServedArchive, job_id: int, on_step: OnStep) -> Progress:
        """Pictures in the job's folder of results."""
        archive = served.archive
        given: dict[str, Any] = {
            "steps": self.steps,
            "candidates": self.candidates,
            "image_size": self.size,
            "clip_guidance": self.clip_guidance,
            "detail_bytes": self.detail_bytes,
        }
        chosen = {name: value for name, value in given.items() if value is not None}
        sampling = replace(archive.sampling, **chosen)
        out = served.results / str(job_id)
        ids = list(dict.fromkeys(self.ids))
        errors = []
        yield 0, len(ids)
        run = archive.restore(
            ids, out, sampling=sampling, file_format=self.format, seed=self.seed, on_step=on_step
        )
        for done, restored in enumerate(run, 1):
            if restored.error:
                errors.append(f"image {restored.id} was not restored: {restored.error}")
            yield done, len(ids)
        return "; ".join(errors)


class DetailJob(_Parameters):
    """Write details from the originals that can be seen."""

    kind: Literal["detail"]
    ids: list[Id] = Field(default=[], max_length=MOST_IDS, description="None: all rows.")
    where: Conditions = []
    bytes: int = Field(default=100, ge=0, le=65535)
    budget: int | None = Field(default=None, ge=0, le=BIGGEST)

    def run(self, served: ServedArchive, job_id: int, on_step: OnStep) -> Progress:
        """As `coldframe detail`."""
        archive = served.archive
        filters = Filters(where=self.where)
        rows: Iterable[Row] = archive.select(filters)
        if self.ids:
            rows = [row for row in archive.rows(self.ids, damaged=True) if filters.meets(row)]
        total = len(self.ids) or (len(archive) if not self.where else None)
        counts: Counter[str] = Counter()
        yield 0, total
        run = archive.write_details(rows, max_bytes=self.bytes, budget=self.budget)
        for done, outcome in enumerate(run, 1):
            counts[str(outcome.status)] += 1
            yield done, total
        return _told(counts)


class RecodeJob(_Parameters):
    """Encode rows with another codec."""

    kind: Literal["recode"]
    codec: str = Field(pattern="^[a-z0-9]+$", max_length=32, json_schema_extra={"enum": CODECS})
    bits: int | None = Field(default=None, ge=1, le=1 << 20)
    bits_per_dim: int | None = Field(default=None, ge=1, le=8)
    map_side: int | None = Field(default=None, ge=4, le=32)
    map_bits: int | None = Field(default=None, ge=1, le=1 << 20)
    map_bits_per_sample: int | None = Field(default=None, ge=1, le=8)
    where: Conditions = []

    @property
    def config(self) -> CodecConfig:
        """The codec that is meant."""
        rates = self.model_dump(exclude={"kind", "codec", "where"})
        return CodecConfig(self.codec, **rates)

    def run(self, served: ServedArchive, job_id: int, on_step: OnStep) -> Progress:
        """As `coldframe recode`."""
        archive = served.archive
        total = len(archive) if not self.where else None
        done = 0
        yield done, total
        run = archive.recode(self.config, filters=Filters(where=self.where))
        for done, _ in enumerate(run, 1):
            yield done, total
        return _told(Counter(recoded=done))


class IngestJob(_Parameters):
    """Archive a folder or a file that the service can see."""

    kind: Literal["ingest"]
    path: str = Field(min_length=1, max_length=4096, examples=["/mnt/photos/2024"])

    def run(self, served: ServedArchive, job_id: int, on_step: OnStep) -> Progress:
        """As `coldframe ingest`."""
        archive = served.archive
        counts: Counter[str] = Counter()
        run = archive.ingest(self.path)
        for done, outcome in enumerate(run, 1):
            counts[type(outcome).__name__.lower()] += 1
            yield done, archive.ingest_progress.total
        return _told(counts)


NewJob = Annotated[RestoreJob | DetailJob | RecodeJob | IngestJob, Field(discriminator="kind")]
KINDS: TypeAdapter[RestoreJob | DetailJob | RecodeJob | IngestJob] = TypeAdapter(NewJob)


def parameters_of(job: JobRecord) -> RestoreJob | DetailJob | RecodeJob | IngestJob:
    """A stored job → what it does. Raises pydantic's ValidationError for one of another version."""
    return KINDS.validate_python({**job.parameters, "kind": job.kind})


def _told(counts: Counter[str]) -> str:
    """`archived 12, skipped 1`."""
    return ", ".join(f"{word} {count:,}" for word, count in counts.items() if count)
