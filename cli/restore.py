"""`coldframe restore`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from archive.errors import UsageError
from archive.settings import Settings
from cli.options import archive_options, json_option, model_options
from cli.output import emit, shown
from cli.progress import progress


@click.command()
@click.argument("ids", metavar="[ID]...", nargs=-1, type=int)
@click.option("--query", metavar="TEXT", help="Restore what a search finds instead of ids.")
@click.option("-n", "--limit", default=1, show_default=True, type=click.IntRange(1, 1000), help="Hits of --query.")
@click.option(
    "--out", default="restored", show_default=True, type=click.Path(path_type=Path), help="Folder to write to."
)
@click.option("--format", "kind", default="jpg", show_default=True, type=click.Choice(["jpg", "png", "webp"]))
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Instead of the one from the original's digest.")
@click.option("--steps", type=click.IntRange(1, 1000), help="Steps of the sampler.")
@click.option("--guidance", type=click.FloatRange(0), help="Weight of the embedding.")
@click.option(
    "--t-start", type=click.FloatRange(0.01, 1), help="Share of the schedule to start at from the colour map."
)
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
    **wanted: Any,
) -> None:
    """Draw archived pictures again. What is written says that it is a reconstruction, not the original."""
    from archive.archive import Archive

    if bool(ids) == bool(query):
        raise UsageError("give either ids (`coldframe ls` lists them) or --query TEXT")
    with Archive(settings, model=model, any_weights=any_weights) as archive:
        if query:
            ids = tuple(hit.id for hit in archive.search([query], count=limit)[0])
        sampling = replace(
            archive.pair.sampling, **{name: value for name, value in wanted.items() if value is not None}
        )
        with progress("restoring", len(ids), silent=as_json) as show:
            runs = archive.restore(ids, out, sampling=sampling, suffix=f".{kind}", seed=seed)
            for done, one in enumerate(runs, start=1):
                show(done)
                if as_json:
                    emit({"id": one.id, "file": one.file, "seconds": one.seconds, "seed": one.seed})
                else:
                    click.echo(f"{one.id:>8}  {one.width} x {one.height}  {one.seconds:.1f} s  {shown(one.file)}")
