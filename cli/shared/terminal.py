"""What a terminal can do and a pipe cannot: tables as wide as it is, and pictures.

Pictures are drawn by the terminal's own graphics: kitty's protocol, or sixel, which iTerm2, foot,
WezTerm, Konsole and Windows Terminal have. It is asked which of them it has.
"""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from archive.errors import UsageError
from cli.shared.output import escaped, writing

if TYPE_CHECKING:
    from archive.arrays import Pixels

PART = 500  # rows of a table that are printed at once
LINES = 10  # of text, height of a picture
SIDE = 400  # pixels of a picture's long side; a line is rarely higher than 40
ELSEWHERE = "use --sheet FILE or --html FILE"


@dataclass(frozen=True)
class Column:
    """A column of a table. Its cells are short, unless they fill the lines of what is left."""

    title: str = ""
    is_number: bool = False
    fills: bool = False  # may be broken into several lines


def print_table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    """A table for people, as wide as the terminal at most. Raises ColdframeError as `say` does.

    It is printed in parts, so that what is long begins at once.
    """
    lines = iter(rows)
    while part := list(islice(lines, PART)):
        _print_part(columns, part)


def _print_part(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    has_titles = any(column.title for column in columns)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=has_titles)
    for column in columns:
        table.add_column(
            column.title,
            justify="right" if column.is_number else "left",
            no_wrap=not column.fills,
            overflow="fold" if column.fills else "ellipsis",
        )
    for row in rows:
        table.add_row(*(Text(escaped(cell)) for cell in row))
    with writing():
        Console().print(table)


def check_pictures() -> None:
    """Raises UsageError if stdout is no terminal that shows pictures."""
    if not (sys.stdout.isatty() and sys.stdin.isatty()):
        raise UsageError(f"--pictures needs a terminal, and this is a file or a pipe; {ELSEWHERE}")
    try:
        _image_class()
    except ImportError as error:
        raise UsageError(
            "--pictures needs textual-image; install it with: pip install 'coldframe[pictures]'"
        ) from error


def show_picture(pixels: Pixels) -> None:
    """(H, W, 3) uint8 → LINES lines of the terminal. Raises ColdframeError as `say` does."""
    from rich.console import Console

    from archive.imaging.encode import encoded

    console = Console(color_system="truecolor", no_color=False)  # kitty's pictures are colors
    image = _image_class()(io.BytesIO(encoded(pixels, "PNG")), width="auto", height=LINES)
    with writing():
        console.print(image)


def _image_class() -> Any:
    """What draws on this terminal. Raises UsageError, ImportError."""
    from textual_image import renderable

    logging.getLogger("textual_image").setLevel(logging.ERROR)  # it warns of cells of unknown size
    if renderable.Image not in (renderable.SixelImage, renderable.TGPImage):
        raise UsageError(f"this terminal has no graphics, neither kitty's nor sixel; {ELSEWHERE}")
    return renderable.Image
