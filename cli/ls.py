"""`coldframe ls`."""

from __future__ import annotations

import os
import sys

import click

from archive.records import Row
from archive.settings import Settings
from cli.options import archive_options, json_option
from cli.output import emit, path_fields, shown, size


@click.command()
@click.option("--skipped", is_flag=True, help="The ledger instead: what was not archived, and why.")
@click.option("-0", "--null", is_flag=True, help="Paths only, each ended by a NUL byte.")
@archive_options
@json_option
def command(skipped: bool, null: bool, settings: Settings, as_json: bool) -> None:
    """List what is archived, or what was skipped."""
    from archive.archive import Archive

    with Archive(settings) as archive:
        for line in archive.skipped() if skipped else archive.rows():
            if null:
                sys.stdout.buffer.write(os.fsencode(line.path) + b"\0")
            elif isinstance(line, Row):
                _print_row(line, as_json)
            elif as_json:
                told = {"reason": line.reason, "detail": line.detail, "attempts": line.attempts}
                emit({**path_fields(line.path), **told, "last_attempt": line.last_attempt.isoformat()})
            else:
                click.echo(f"{line.reason:<14}  {shown(line.path)}: {line.detail}")


def _print_row(row: Row, as_json: bool) -> None:
    day = row.taken_at or row.archived_at
    if as_json:
        facts = {"width": row.width, "height": row.height, "file_bytes": row.file_bytes, "format": row.format}
        emit({"id": row.id, **path_fields(row.path), "digest": row.sha256.hex(), **facts, "date": day.isoformat()})
    else:
        flags = " ".join(str(flag.name).lower() for flag in row.flags)
        columns = f"{row.id:>8}  {day:%Y-%m-%d}  {row.width:>5} x {row.height:<5}  {size(row.file_bytes):>8}"
        click.echo(f"{columns}  {shown(row.path)}  {flags}".rstrip())
