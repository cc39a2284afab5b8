"""`coldframe audit`."""

from __future__ import annotations

import time

import click

from archive.errors import DONE, SOME_SKIPPED, TIME_LIMIT_REACHED
from archive.settings import Settings
from cli.shared.audit_report import AuditReport
from cli.shared.command import Command
from cli.shared.details import tell_left_out
from cli.shared.options import archive_options, json_option, model_options, time_limit_option
from cli.shared.progress import progress


@click.command(cls=Command)
@click.option(
    "--sample", default="1%", show_default=True, metavar="SHARE|COUNT", help="Rows to audit."
)
@click.option(
    "--iqa", is_flag=True, help="Add MUSIQ, DBCNN and DISTS (needs pyiqa and its weights)."
)
@time_limit_option
@archive_options
@model_options
@json_option
def command(
    *,
    settings: Settings,
    model: str | None,
    any_weights: bool,
    as_json: bool,
    sample: str,
    iqa: bool,
    seconds: float,
) -> int:
    """Restore a sample of rows and score the results; no files are kept.

    The sample is always the same, and rows audited before are not sampled again. `coldframe ls
    --worst 50` lists the lowest scores. Exits with 101 if the time limit left rows unaudited, 3 if
    the codes of some rows are damaged.
    """
    from archive.archive import Archive

    started = time.monotonic()
    with Archive(settings, model=model, any_weights=any_weights) as archive:
        ids = archive.sample(sample)
        report = AuditReport(len(ids), as_json)
        with progress("auditing", len(ids), silent=as_json) as show:
            for done, outcome in enumerate(
                archive.audit(ids, iqa=iqa, time_limit=seconds), start=1
            ):
                report.add(outcome)
                show(done)
        tell_left_out(archive, ids)
    report.print(round(time.monotonic() - started, 3))
    return TIME_LIMIT_REACHED if report.remaining else SOME_SKIPPED if report.damages else DONE
