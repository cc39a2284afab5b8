"""`coldframe show`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from archive.settings import Settings
from cli.shared.command import Command
from cli.shared.options import archive_options, json_option
from cli.shared.output import emit, path_fields, plural, say, size

if TYPE_CHECKING:
    from archive.records import Detail, Row


@click.command(cls=Command)
@click.argument("image_id", metavar="ID", type=int)
@archive_options
@json_option
def command(image_id: int, settings: Settings, as_json: bool) -> None:
    """Show one row: everything that is kept of an image."""
    from archive.archive import Archive

    with Archive(settings) as archive:
        row = archive[image_id]
        facts = _facts(row, archive.codec_of(row).name)
        detail = archive.details([image_id]).get(image_id)
    if as_json:
        sources = [path_fields(path) for path in row.paths]
        measures = detail and _measures(detail, row)
        emit({**facts, "detail": measures, "sources": sources, **path_fields(row.path)})
        return
    shown = {"file_bytes": size(row.file_bytes), "detail": detail and _described(detail, row)}
    for name, value in (facts | shown).items():
        say(f"{name:<12} {'-' if value is None else value}")
    for path in row.paths:
        say(f"{'source':<12} {path}")


def _facts(row: Row, codec: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "digest": row.sha256.hex(),
        "codec": codec,
        "clip_code": row.clip_code.hex(),
        "color_code": row.color_code.hex(),
        "crc32": f"{row.crc32:08x}",
        "candidate": None if row.seed_index is None else row.candidate,
        "width": row.width,
        "height": row.height,
        "format": row.format,
        "file_bytes": row.file_bytes,
        "flags": [str(flag.name).lower() for flag in row.flags],
        "taken_at": row.taken_at and row.taken_at.isoformat(),
        "camera": row.camera,
        "latitude": row.latitude,
        "longitude": row.longitude,
        "archived_at": row.archived_at.isoformat(),
    }


def _measures(detail: Detail, row: Row) -> dict[str, Any]:
    return {
        "schedule": detail.schedule_id,
        "bytes": len(detail.code),
        "psnr": detail.psnr,
        "similarity": detail.similarity,
        "stale": detail.is_stale(row),
    }


def _described(detail: Detail, row: Row) -> str:
    """100 bytes, 21.3 dB, similarity 0.81."""
    parts = [plural(len(detail.code), "byte")]
    if detail.psnr is not None:
        parts.append(f"{detail.psnr:.1f} dB")
    if detail.similarity is not None:
        parts.append(f"similarity {detail.similarity:.2f}")
    if detail.is_stale(row):
        parts.append("stale")
    return ", ".join(parts)
