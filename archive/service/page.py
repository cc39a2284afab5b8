"""The page: the files of web/, beside this module. Nothing but them may run or style it."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from fastapi import APIRouter
from starlette.responses import Response

from archive.service.problems import Answers, Refused, answers

KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
HTML: Answers = {200: {"content": {"text/html": {"schema": {"type": "string"}}}}}
TEXT: Answers = {200: {"content": {"text/*": {"schema": {"type": "string"}}}}}

router = APIRouter(tags=["server"])


@router.get("/", responses=HTML, response_class=Response, summary="The page")
async def page() -> Response:
    """Of `page/…` it loads what it needs; it has no data in it."""
    return _file("index.html")


@router.get(
    "/page/{name}", responses=TEXT | answers(404, 422), response_class=Response, summary="Its parts"
)
async def part(name: str) -> Response:
    """A style sheet or a script."""
    if name not in _files():
        raise Refused(404, f"the page has no part {name!r}")
    return _file(name)


@cache
def _files() -> dict[str, bytes]:
    """All files, by name."""
    folder = files("archive.service") / "web"
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def _file(name: str) -> Response:
    kind = KINDS[name[name.rindex(".") :]]
    return Response(_files()[name], media_type=f"{kind}; charset=utf-8", headers=HEADERS)
