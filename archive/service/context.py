"""What endpoints depend on: the service, the archive of the path, and how many there may be."""

from __future__ import annotations

import base64
import binascii
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar

import anyio
from fastapi import Depends, Path, Query, Request
from starlette.responses import Response

from archive.imaging.workers import Workers
from archive.service.job_kinds import BIGGEST
from archive.service.jobs import JobRunner
from archive.service.problems import Refused
from archive.service.served import ServedArchive, ServedArchives, ServiceConfig

THREADS = 12  # for requests; less than the connections that a database gets
LONGEST_CURSOR = 200
T = TypeVar("T")


@dataclass
class Service:
    """Everything that runs."""

    config: ServiceConfig
    archives: ServedArchives
    runner: JobRunner
    token: str | None = field(default=None, repr=False)  # None: none is needed
    token_source: str = ""  # a file, or the name of a variable
    workers: Workers = field(default_factory=Workers)
    is_ready: threading.Event = field(default_factory=threading.Event)
    _decoding: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(2))
    _searching: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(1))

    async def decode(self, work: Callable[[], T], request: Request | None = None) -> T:
        """Runs what decodes pictures, a few at a time; not for whom has gone meanwhile."""
        async with self._decoding:
            if request is not None and await request.is_disconnected():
                raise Refused(408, "nobody waits for this picture any more")
            return await anyio.to_thread.run_sync(work)

    async def search(self, work: Callable[[], T]) -> T:
        """Runs a search after those that came before: side by side, all of them take longer."""
        return await anyio.to_thread.run_sync(work, limiter=self._searching)


async def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


async def _served(
    request: Request,
    archive: Annotated[str, Path(description="Name of the archive.", examples=["default"])],
) -> ServedArchive:
    service: Service = request.app.state.service
    return service.archives[archive]


TheService = Annotated[Service, Depends(_service)]
Served = Annotated[ServedArchive, Depends(_served)]
ImageId = Annotated[int, Path(ge=1, le=BIGGEST, description="Id of the row.", examples=[12])]
JobId = Annotated[int, Path(ge=1, le=BIGGEST, description="Id of the job.", examples=[3])]
Limit = Annotated[int, Query(ge=1, le=1000, description="Rows of a page, at most.")]
Inline = Annotated[
    bool, Query(description="Placeholders are `data:` addresses: they need no further requests.")
]
Cursor = Annotated[
    str | None, Query(max_length=LONGEST_CURSOR, description="`next` of the page before.")
]


def cursor_of(values: list[Any]) -> str:
    """Values → the text that stands for them."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def values_of(cursor: str) -> list[Any]:
    """The values of a cursor. Raises Refused for a text that is none."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        values = None
    if not isinstance(values, list):
        raise Refused(422, "cursor: this is not the cursor of a page")
    return values


def not_modified(request: Request, etag: str, headers: dict[str, str]) -> Response | None:
    """An answer without a body for whoever has this version already; else None."""
    given = request.headers.get("if-none-match", "")
    tags = {tag.strip().removeprefix("W/") for tag in given.split(",")}
    return Response(status_code=304, headers=headers) if etag in tags else None


def caching(etag: str, *, is_versioned: bool) -> dict[str, str]:
    """Headers of what never changes at an address with its version, and may at one without."""
    policy = "private, max-age=31536000, immutable" if is_versioned else "private, no-cache"
    return {"ETag": etag, "Cache-Control": policy}
