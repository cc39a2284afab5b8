"""Jobs: asking for them, watching them, and what they make."""

from __future__ import annotations

import os
import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import FileResponse, Response, StreamingResponse

from archive.filters import Filters
from archive.service.context import JobId, Limit, Served, Service, TheService
from archive.service.documents import Job, JobList, example
from archive.service.job_kinds import DetailJob, IngestJob, NewJob, RecodeJob, RestoreJob
from archive.service.jobs import check_rows, result_files
from archive.service.problems import Answers, Refused, answers
from archive.service.served import ServedArchive
from archive.store.jobs import JobState

router = APIRouter(prefix="/archives/{archive}", tags=["jobs"])
LOOK_SECONDS = 0.2  # between two looks at a job that is watched
PING_SECONDS = 15.0  # after which a stream says that it lives
MEDIA_TYPES = {".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}
EVENTS: Answers = {
    200: {
        "content": {
            "text/event-stream": {
                "itemSchema": {
                    "type": "object",
                    "properties": {"event": {"const": "job"}, "data": {"type": "string"}},
                    "required": ["data"],
                }
            }
        }
    }
}
PICTURES: Answers = {
    200: {
        "content": {
            media_type: {"schema": {"type": "string", "format": "binary"}}
            for media_type in (*MEDIA_TYPES.values(), "application/zip")
        }
    }
}
EXAMPLES: Any = {
    "restore": example(kind="restore", ids=[12, 13], detail_bytes=50),
    "detail": example(kind="detail", where=["width>1000"], bytes=100),
    "recode": example(kind="recode", codec="klt", bits=250, map_bits=64),
    "ingest": example(kind="ingest", path="/mnt/photos/2024"),
}


class IngestRequest(BaseModel):
    """A folder or a file that the service can see."""

    model_config = ConfigDict(strict=True)

    path: str = Field(min_length=1, max_length=4096, examples=["/mnt/photos/2024"])


@router.post("/jobs", status_code=202, responses=answers(400, 401, 403, 404, 413, 422, 429, 503))
def create_job(
    service: TheService, served: Served, job: Annotated[NewJob, Body(openapi_examples=EXAMPLES)]
) -> Job:
    """Work for later. Restoring changes no row, so a read-only service does that, too."""
    match job:
        case RestoreJob():
            check_rows(served, job.ids)
        case IngestJob():
            return _ingest(service, served, job.path)
        case RecodeJob():
            served.check_changeable()
            job.config.check()
            Filters(where=job.where)
        case DetailJob():
            served.check_changeable()
            check_rows(served, job.ids)
            Filters(where=job.where)
    parameters = job.model_dump(exclude={"kind"}, exclude_defaults=True)
    return service.runner.add(served, job.kind, parameters)


@router.post("/ingest", status_code=202, responses=answers(400, 401, 403, 404, 413, 422, 429, 503))
def ingest(service: TheService, served: Served, request: IngestRequest) -> Job:
    """A job that archives what lies under an allowed folder."""
    return _ingest(service, served, request.path)


@router.get("/jobs", responses=answers(401, 404, 422))
def list_jobs(service: TheService, served: Served, limit: Limit = 50) -> JobList:
    """Jobs, the newest first."""
    records = served.archive.store.jobs.newest(limit)
    return JobList(jobs=[service.runner.document(served, record) for record in records])


@router.get("/jobs/{job_id}", responses=answers(401, 404, 422))
def one_job(service: TheService, served: Served, job_id: JobId) -> Job:
    """A job and how far it is."""
    return _job(service, served, job_id)


@router.delete("/jobs/{job_id}", responses=answers(401, 403, 404, 409, 422))
def cancel_job(service: TheService, served: Served, job_id: JobId) -> Job:
    """Ends a job: at once if it waits, else at its next step."""
    return service.runner.cancel(served, job_id)


@router.get(
    "/jobs/{job_id}/events", responses=EVENTS | answers(401, 404, 422), response_class=Response
)
async def watch_job(service: TheService, served: Served, job_id: JobId) -> Response:
    """Server-sent events: the job at every change; its last state ends the stream."""
    first = await anyio.to_thread.run_sync(_job, service, served, job_id)
    return StreamingResponse(_events(service, served, first), media_type="text/event-stream")


@router.get(
    "/jobs/{job_id}/result",
    responses=PICTURES | answers(401, 404, 409, 422),
    response_class=Response,
)
def job_result(served: Served, job_id: JobId) -> Response:
    """The restored picture, or a ZIP of several."""
    record = served.archive.store.jobs.get(job_id)
    files = result_files(served, record) if record.state is JobState.DONE else []
    if not files:
        raise Refused(409, f"job {job_id} has no pictures, or none yet")
    if len(files) == 1:
        media_type = MEDIA_TYPES[files[0].suffix]
        return FileResponse(files[0], media_type=media_type, filename=files[0].name)
    name = f'attachment; filename="coldframe-job-{job_id}.zip"'
    headers = {"Content-Disposition": name}
    return StreamingResponse(_zipped(files), 200, headers, "application/zip")


def _job(service: Service, served: ServedArchive, job_id: int) -> Job:
    return service.runner.document(served, served.archive.store.jobs.get(job_id))


def _ingest(service: Service, served: ServedArchive, path: str) -> Job:
    """Raises Refused for a path that is not under an allowed folder, wherever links lead."""
    served.check_changeable()
    if "\0" in path:
        raise Refused(422, "path: a path has no NUL character")
    real = os.path.realpath(path)
    if not any(Path(real).is_relative_to(root) for root in service.config.roots):
        raise Refused(403, "this path is not under a folder that `--root` allows")
    if not os.path.exists(real):
        raise Refused(422, "there is nothing at this path")
    return service.runner.add(served, "ingest", {"path": real})


async def _events(service: Service, served: ServedArchive, job: Job) -> AsyncIterator[str]:
    """The stream ends with the job, or with the service."""
    sent: Job | None = None
    waited = 0.0
    while True:
        if job != sent:
            yield f"event: job\ndata: {job.model_dump_json()}\n\n"
            sent = job
            waited = 0.0
        elif waited >= PING_SECONDS:
            yield ": still here\n\n"
            waited = 0.0
        if job.state.is_final or service.runner.is_ending:
            return
        await anyio.sleep(LOOK_SECONDS)
        waited += LOOK_SECONDS
        job = await anyio.to_thread.run_sync(_job, service, served, job.id)


class _Pieces:
    """A file that gives away what is written to it."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, content: bytes) -> int:
        """Called by zipfile."""
        self._pieces.append(bytes(content))
        return len(content)

    def flush(self) -> None:
        """Called by zipfile."""

    def take(self) -> bytes:
        """What was written since the last call."""
        content = b"".join(self._pieces)
        self._pieces.clear()
        return content


def _zipped(files: list[Path]) -> Iterator[bytes]:
    """Files → a ZIP archive, one file at a time; pictures are compressed already."""
    pieces = _Pieces()
    with zipfile.ZipFile(pieces, "w", zipfile.ZIP_STORED) as archive:  # type: ignore[call-overload]
        for file in files:
            archive.write(file, file.name)
            yield pieces.take()
    yield pieces.take()
