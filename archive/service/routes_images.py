"""Rows, their pictures, and forgetting them."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Query, Request
from starlette.responses import FileResponse, Response, StreamingResponse

from archive.archive import Archive
from archive.ingest.volumes import is_mounted
from archive.records import Row
from archive.service import pictures
from archive.service.context import (
    Cursor,
    ImageId,
    Inline,
    Limit,
    Served,
    TheService,
    caching,
    cursor_of,
    not_modified,
    values_of,
)
from archive.service.documents import (
    DetailFacts,
    Forgotten,
    Image,
    Images,
    Source,
    WholeImage,
    image_fields,
    shown,
)
from archive.service.filters import Meant, select
from archive.service.jobs import newest_picture
from archive.service.problems import Answers, Refused, answers
from archive.service.served import ServedArchive
from archive.store.image_order import Key, Sort

router = APIRouter(prefix="/archives/{archive}/images", tags=["images"])
Version = Annotated[
    str | None, Query(alias="v", max_length=16, description="Checksum of the row, for caches.")
]
PNG: Answers = {200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}}
ANY_IMAGE: Answers = {
    200: {"content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}}
}


@router.get("", responses=answers(401, 404, 422), summary="List images")
def list_images(
    *,
    served: Served,
    filters: Meant,
    limit: Limit = 100,
    cursor: Cursor = None,
    inline: Inline = False,
    sort: Annotated[Sort, Query(description="`-`: downwards.")] = Sort.ID,
) -> Images:
    """Rows, a page at a time."""
    served.archive.refresh()
    after = () if cursor is None else _key_of(cursor, sort)
    rows, end = select(served, filters, sort, after, limit)
    total = len(served.archive) if filters.is_empty else None
    images = [Image(**fields) for fields in fields_of(served, rows, inline=inline)]
    return Images(images=images, next=_cursor(sort, end), total=total)


@router.get("/{image_id}", responses=answers(401, 404, 422), summary="One image")
def one_image(served: Served, image_id: ImageId) -> WholeImage:
    """Everything that is known of an image."""
    archive = served.archive
    archive.refresh()
    row = intact_row(served, image_id)
    detail = archive.details([image_id]).get(image_id)
    [fields] = fields_of(served, [row])
    return WholeImage(
        **fields,
        clip_code=row.clip_code.hex(),
        color_code=row.color_code.hex(),
        crc32=f"{row.crc32:08x}",
        candidate=None if row.seed_index is None else row.candidate,
        model=archive.model.name,
        detail=DetailFacts.of(detail, row) if detail else None,
        sources=_sources(served, image_id),
        restoration=f"{served.base}/images/{image_id}/restoration"
        if newest_picture(served, image_id)
        else None,
    )


@router.get(
    "/{image_id}/placeholder.png",
    responses=PNG | answers(401, 404, 422),
    response_class=Response,
    summary="Color map",
)
def placeholder(
    request: Request, served: Served, image_id: ImageId, version: Version = None
) -> Response:
    """A row's color map in the aspect ratio of its original: from the row alone."""
    served.archive.refresh()
    row = intact_row(served, image_id)
    checksum = f"{row.crc32:08x}"
    headers = caching(f'"{checksum}"', is_versioned=version == checksum)
    unchanged = not_modified(request, headers["ETag"], headers)
    if unchanged is not None:
        return unchanged
    return Response(pictures.placeholder(served.archive, row), 200, headers, "image/png")


@router.get(
    "/{image_id}/original",
    responses=ANY_IMAGE | answers(401, 404, 422),
    response_class=Response,
    summary="Original",
)
async def original(
    *,
    request: Request,
    service: TheService,
    served: Served,
    image_id: ImageId,
    size: Annotated[
        int | None, Query(ge=16, le=4096, description="Pixels of the long side, as JPEG.")
    ] = None,
    version: Version = None,
) -> Response:
    """The original as a browser shows it, if it can be seen now."""
    row = await anyio.to_thread.run_sync(intact_row, served, image_id)
    is_versioned = version == f"{row.crc32:08x}"
    tag = f'"{row.sha256.hex()[:32]}-{size or 0}"'
    headers = caching(tag, is_versioned=is_versioned)
    unchanged = not_modified(request, tag, headers)
    if unchanged is not None:
        return unchanged
    picture = await service.decode(lambda: pictures.original(row, size, service.workers), request)
    headers["Content-Length"] = str(picture.length)
    return StreamingResponse(picture.chunks, 200, headers, picture.media_type)


