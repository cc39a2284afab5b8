"""`coldframe search`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.errors import UsageError
from archive.records import INT64_LIMIT
from archive.settings import Settings
from cli.shared.command import Command
from cli.shared.listing import say_no_row
from cli.shared.options import archive_options, filter_options, json_option, model_options
from cli.shared.output import emit, next_step, path_fields, say
from cli.shared.progress import waiting
from cli.shared.running_service import ServedHit, search_by_service
from cli.shared.values import TEXT, PathValue, Whole

if TYPE_CHECKING:
    from archive.filters import Filters
    from archive.index.hits import Hit
    from archive.index.queries import Combination


@click.command(cls=Command)
@click.argument("words", metavar="[TEXT]", nargs=-1)
@click.option(
    "--image",
    metavar="FILE",
    type=PathValue(path_type=Path),
    help="Search by example, instead of words or with them.",
)
@click.option(
    "--like",
    metavar="ID",
    type=Whole(1, INT64_LIMIT - 1),
    help="Find images like this archived one, instead of words or with them.",
)
@click.option(
    "--not",
    "unlike",
    metavar="TEXT",
    multiple=True,
    type=TEXT,
    help="What hits should not be like; may be repeated.",
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
    like: int | None,
    unlike: tuple[str, ...],
    limit: int,
    sort: str,
    filters: Filters,
    settings: Settings,
    model: str | None,
    any_weights: bool,
    as_json: bool,
) -> None:
    """Find archived images by words, by an example image, or by an archived one.

    If `coldframe serve` runs for the archive, it is asked, and the models are not loaded.
    """
    text = " ".join(words).strip()
    if not text and image is None and like is None:
        raise UsageError("give words to search for, --image FILE or --like ID")
    hits: Sequence[Hit | ServedHit] | None = None
    is_plain = like is None and not unlike and not (text and image)
    if is_plain and model is None and not any_weights and filters.is_empty and sort == "score":
        hits = search_by_service(settings, text, image, limit=limit)
    if hits is None:
        from archive.archive import Archive

        with (
            Archive(settings, model=model, any_weights=any_weights) as archive,
            waiting("loading the model…", silent=as_json),
        ):
            query = _query(text, image, like, unlike)
            hits = archive.search(query, limit=limit, filters=filters, sort=sort)
    _print(hits, text, as_json)
    if as_json:
        return
    if hits:
        next_step(f"restore {hits[0].id}", settings)
    else:
        say_no_row(filters)


def _query(text: str, image: Path | None, like: int | None, unlike: Sequence[str]) -> Combination:
    from archive.index.queries import Combination

    plus = [part for part in (text or None, image) if part is not None]
    return Combination(plus, unlike, like=[] if like is None else [like])


def _print(hits: Sequence[Hit | ServedHit], text: str, as_json: bool) -> None:
    matches = any(hit.is_match for hit in hits)
    if as_json:
        emit({"hits": [_facts(hit) for hit in hits], "matches": matches})
        return
    if hits and not matches:
        what = repr(text) if text else "this picture"
        say(f"nothing really matches {what}; the nearest:", err=True)
    for hit in hits:
        say(f"{hit.id:>8}  {hit.score:6.3f}  {hit.path}")


def _facts(hit: Hit | ServedHit) -> dict[str, Any]:
    taken_at = hit.taken_at and hit.taken_at.isoformat()
    facts = {"id": hit.id, "score": hit.score, **path_fields(hit.path), "digest": hit.digest}
    return {**facts, "taken_at": taken_at, "match": hit.match, "is_match": hit.is_match}
