"""`coldframe restore`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.errors import DONE, SOME_SKIPPED, UsageError
from archive.settings import Settings
from cli.shared.command import Command
from cli.shared.details import tell_left_out
from cli.shared.options import archive_options, json_option, model_options
from cli.shared.output import emit, say
from cli.shared.progress import progress
from cli.shared.sampling import sampling_options
from cli.shared.values import PathValue, Whole

if TYPE_CHECKING:
    from archive.models.device import DeviceConfig
    from archive.restore.run import Restored


@click.command(cls=Command)
@click.argument("ids", metavar="[ID]...", nargs=-1, type=int)
@click.option("--query", metavar="TEXT", help="Restore the hits of a search instead of ids.")
@click.option(
    "-n",
    "--limit",
    default=1,
    show_default=True,
    type=Whole(1, 1000),
    help="Hits of --query.",
)
@click.option(
    "--out",
    default="restored",
    show_default=True,
    type=PathValue(path_type=Path),
    help="Output folder.",
)
@click.option(
    "--format",
    "file_format",
    default="jpg",
    show_default=True,
    type=click.Choice(["jpg", "png", "webp"]),
)
@click.option(
    "--seed",
    type=Whole(0, 2**63 - 1),
    help="Random seed [default: derived from the original's SHA-256].",
)
@sampling_options
@archive_options
@model_options
@json_option
def command(
    *,
    ids: tuple[int, ...],
    query: str | None,
    limit: int,
    settings: Settings,
    model: str | None,
    any_weights: bool,
    as_json: bool,
    overrides: dict[str, Any],
    device: DeviceConfig,
    **options: Any,
) -> int:
    """Regenerate archived images. Output files are marked as reconstructions.

    Exits with 3 if some could not be restored, as their codes are damaged or their files cannot be
    written.
    """
    from archive.archive import Archive

    if bool(ids) == bool(query):
        raise UsageError("give either ids (`coldframe ls` lists them) or --query TEXT")
    with Archive(settings, model=model, any_weights=any_weights, device=device) as archive:
        if query:
            ids = tuple(hit.id for hit in archive.search(query, limit=limit))
        if archive.read_only:
            say("the archive is read-only: restorations are not recorded", err=True)
        sampling = replace(archive.sampling, **overrides)
        with progress("restoring", len(ids), silent=as_json) as show:
            done = 0
            failed = 0

            def on_step(step: int, steps: int) -> None:
                show(done, f"step {step} of {steps}")

            for restored in archive.restore(ids, sampling=sampling, on_step=on_step, **options):
                done += 1
                failed += bool(restored.error)
                show(done)
                _print(restored, as_json)
        if sampling.detail_bytes != 0:
            tell_left_out(archive, ids)
    return SOME_SKIPPED if failed else DONE


def _print(restored: Restored, as_json: bool) -> None:
    if as_json:
        if restored.error:
            emit({"id": restored.id, "error": restored.error})
            return
        facts = {"id": restored.id, "file": restored.file, "seconds": restored.seconds}
        emit({**facts, "seed": restored.seed, "again": restored.again, **restored.scores})
        return
    if restored.error:
        say(f"{restored.id:>8}  not restored: {restored.error}", err=True)
        return
    status = "already exists" if restored.again else f"{restored.seconds:.1f} s"
    size = f"{restored.width} x {restored.height}"
    say(f"{restored.id:>8}  {size}  {status}  {restored.file}")
