"""`coldframe watch`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archive.settings import Settings
from cli.shared.command import Command
from cli.shared.options import archive_options, json_option, model_options, rule_options
from cli.shared.signals import call_on_hangup
from cli.shared.values import MOST_BYTES, Number, Whole

if TYPE_CHECKING:
    from archive.ingest.rules import ScanRules

MOST_WAIT_SECONDS = 86_400  # a day
MOST_RESCAN_MINUTES = 10_080  # a week


@click.command(cls=Command)
@click.argument("folders", metavar="FOLDER...", nargs=-1, required=True)
@archive_options
@model_options
@click.option(
    "--wait",
    "wait_seconds",
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    type=Number(0, MOST_WAIT_SECONDS),
    help="Take a file once it has not changed for so long.",
)
@click.option(
    "--rescan-minutes",
    default=10.0,
    show_default=True,
    metavar="MINUTES",
    type=Number(0.01, MOST_RESCAN_MINUTES),
    help="Scan all folders so often, for what no event told. Where events are missing, as on "
    "network drives, they are scanned every minute.",
)
@click.option(
    "--detail",
    "detail_bytes",
    metavar="BYTES",
    type=Whole(2, MOST_BYTES),
    help="When there is nothing to ingest, write a detail of so many bytes for every row without "
    "one, or with a shorter one.",
)
@click.option(
    "--audit",
    metavar="SHARE|COUNT",
    help="Then audit a sample of rows, like 1% or 200, as `coldframe audit` does.",
)
@click.option(
    "--idle-only",
    is_flag=True,
    help="Write details and audit only while other programs keep less than half of the cores busy.",
)
@click.option(
    "--keep-truncated",
    is_flag=True,
    help="Archive the readable part of truncated images, flagged.",
)
@rule_options
@json_option
def command(
    *,
    folders: tuple[str, ...],
    settings: Settings,
    model: str | None,
    any_weights: bool,
    wait_seconds: float,
    rescan_minutes: float,
    detail_bytes: int | None,
    audit: str | None,
    idle_only: bool,
    keep_truncated: bool,
    rules: ScanRules,
    as_json: bool,
) -> None:
    """Watch folders, and archive what appears in them. Originals are only read.

    Runs until it is ended by Ctrl-C or SIGTERM; SIGHUP scans all folders now. It starts with an
    ingest of everything that changed while it did not run. A folder that is missing, like a drive
    that is away, is waited for. `coldframe stats` shows who watches what. Several may run at once.
    """
    from archive.archive import Archive
    from cli.shared.watch_report import WatchReport

    report = WatchReport(as_json=as_json)
    with Archive(settings, model=model, any_weights=any_weights) as archive:
        watching = archive.watch(
            folders,
            keep_truncated=keep_truncated,
            rules=rules,
            wait_seconds=wait_seconds,
            rescan_minutes=rescan_minutes,
            detail_bytes=detail_bytes,
            audit=audit,
            idle_only=idle_only,
        )
        call_on_hangup(watching.rescan)
        for event in watching:
            report.add(event)
