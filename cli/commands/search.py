"""`coldframe search`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.errors import UsageError
from archive.settings import Settings
from cli.shared.command import Command
from cli.shared.options import archive_options, json_option, model_options
from cli.shared.output import emit, next_step, path_fields, say
from cli.shared.progress import waiting
from cli.shared.running_service import ServedHit, search_by_service
from cli.shared.values import PathValue, Whole

if TYPE_CHECKING:
    from archive.index.search import Hit


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
@archive_options
@model_options
@json_option
def command(
    *,
    words: tuple[str, ...],
    image: Path | None,
    limit: int,
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
    if model is None and not any_weights:
        hits = search_by_service(settings, text, image, limit=limit)
    if hits is None:
        from archive.archive import Archive

        with (
            Archive(settings, model=model, any_weights=any_weights) as archive,
            waiting("loading the model…", silent=as_json),
        ):
            hits = archive.search(text if image is None else image, limit=limit)
    if as_json:
        emit(
            {
                "hits": [
                    {"id": h.id, "score": h.score, **path_fields(h.path), "digest": h.digest}
                    for h in hits
                ]
            }
        )
        return
    for hit in hits:
        say(f"{hit.id:>8}  {hit.score:6.3f}  {hit.path}")
    if hits:
        next_step(f"restore {hits[0].id}", settings)
    else:
        say("the archive is empty; fill it with `coldframe ingest FOLDER`", err=True)
