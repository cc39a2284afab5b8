"""`coldframe search`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.errors import UsageError
from archive.settings import Settings
from cli.shared.command import Command
from cli.shared.listing import say_no_row
from cli.shared.options import archive_options, filter_options, json_option, model_options
from cli.shared.output import emit, next_step, path_fields, say
from cli.shared.progress import waiting
from cli.shared.running_service import ServedHit, search_by_service
from cli.shared.values import PathValue, Whole

if TYPE_CHECKING:
    from archive.filters import Filters
    from archive.index.hits import Hit


@click.command(cls=Command)
@click.argument("words", metavar="[TEXT]", nargs=-1)
@click.option(
    "--image",
    metavar="FILE",
    type=PathValue(path_type=Path),
    help="Search by example instead of words.",
)
@click.option(
    "-n",
    "--limit",
    default=10,
    show_default=True,
    type=Whole(1, 1000),
    help="Maximum number of hits.",
)
@click.option(
    "--sort",
    default="score",
    show_default=True,
    type=click.Choice(["score", "date", "-date"]),
    help="Order of the hits; -date: the newest first.",
)
@filter_options
@archive_options
@model_options
@json_option
def command(
    *,
    words: tuple[str, ...],
    image: Path | None,
    limit: int,
    sort: str,
    filters: Filters,
    settings: Settings,
    model: str | None,
    any_weights: bool,
    as_json: bool,
) -> None:
    """Find archived images by words or by an example image.

    If `coldframe serve` runs for the archive, it is asked, and the models are not loaded.
    """
    text = " ".join(words).strip()
    if bool(text) == (image is not None):
        raise UsageError("give either words to search for or --image FILE")
    hits: Sequence[Hit | ServedHit] | None = None
    if model is None and not any_weights and filters.is_empty and sort == "score":
        hits = search_by_service(settings, text, image, limit=limit)
    if hits is None:
        from archive.archive import Archive

        with (
            Archive(settings, model=model, any_weights=any_weights) as archive,
            waiting("loading the model…", silent=as_json),
        ):
            query = text if image is None else image
            hits = archive.search(query, limit=limit, filters=filters, sort=sort)
    if as_json:
        emit({"hits": [_facts(hit) for hit in hits]})
        return
    for hit in hits:
        say(f"{hit.id:>8}  {hit.score:6.3f}  {hit.path}")
    if hits:
        next_step(f"restore {hits[0].id}", settings)
    else:
        say_no_row(filters)


def _facts(hit: Hit | ServedHit) -> dict[str, Any]:
    taken_at = hit.taken_at and hit.taken_at.isoformat()
    facts = {"id": hit.id, "score": hit.score, **path_fields(hit.path), "digest": hit.digest}
    return {**facts, "taken_at": taken_at}
