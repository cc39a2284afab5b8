"""`coldframe search`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.errors import UsageError
from archive.records import INT64_LIMIT
from archive.settings import Settings
from cli.shared.command import Command
from cli.shared.hit_pictures import PictureOptions, picture_options
from cli.shared.hits import print_hits
from cli.shared.listing import say_no_row
from cli.shared.options import archive_options, filter_options, json_option, model_options
from cli.shared.output import next_step
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
@picture_options
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
    pictures: PictureOptions,
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
    pictures.check(as_json)
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
    print_hits(hits, text, as_json=as_json, lines=not pictures.in_terminal)
    if hits:
        pictures.show(settings, hits, _title(text, image, like, unlike))
        next_step(f"restore {hits[0].id}", settings, silent=as_json)
    elif not as_json:
        say_no_row(filters)


def _title(text: str, image: Path | None, like: int | None, unlike: Sequence[str]) -> str:
    """The query, as it is shown over the hits."""
    plus = [f"“{text}”"] if text else []
    plus += [f"like {image.name}"] if image else []
    plus += [f"like image {like}"] if like else []
    return " − ".join([" + ".join(plus), *(f"“{words}”" for words in unlike)])


def _query(text: str, image: Path | None, like: int | None, unlike: Sequence[str]) -> Combination:
    from archive.index.queries import Combination

    plus = [part for part in (text or None, image) if part is not None]
    return Combination(plus, unlike, like=[] if like is None else [like])
