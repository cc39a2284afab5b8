"""`coldframe forget`."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from archive.errors import UsageError
from archive.settings import Settings
from cli.shared.command import Command
from cli.shared.listing import print_row
from cli.shared.options import archive_options, filter_options, json_option
from cli.shared.output import emit, path_fields, plural, say, shown_path

if TYPE_CHECKING:
    from archive.archive import Archive
    from archive.filters import Filters
    from archive.preserve.forget import ForgottenRow
    from archive.records import Row

DIGEST = re.compile(r"[0-9a-f]{64}")


@click.command(cls=Command)
@click.argument("names", metavar="[ID]...", nargs=-1)
@click.option(
    "--missing",
    is_flag=True,
    help="Only rows whose file is gone from every place; a drive that is away does not count.",
)
@click.option("-n", "--dry-run", is_flag=True, help="List the rows; change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--no-tombstone",
    is_flag=True,
    help="Keep no SHA-256: the same file may be archived again. Of an earlier tombstone, give the "
    "SHA-256 instead of an id.",
)
@filter_options
@archive_options
@json_option
def command(
    *,
    names: tuple[str, ...],
    missing: bool,
    dry_run: bool,
    yes: bool,
    no_tombstone: bool,
    filters: Filters,
    settings: Settings,
    as_json: bool,
) -> None:
    """Erase rows for good: codes, details, paths, scores and index entries.

    No byte of them is left in the archive's files, and the same files are not archived again.
    Several conditions must all be met. Restored pictures stay where they are. If you deleted your
    originals after archiving them, --missing selects them all: look with -n first.
    """
    from archive.archive import Archive

    has_conditions = missing or not filters.is_empty
    if bool(names) == has_conditions:
        raise UsageError("give either ids (`coldframe ls` lists them) or conditions")
    with Archive(settings) as archive:
        digests = [name.lower() for name in names if DIGEST.fullmatch(name.lower())]
        if digests and no_tombstone and len(digests) == len(names):
            _lift(archive, digests, dry_run=dry_run)
            return
        selected = archive.select(filters, missing=missing) if has_conditions else ()
        ids = [row.id for row in selected] or list(map(_id, names))
        if not ids:
            say("no row meets the conditions", err=True)
        elif dry_run:
            _list(archive.rows(ids), as_json)
        else:
            _ask(len(set(ids)), yes=yes)
            _print(archive.forget(ids, tombstone=not no_tombstone), as_json)


def _lift(archive: Archive, digests: Sequence[str], *, dry_run: bool) -> None:
    known = {tombstone.sha256.hex() for tombstone in archive.tombstones()}
    if dry_run:
        for digest in known.intersection(digests):
            say(digest)
        return
    archive.lift_tombstones(digests)
    say(f"lifted {plural(len(digests), 'tombstone')}", err=True)


def _list(rows: Sequence[Row], as_json: bool) -> None:
    for row in rows:
        print_row(row, {}, as_json)
        for path in () if as_json else row.paths[1:]:
            say(f"          also at {shown_path(path)}")


def _id(name: str) -> int:
    """Raises UsageError."""
    if not name.isdecimal():
        raise UsageError(
            f"{name!r} is not an id; `coldframe ls` lists them (SHA-256s are given alone, with "
            "--no-tombstone)"
        )
    return int(name)


def _ask(count: int, *, yes: bool) -> None:
    """Raises UsageError where nobody can answer, Abort for a no."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("forgetting cannot be undone: look with --dry-run, then give --yes")
    if not click.confirm(f"Forget {plural(count, 'image')} for good?", err=True):
        raise UsageError("nothing was forgotten")


def _print(forgotten: Sequence[ForgottenRow], as_json: bool) -> None:
    for row in forgotten:
        if as_json:
            paths = [path_fields(path) for path in row.paths]
            restored = [path_fields(path) for path in row.restored]
            facts = {"id": row.id, "digest": row.digest, "paths": paths, "restored": restored}
            emit({"message_type": "forgotten", **facts})
            continue
        say(f"{row.id:>8}  {shown_path(row.paths[0]) if row.paths else ''}")
        for path in row.restored:
            say(f"          restored picture, yours to delete: {shown_path(path)}")
    if not as_json:
        say(f"forgot {plural(len(forgotten), 'image')}")
