"""The pictures of hits: on a terminal, as a contact sheet, as a page."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.errors import UsageError
from archive.settings import Settings
from cli.shared.hits import print_hit
from cli.shared.originals import refuse_original
from cli.shared.output import plural, say
from cli.shared.terminal import check_pictures, show_picture
from cli.shared.values import NewFile

if TYPE_CHECKING:
    from archive.archive import Archive
    from archive.index.hits import Hit
    from cli.shared.running_service import ServedHit

Command = Callable[..., Any]


@dataclass(frozen=True)
class PictureOptions:
    """Where pictures of hits are asked for."""

    in_terminal: bool
    sheet: Path | None
    html: Path | None

    def check(self, as_json: bool) -> None:
        """Raises UsageError if the terminal cannot show what is asked for."""
        if self.in_terminal and as_json:
            raise UsageError("give --pictures, for people, or --json, for programs")
        if self.in_terminal:
            check_pictures()

    def show(self, settings: Settings, hits: Sequence[Hit | ServedHit], title: str) -> None:
        """At least one hit → pictures on the terminal, and files. `title` heads the page."""
        if not (self.in_terminal or self.sheet or self.html):
            return
        from archive.archive import Archive
        from archive.index.hits import Hit

        with Archive(settings) as archive:
            rows = archive.rows(hit.id for hit in hits)
            chosen = [
                hit if isinstance(hit, Hit) else Hit(**asdict(hit), row=row)
                for hit, row in zip(hits, rows, strict=True)
            ]
            for file in filter(None, (self.sheet, self.html)):
                refuse_original(archive, file)
            if self.in_terminal:
                _show(archive, chosen)
            if self.sheet:
                _write_sheet(self.sheet, archive, chosen)
            if self.html:
                _write_page(self.html, archive, chosen, title)


def picture_options(command: Command) -> Command:
    """--pictures, --sheet and --html, passed as `pictures`: PictureOptions."""

    @click.option(
        "--pictures",
        is_flag=True,
        help="Show the pictures, in a terminal that can: one with kitty's graphics or sixel.",
    )
    @click.option(
        "--sheet",
        metavar="FILE",
        type=NewFile(".png", ".jpg", ".webp"),
        help="Also write a contact sheet of the hits: PNG, JPEG or WebP.",
    )
    @click.option(
        "--html",
        metavar="FILE",
        type=NewFile(".html"),
        help="Also write the hits as a page with their pictures in it.",
    )
    @functools.wraps(command)
    def with_pictures(
        *args: Any, pictures: bool, sheet: Path | None, html: Path | None, **others: Any
    ) -> Any:
        return command(*args, pictures=PictureOptions(pictures, sheet, html), **others)

    return with_pictures


def _show(archive: Archive, hits: Sequence[Hit]) -> None:
    from archive.gallery.pictures import hit_pictures
    from cli.shared.terminal import SIDE

    for picture in hit_pictures(archive, hits, side=SIDE):
        show_picture(picture.pixels)
        print_hit(picture.hit)
        if picture.original is None:
            say("          color map only: the original is not here")


def _write_sheet(path: Path, archive: Archive, hits: Sequence[Hit]) -> None:
    from archive.gallery.pictures import hit_pictures
    from archive.gallery.sheet import SIDE, write_hit_sheet

    write_hit_sheet(path, hit_pictures(archive, hits, side=SIDE))
    say(f"contact sheet written to {path}", err=True)


def _write_page(path: Path, archive: Archive, hits: Sequence[Hit], title: str) -> None:
    from archive.gallery.page import SIDE, write_hit_page
    from archive.gallery.pictures import hit_pictures

    note = plural(len(hits), "hit")
    if not any(hit.is_match for hit in hits):
        note = "Nothing really matches; these are the nearest."
    write_hit_page(path, title, note, hit_pictures(archive, hits, side=SIDE))
    say(f"page written to {path}", err=True)
