"""`coldframe recode`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archive.settings import Settings
from cli.shared.command import Command
from cli.shared.options import (
    archive_options,
    codec_options,
    filter_options,
    json_option,
    model_options,
)
from cli.shared.progress import progress
from cli.shared.recode_report import print_summary

if TYPE_CHECKING:
    from archive.codecs import CodecConfig
    from archive.filters import Filters


@click.command(cls=Command)
@codec_options("klt")
@click.option(
    "--least-squares",
    is_flag=True,
    help="Keep the codes of coclico and clip rows; decode them by least squares.",
)
@click.option("-n", "--dry-run", is_flag=True, help="Show what would happen; change nothing.")
@filter_options
@archive_options
@model_options
@json_option
def command(
    *,
    settings: Settings,
    codec: CodecConfig,
    filters: Filters,
    least_squares: bool,
    dry_run: bool,
    model: str | None,
    any_weights: bool,
    as_json: bool,
) -> None:
    """Re-encode rows with another codec: from the originals where they can be seen, else from the
    old codes.

    A row keeps its old codes until the new ones have been decoded and compared; its detail goes
    with them. Run it again to resume an interrupted run. New images are encoded with the new codec
    from then on.
    """
    from archive.archive import Archive

    recoded = []
    with (
        Archive(settings, model=model, any_weights=any_weights) as archive,
        progress("recoding", len(archive), silent=as_json) as show,
    ):
        run = archive.recode(None if least_squares else codec, filters=filters, dry_run=dry_run)
        for row in run:
            recoded.append(row)
            show(len(recoded))
    print_summary(recoded, dry_run=dry_run, as_json=as_json)
