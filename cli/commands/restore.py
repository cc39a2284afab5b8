"""`coldframe restore`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.errors import UsageError
from archive.settings import Settings
from cli.shared.options import archive_options, json_option, model_options
from cli.shared.output import emit, shown
from cli.shared.progress import progress
from cli.shared.sampling import sampling_options

if TYPE_CHECKING:
    from archive.restore.run import Restored


@click.command()
@click.argument("ids", metavar="[ID]...", nargs=-1, type=int)
@click.option("--query", metavar="TEXT", help="Restore what a search finds instead of ids.")
@click.option(
    "-n",
    "--limit",
    default=1,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="Hits of --query.",
)
@click.option(
    "--out",
    default="restored",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder to write to.",
)
@click.option(
    "--format", "kind", default="jpg", show_default=True, type=click.Choice(["jpg", "png", "webp"])
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    help="Instead of the one from the original's digest.",
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
    out: Path,
    kind: str,
    settings: Settings,
    model: str | None,
    any_weights: bool,
    as_json: bool,
    seed: int | None,
    wanted: dict[str, Any],
    on: tuple[str, str],
) -> None:
    """Draw archived pictures again. What is written says that it is a reconstruction, not the original."""
    from archive.archive import Archive
    from archive.models.device import DeviceConfig

    if bool(ids) == bool(query):
        raise UsageError("give either ids (`coldframe ls` lists them) or --query TEXT")
    with Archive(
        settings, model=model, any_weights=any_weights, machine=DeviceConfig(*on)
    ) as archive:
        if query:
            ids = tuple(hit.id for hit in archive.search([query], count=limit)[0])
        sampling = replace(archive.pair.sampling, **wanted)
        with progress("restoring", len(ids), silent=as_json) as show:
            finished = 0
            runs = archive.restore(
                ids,
                out,
                sampling=sampling,
                suffix=f".{kind}",
                seed=seed,
                on_step=lambda done, of: show(finished, f"step {done} of {of}"),
            )
            for one in runs:
                finished += 1
                show(finished)
                _tell(one, as_json)


def _tell(one: Restored, as_json: bool) -> None:
    if as_json:
        told = {"id": one.id, "file": one.file, "seconds": one.seconds, "seed": one.seed}
        emit(told | {"again": one.again, **one.scores})
    else:
        took = "is there" if one.again else f"{one.seconds:.1f} s"
        click.echo(f"{one.id:>8}  {one.width} x {one.height}  {took}  {shown(one.file)}")
