"""Archives, their figures, volumes and ledger; the session of a page."""

from __future__ import annotations

from dataclasses import asdict
from importlib.metadata import version

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from archive.ingest.volumes import is_mounted
from archive.service.access import COOKIE, same, session_of
from archive.service.context import Cursor, Limit, Served, TheService, cursor_of, values_of
from archive.service.documents import (
    ArchiveFacts,
    Archives,
    Ledger,
    SkippedFile,
    StatsFacts,
    Volume,
    Volumes,
    shown,
)
from archive.service.problems import Refused, answers
from archive.service.summary import SummaryFacts

router = APIRouter(tags=["archives"])
session_router = APIRouter(tags=["session"])


class Login(BaseModel):
    """What opens a session."""

    model_config = ConfigDict(strict=True)

    token: str = Field(max_length=1000)


@session_router.post(
    "/session",
    status_code=204,
    responses=answers(400, 401, 403, 413, 422),
    summary="Open a session",
)
async def open_session(login: Login, request: Request, service: TheService) -> Response:
    """The token → a cookie, for a page, whose pictures cannot send a header."""
    token = service.token
    answer = Response(status_code=204)
    if token is None:
        return answer
    if not same(login.token, token):
        raise Refused(401, "this is not the token", headers={"WWW-Authenticate": "Bearer"})
    is_secure = request.url.scheme == "https"
    path = service.config.root_path or "/"
    answer.set_cookie(
        COOKIE, session_of(token), path=path, httponly=True, samesite="strict", secure=is_secure
    )
    return answer


@session_router.delete(
    "/session", status_code=204, responses=answers(403), summary="Close the session"
)
async def close_session(service: TheService) -> Response:
    """The cookie goes."""
    answer = Response(status_code=204)
    answer.delete_cookie(COOKIE, path=service.config.root_path or "/")
    return answer


@router.get("/archives", responses=answers(401), summary="List archives")
def list_archives(service: TheService) -> Archives:
    """The archives that are served."""
    facts = [
        ArchiveFacts(
            name=name,
            read_only=served.read_only,
            images=len(served.archive),
            model=served.archive.model.name,
            codec=served.archive.codec.name,
        )
        for name, served in service.archives.items()
    ]
    return Archives(archives=facts, version=version("coldframe"))


@router.get("/archives/{archive}/stats", responses=answers(401, 404, 422), summary="Figures")
def stats(served: Served) -> StatsFacts:
    """What the archive costs and what it saves."""
    archive = served.archive
    facts = asdict(archive.stats())
    until_fit = archive.rows_until_fit()
    return StatsFacts(**facts, read_only=served.read_only, rows_until_fit=until_fit)


@router.get("/archives/{archive}/summary", responses=answers(401, 404, 422), summary="Summary")
def summary(served: Served) -> SummaryFacts:
    """How many images there are of each month, format, camera, folder, volume, size, fidelity."""
    return SummaryFacts.of(served.archive.store)


@router.get("/archives/{archive}/volumes", responses=answers(401, 404, 422), summary="Volumes")
def volumes(served: Served) -> Volumes:
    """The file systems that images came from, and whether they are here."""
    images = served.archive.store.sources.count_images()
    return Volumes(
        volumes=[
            Volume(
                id=volume.id,
                label=shown(volume.label),
                root=shown(volume.root),
                marker=shown(volume.marker),
                mounted=is_mounted(volume.marker, volume.root),
                last_seen=volume.last_seen,
                images=images.get(volume.id, 0),
            )
            for volume in served.archive.store.volumes.all()
        ]
    )


@router.get("/archives/{archive}/ledger", responses=answers(401, 404, 422), summary="Ledger")
def ledger(served: Served, limit: Limit = 100, cursor: Cursor = None) -> Ledger:
    """The files that were not archived, and why."""
    start = offset_of(cursor)
    skipped = served.archive.skipped()
    page = [
        SkippedFile(
            path=shown(file.path),
            reason=file.reason,
            detail=shown(file.detail),
            attempts=file.attempts,
            last_attempt=file.last_attempt,
        )
        for file in skipped[start : start + limit]
    ]
    end = start + limit
    return Ledger(skipped=page, next=cursor_of([end]) if end < len(skipped) else None)


def offset_of(cursor: str | None) -> int:
    """A cursor → how many came before; 0 without one. Raises Refused."""
    if cursor is None:
        return 0
    values = values_of(cursor)
    if len(values) != 1 or type(values[0]) is not int or values[0] < 0:
        raise Refused(422, "cursor: this is not the cursor of a page")
    return values[0]
