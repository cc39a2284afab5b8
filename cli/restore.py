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

MATCH = -1  # the noise level that matches the codec


class Level(click.ParamType):  # type: ignore[type-arg]  # older versions of click have no parameter here
    """0 to 999, or `match`."""

    name = "0-999|match"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Raises BadParameter."""
        if str(value) == "match":
            return MATCH
        return int(click.IntRange(0, 999).convert(value, param, ctx))


LEVEL = Level()


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
@click.option("--noise-level", type=LEVEL, help="How noisy the embedding is said to be; match: as its codec is.")
@click.option("--consistency", type=click.FloatRange(0, 1), help="How strongly every step is drawn to the colour map.")
@click.option("--projected/--not-projected", default=None, help="Bring the colours into the map's cells at the end.")
@click.option("--candidates", type=click.IntRange(1, 64), help="Draw so many, keep the one that fits the row best.")
@click.option("--size", "side", type=click.IntRange(64, 4096), help="Side of a square of the area to draw, in pixels.")
@click.option("--dtype", type=click.Choice(["float32", "bfloat16", "float16"]), help="Numbers to compute with.")
@click.option("--device", metavar="DEVICE", default="", help="Like cpu or cuda:1; the best there is, if left out.")
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
    dtype: str | None,
    device: str,
    **wanted: Any,
) -> None:
    """Draw archived pictures again. What is written says that it is a reconstruction, not the original."""
    from archive.archive import Archive
    from archive.models.pairs import Machine

    if bool(ids) == bool(query):
        raise UsageError("give either ids (`coldframe ls` lists them) or --query TEXT")
    machine = Machine(device, dtype or "")
    with Archive(settings, model=model, any_weights=any_weights, machine=machine) as archive:
        if query:
            ids = tuple(hit.id for hit in archive.search([query], count=limit)[0])
        sampling = replace(archive.pair.sampling, **_given(wanted))
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
                if as_json:
                    told = {"id": one.id, "file": one.file, "seconds": one.seconds, "seed": one.seed}
                    emit(told | {"again": one.again, **one.scores})
                else:
                    took = "is there" if one.again else f"{one.seconds:.1f} s"
                    click.echo(f"{one.id:>8}  {one.width} x {one.height}  {took}  {shown(one.file)}")


def _given(wanted: dict[str, Any]) -> dict[str, Any]:
    """The options that were given; a noise level that is to match is None."""
    given = {name: value for name, value in wanted.items() if value is not None}
    return {name: None if value == MATCH else value for name, value in given.items()}
