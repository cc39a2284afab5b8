"""Searching, by words, rows and pictures; adding pictures."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Depends, File, Query, UploadFile
from pydantic import Field

from archive.errors import Unreadable
from archive.filters import Filters
from archive.index.hits import in_order
from archive.index.queries import Combination
from archive.ingest.outcomes import Added, Archived, Duplicate, Skipped
from archive.service.context import Cursor, Inline, Limit, Served, TheService, cursor_of
from archive.service.documents import Hit, Hits, Upload, Uploads
from archive.service.filters import LONGEST, MOST_HITS, Meant
from archive.service.job_kinds import BIGGEST
from archive.service.problems import Refused, answers
from archive.service.routes_archive import offset_of
from archive.service.routes_images import fields_of
from archive.service.served import ServedArchive

router = APIRouter(prefix="/archives/{archive}", tags=["search"])
MOST_QUERIES = 16  # words, rows or pictures that are added up
MOST_PICTURE = 64_000_000  # bytes of a picture to search with
MOST_PICTURES = 100  # in one upload
LONGEST_NAME = 200  # bytes of a file's name that are kept
Words = Annotated[str, Field(max_length=LONGEST)]
Id = Annotated[int, Field(ge=1, le=BIGGEST)]
Order = Annotated[
    str,
    Query(
        pattern="^(score|-?date)$",
        description="By `date` or `-date` the `limit` best are sorted, and there is no next page.",
    ),
]


@dataclass(frozen=True)
class Page:
    """Which of the hits are sent, and how."""

    start: int
    limit: int
    sort: str
    inline: bool  # with their placeholders


async def _combination(
    *,
    q: Annotated[
        list[Words],
        Query(
            default_factory=list,
            max_length=MOST_QUERIES,
            description="Words; repeatable.",
            examples=["a red boat"],
        ),
    ],
    like: Annotated[
        list[Id],
        Query(
            default_factory=list,
            max_length=MOST_QUERIES,
            description="Ids of rows that are like it; repeatable. They are left out of the hits.",
        ),
    ],
    unwanted: Annotated[
        list[Words],
        Query(
            alias="not",
            default_factory=list,
            max_length=MOST_QUERIES,
            description="Words not meant; repeatable.",
        ),
    ],
) -> Combination:
    return Combination(q, unwanted, like)


Asked = Annotated[Combination, Depends(_combination)]


@router.get("/search", responses=answers(401, 404, 422, 503), summary="Search")
async def search(
    *,
    service: TheService,
    served: Served,
    filters: Meant,
    query: Asked,
    limit: Limit = 50,
    cursor: Cursor = None,
    inline: Inline = False,
    sort: Order = "score",
) -> Hits:
    """Rows by words and other rows: all of `q` and `like`, and none of `not`."""
    start = offset_of(cursor)
    page = Page(start, limit, sort, inline)
    return await service.search(partial(_hits, served, query, filters, page))


@router.post(
    "/search", responses=answers(400, 401, 404, 408, 413, 422, 503), summary="Search by a picture"
)
async def search_by_picture(
    *,
    service: TheService,
    served: Served,
    filters: Meant,
    query: Asked,
    picture: Annotated[UploadFile, File(description="An image file, up to 64 MB.")],
    limit: Limit = 50,
    inline: Inline = False,
    sort: Order = "score",
) -> Hits:
    """Rows like a picture, to which words and rows may be added."""
    if (picture.size or 0) > MOST_PICTURE:
        raise Refused(413, f"the picture is too large; the limit is {MOST_PICTURE // 10**6} MB")
    content = await picture.read()
    if not content:
        raise Unreadable("empty", "the picture has no bytes")

    def answer() -> Hits:
        size = int(np.max(served.archive.model.preprocessing["size"]))
        pixels = service.workers.decode(content, at_least=size).pixels
        whole = replace(query, plus=[*query.plus, pixels])
        hits = _hits(served, whole, filters, Page(0, limit, sort, inline))
        return Hits(hits=hits.hits, next=None)  # the picture would have to be sent again

    return await service.decode(answer)


@router.post(
    "/images", responses=answers(400, 401, 403, 404, 408, 413, 422, 503, 507), summary="Upload"
)
async def upload(
    service: TheService,
    served: Served,
    pictures: Annotated[list[UploadFile], File(description="Image files, 256 MB in all.")],
) -> Uploads:
    """Archives pictures. Their rows are kept, the files are not."""
    served.check_changeable()
    if len(pictures) > MOST_PICTURES:
        raise Refused(413, f"upload at most {MOST_PICTURES} pictures at a time")
    outcomes = await service.decode(partial(_archive, served, pictures))
    return Uploads(outcomes=outcomes)


def _hits(served: ServedArchive, query: Combination, filters: Filters, page: Page) -> Hits:
    """A page of hits."""
    by_score = page.sort == "score"
    end = page.start + page.limit
    count = min(end + by_score, MOST_HITS)  # one more tells whether there is a next page
    served.archive.refresh()
    ranked = served.archive.search(query, limit=count, filters=filters)
    chosen = in_order(ranked[page.start : end], page.sort)
    all_fields = fields_of(served, [hit.row for hit in chosen], inline=page.inline)
    hits = [
        Hit(score=hit.score, match=hit.match, is_match=hit.is_match, **fields)
        for hit, fields in zip(chosen, all_fields, strict=True)
    ]
    has_next = by_score and len(ranked) > end
    return Hits(hits=hits, next=cursor_of([end]) if has_next else None)


def _archive(served: ServedArchive, pictures: Sequence[UploadFile]) -> list[Upload]:
    """Uploaded files → their rows, or why there is none."""
    parent = served.folder / "uploads"
    parent.mkdir(exist_ok=True)
    uploads: list[tuple[str, str]] = []  # name, and name in the archive; equal files share it
    with tempfile.TemporaryDirectory(dir=parent) as folder:
        files: dict[str, Path] = {}
        for number, picture in enumerate(pictures):
            file = Path(folder, str(number))
            with file.open("wb") as opened:
                shutil.copyfileobj(picture.file, opened)
            name = _file_name(picture.filename)
            uploads.append((name, f"upload/{_start_of_digest(file)}/{name}"))
            files[uploads[-1][1]] = file
        outcomes = served.archive.add_pictures(files)
    return [_upload(name, outcomes[place]) for name, place in uploads]


def _start_of_digest(file: Path) -> str:
    """What tells files of one name apart."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()[:8]


def _upload(name: str, outcome: Added) -> Upload:
    skipped = outcome if isinstance(outcome, Skipped) else None
    return Upload(
        name=name,
        status=type(outcome).__name__.lower(),
        id=outcome.image_id if isinstance(outcome, Archived | Duplicate) else None,
        reason=skipped.reason if skipped else "",
        detail=skipped.detail if skipped else "",
    )


def _file_name(given: str | None) -> str:
    """What a client calls a file → a name without folders and control characters."""
    name = (given or "").replace("\\", "/").rpartition("/")[2]
    name = "".join(char for char in name if char.isprintable())
    name = name.encode("utf-8", "replace")[:LONGEST_NAME].decode("utf-8", "ignore").strip()
    return name if name not in ("", ".", "..") else "picture"
