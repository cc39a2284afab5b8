"""`coldframe ls`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archive.errors import UsageError
from archive.settings import Settings
from cli.shared.command import Command
from cli.shared.listing import (
    print_near_duplicates,
    print_paths,
    print_rows,
    print_scored,
    print_skipped,
    print_tombstones,
)
from cli.shared.options import archive_options, filter_options, json_option
from cli.shared.output import say
from cli.shared.values import Whole

if TYPE_CHECKING:
    from archive.archive import Archive
    from archive.filters import Filters


@click.command(cls=Command)
@click.option("--skipped", is_flag=True, help="List the files that were not archived, and why.")
@click.option("--forgotten", is_flag=True, help="List the files that `forget` keeps out.")
@click.option("-0", "--null", is_flag=True, help="Print paths only, each terminated by a NUL byte.")
@click.option(
    "--worst",
    type=Whole(1, 1_000_000_000),
    metavar="N",
    help="List the N lowest-scoring audited rows.",
)
@click.option("--near-duplicates", is_flag=True, help="List groups of images that look alike.")
@click.option(
    "--sort",
    default="id",
    show_default=True,
    type=click.Choice(["id", "date", "-date"]),
    help="Order of archived images; -date: the newest first. Those without a date come last.",
)
@filter_options
@archive_options
@json_option
def command(
    *,
    skipped: bool,
    forgotten: bool,
    null: bool,
    worst: int | None,
    near_duplicates: bool,
    sort: str,
    filters: Filters,
    settings: Settings,
    as_json: bool,
) -> None:
    """List archived images, skipped or forgotten files, the lowest scores, or near-duplicates."""
    from archive.archive import Archive

    lists = skipped + forgotten + bool(worst) + near_duplicates
    _check(lists, filters, names_a_path=not (forgotten or near_duplicates), null=null)
    with Archive(settings) as archive:
        if forgotten:
            print_tombstones(archive.tombstones(), as_json)
            return
        if near_duplicates:
            print_near_duplicates(archive.near_duplicates(), as_json)
            return
        if worst:
            _print_worst(archive, worst, null=null, as_json=as_json)
        elif null:
            print_paths(archive.skipped() if skipped else archive.select(filters, sort=sort))
        elif skipped:
            print_skipped(archive.skipped(), as_json)
        else:
            print_rows(archive.select(filters, sort=sort), as_json)


def _print_worst(archive: Archive, count: int, *, null: bool, as_json: bool) -> None:
    lines = archive.worst(count)
    if not lines:
        say("no row has been audited yet; run `coldframe audit`", err=True)
    elif null:
        print_paths(row for row, _ in lines)
    else:
        print_scored(lines, as_json)


def _check(lists: int, filters: Filters, *, names_a_path: bool, null: bool) -> None:
    """Raises UsageError for options that do not go together."""
    if lists > 1:
        raise UsageError("give one of --skipped, --forgotten, --worst and --near-duplicates")
    if lists and not filters.is_empty:
        raise UsageError(
            "conditions select archived images, not --skipped, --forgotten, --worst or "
            "--near-duplicates"
        )
    if null and not names_a_path:
        raise UsageError("--null prints paths, not groups, and of forgotten files none is kept")