@router.get(
    "/{image_id}/restoration",
    responses=ANY_IMAGE | answers(401, 404, 422),
    response_class=Response,
    summary="Newest restored picture",
)
def restoration(served: Served, image_id: ImageId) -> Response:
    """The last picture of this row that a job of this service drew."""
    path = newest_picture(served, image_id)
    if path is None:
        raise Refused(404, f"image {image_id} has not been restored here; POST a job")
    return FileResponse(path, headers={"Cache-Control": "private, no-cache"})


@router.delete("/{image_id}", responses=answers(401, 403, 404, 422, 503), summary="Forget")
def forget(
    served: Served,
    image_id: ImageId,
    tombstone: Annotated[
        bool, Query(description="Keep its SHA-256, so that it is not archived again.")
    ] = True,
) -> Forgotten:
    """Erases a row for good, and the pictures that this service restored from it."""
    served.check_changeable()
    [forgotten] = served.archive.forget(image_id, tombstone=tombstone)
    folder = served.results.absolute()
    drawn = [path for path in forgotten.restored if folder in Path(path).parents]
    for path in drawn:
        Path(path).unlink(missing_ok=True)
    return Forgotten(
        id=forgotten.id,
        digest=forgotten.digest,
        paths=[shown(path) for path in forgotten.paths],
        restored=[shown(path) for path in forgotten.restored if path not in drawn],
    )


def intact_row(served: ServedArchive, image_id: int) -> Row:
    """One row. Raises NotFound; a damaged one is not found either."""
    [row] = served.archive.rows([image_id], damaged=True)
    if not row.intact:
        raise Refused(404, f"the row of image {image_id} is damaged")
    return row


def fields_of(
    served: ServedArchive, rows: Sequence[Row], *, inline: bool = False
) -> list[dict[str, Any]]:
    """Rows → the fields of Image; `inline`: with their placeholders. Call `refresh` before."""
    archive = served.archive
    details = archive.details([row.id for row in rows])
    pngs = pictures.placeholders(archive, rows) if inline else {}
    all_fields = []
    for row in rows:
        codec, detail = _codec_name(archive, row), details.get(row.id)
        fields = image_fields(row, codec=codec, detail=detail, base=served.base)
        if row.id in pngs:
            fields["placeholder"] = f"data:image/png;base64,{b64encode(pngs[row.id]).decode()}"
        all_fields.append(fields)
    return all_fields


def _codec_name(archive: Archive, row: Row) -> str:
    """'' of a row whose codec is missing."""
    try:
        return archive.codec_of(row).name
    except KeyError:
        return ""


def _sources(served: ServedArchive, image_id: int) -> list[Source]:
    volumes = {volume.id: volume for volume in served.archive.store.volumes.all()}
    mounted = {volume.id: is_mounted(volume.marker, volume.root) for volume in volumes.values()}
    sources = []
    for place in served.archive.store.sources.places(image_id):
        volume = volumes.get(place.volume_id)
        path = os.path.join(volume.root if volume else "", place.path)
        is_here = mounted.get(place.volume_id, False)
        sources.append(
            Source(
                path=shown(path),
                volume=shown(volume.label) if volume else None,
                mounted=is_here,
                exists=is_here and os.path.isfile(path),
            )
        )
    return sources


def _cursor(sort: Sort, key: Key | None) -> str | None:
    if key is None:
        return None
    values = [part.isoformat() if isinstance(part, datetime) else part for part in key]
    return cursor_of([str(sort), *values])


def _key_of(cursor: str, sort: Sort) -> Key:
    """Raises Refused for a cursor of another order."""
    match values_of(cursor):
        case [str(name), int(image_id)] if name == sort and not sort.by_date:
            return (image_id,)
        case [str(name), str(date), int(image_id)] if name == sort and sort.by_date:
            try:
                return (datetime.fromisoformat(date).replace(tzinfo=None), image_id)
            except ValueError:
                pass
    raise Refused(422, "cursor: this is not the cursor of a page in this order")
