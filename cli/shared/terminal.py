"""Pictures on a terminal, by its own graphics: kitty's protocol, or sixel, which iTerm2, WezTerm,
foot, Konsole and Windows Terminal have.

A terminal is asked which of them it has, when the first picture is.
"""

from __future__ import annotations

import io
import logging
import sys
from typing import TYPE_CHECKING, Any

from archive.errors import UsageError
from cli.shared.output import writing

if TYPE_CHECKING:
    from archive.arrays import Pixels

LINES = 10  # of text, height of a picture
SIDE = 400  # pixels of a picture's long side; a line is rarely higher than 40
ELSEWHERE = "use --sheet FILE or --html FILE"


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
