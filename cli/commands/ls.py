"""`coldframe ls`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

import click

from archive.errors import UsageError
from archive.records import Row, SkippedRecord
from archive.settings import Settings
from cli.shared.listing import print_row, print_skipped
from cli.shared.options import archive_options, json_option

Line = tuple[Row | SkippedRecord, dict[str, float]]


@click.command()
@click.option("--skipped", is_flag=True, help="List the files that were not archived, and why.")
@click.option("-0", "--null", is_flag=True, help="Print paths only, each terminated by a NUL byte.")
@click.option(
    "--worst", type=click.IntRange(1), metavar="N", help="List the N lowest-scoring audited rows."
)
@archive_options
@json_option
def command(
    *, skipped: bool, null: bool, worst: int | None, settings: Settings, as_json: bool
) -> None:
    """List archived images, skipped files, or the rows that scored lowest when audited."""
    from archive.archive import Archive

    if skipped and worst:
        raise UsageError("give either --skipped or --worst")
    with Archive(settings) as archive:
        rows: Iterable[Row | SkippedRecord] = archive.skipped() if skipped else archive
        lines: Iterable[Line] = archive.worst(worst) if worst else ((row, {}) for row in rows)
        if worst and not lines:
            click.echo("no row has been audited yet; run `coldframe audit`", err=True)
        for line, scores in lines:
            if null:
                sys.stdout.buffer.write(os.fsencode(line.path) + b"\0")
            elif isinstance(line, Row):
                print_row(line, scores, as_json)
            else:
                print_skipped(line, as_json)
