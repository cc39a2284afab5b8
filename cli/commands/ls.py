"""`coldframe ls`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import click

from archive.errors import UsageError
from archive.records import Row, SkippedRecord
from archive.settings import Settings
from cli.shared.options import archive_options, json_option
from cli.shared.output import emit, path_fields, shown, size

if TYPE_CHECKING:
    from archive.archive import Archive

Scores = Mapping[str, float]


@click.command()
@click.option("--skipped", is_flag=True, help="The ledger instead: what was not archived, and why.")
@click.option("-0", "--null", is_flag=True, help="Paths only, each ended by a NUL byte.")
@click.option(
    "--worst",
    type=click.IntRange(1),
    metavar="N",
    help="The N audited rows that come back worst, in turn.",
)
@archive_options
@json_option
def command(
    *, skipped: bool, null: bool, worst: int | None, settings: Settings, as_json: bool
) -> None:
    """List what is archived, or what was skipped, or what came back worst when it was audited."""
    from archive.archive import Archive

    if skipped and worst:
        raise UsageError("give either --skipped or --worst")
    with Archive(settings) as archive:
        for line, scores in _worst(archive, worst) if worst else _all(archive, skipped):
            if null:
                sys.stdout.buffer.write(os.fsencode(line.path) + b"\0")
            elif isinstance(line, Row):
                _print_row(line, scores, as_json)
            elif as_json:
                told = {"reason": line.reason, "detail": line.detail, "attempts": line.attempts}
                emit(
                    {
                        **path_fields(line.path),
                        **told,
                        "last_attempt": line.last_attempt.isoformat(),
                    }
                )
            else:
                click.echo(f"{line.reason:<14}  {shown(line.path)}: {line.detail}")


def _all(archive: Archive, skipped: bool) -> Iterator[tuple[Row | SkippedRecord, Scores]]:
    yield from ((line, {}) for line in (archive.skipped() if skipped else archive.rows()))


def _worst(archive: Archive, count: int) -> Iterator[tuple[Row, Scores]]:
    """Rows by the clip similarity of their latest audit, with its scores."""
    audits = archive.store.restorations.worst_audits(count)
    if not audits:
        click.echo("no row has been audited yet; `coldframe audit` does it", err=True)
    for row, audit in zip(
        archive.store.images.get([one.image_id for one in audits]), audits, strict=True
    ):
        yield row, audit.scores or {}


def _print_row(row: Row, scores: Scores, as_json: bool) -> None:
    day = row.taken_at or row.archived_at
    if as_json:
        facts = {
            "width": row.width,
            "height": row.height,
            "file_bytes": row.file_bytes,
            "format": row.format,
        }
        named = {"id": row.id, **path_fields(row.path), "digest": row.sha256.hex()}
        emit({**named, **facts, "date": day.isoformat(), **scores})
    else:
        flags = " ".join(str(flag.name).lower() for flag in row.flags)
        columns = f"{row.id:>8}  {day:%Y-%m-%d}  {row.width:>5} x {row.height:<5}  {size(row.file_bytes):>8}"
        told = "  ".join(f"{name.replace('_', ' ')} {score:.4f}" for name, score in scores.items())
        click.echo("  ".join(filter(None, (columns, told, shown(row.path), flags))))
