"""Errors as RFC 9457: `application/problem+json`, whatever went wrong.

A message about what was sent is passed on. One about this machine, which may have a path in it, is
not: its class has a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from archive.errors import (
    ArchiveLocked,
    ArchiveReadOnly,
    BadCode,
    ColdframeError,
    DatabaseUnreachable,
    DiskFull,
    ModelMissing,
    NotFound,
    Unreadable,
    UsageError,
)

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5  # after a lock or a lost database server
SENTENCES: Mapping[type[ColdframeError], tuple[int, str]] = {  # '' passes the message on
    NotFound: (404, ""),
    UsageError: (422, ""),
    Unreadable: (422, ""),
    BadCode: (422, "the codes of this image are damaged"),
    ArchiveReadOnly: (403, "the archive can only be read here"),
    ArchiveLocked: (503, "another process is writing to the archive; try again"),
    DatabaseUnreachable: (503, "the database cannot be reached; try again"),
    ModelMissing: (503, "the archive's model is not on this machine"),
    DiskFull: (507, "the disk of the archive is full"),
}
Answers = dict[int | str, dict[str, Any]]  # what an operation declares, by status
FAILED = (500, "the service could not do this; its log says why")


class Refused(Exception):
    """An answer with this status and sentence."""

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] = {}) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers


class Flaw(BaseModel):
    """What is wrong with one value."""

    loc: list[str] = Field(examples=[["query", "limit"]])
    msg: str = Field(examples=["Input should be less than or equal to 1000"])


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = Field(examples=["about:blank"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["no image 7 in this archive; `coldframe ls` lists all images"])
    errors: list[Flaw] = Field(default=[], description="Values that are wrong, of a 422.")


def problem(
    status: int, detail: str, *, headers: Mapping[str, str] = {}, flaws: Sequence[Flaw] = ()
) -> JSONResponse:
    """An answer that says what went wrong."""
    title = HTTPStatus(status).phrase
    facts = Problem(
        type="about:blank", title=title, status=status, detail=detail or title, errors=[*flaws]
    )
    content = facts.model_dump(exclude_defaults=True)
    return JSONResponse(content, status, dict(headers), media_type=MEDIA_TYPE)


def answers(*statuses: int) -> Answers:
    """What an operation declares of its errors."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status in statuses
    }


def install(app: FastAPI) -> None:
    """Every error of the app becomes a problem."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(ColdframeError, _coldframe)
    app.add_exception_handler(Exception, _unexpected)


def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refused)
    return problem(error.status, error.detail, headers=error.headers)


def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == 405:  # Starlette names the methods of one of the path's routes
        headers["Allow"] = ", ".join(_methods(request))
    return problem(error.status_code, str(error.detail), headers=headers)


def _methods(request: Request) -> list[str]:
    """What may be done at the path of a request."""
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    return [
        method.upper()
        for template, operations in request.app.openapi()["paths"].items()
        if re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template)), path)
        for method in operations
    ]


def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    flaws = [
        Flaw(loc=[str(part) for part in flaw["loc"]], msg=str(flaw["msg"]))
        for flaw in error.errors()
    ]
    detail = "; ".join(f"{'.'.join(flaw.loc)}: {flaw.msg}" for flaw in flaws)
    return problem(422, detail, flaws=flaws)


def _coldframe(_: Request, error: Exception) -> JSONResponse:
    for kind, (status, sentence) in SENTENCES.items():
        if isinstance(error, kind):
            headers = {"Retry-After": str(RETRY_SECONDS)} if status == 503 else {}
            return problem(status, sentence or str(error), headers=headers)
    raise error  # for the log


def _unexpected(_: Request, error: Exception) -> JSONResponse:
    return problem(*FAILED)
