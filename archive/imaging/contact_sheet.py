"""A contact sheet: pictures in rows and columns, a head above every column, a caption below every picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

Pixels = npt.NDArray[np.uint8]
CELL = 240  # pixels of a picture's longer side
# pixels
GAP = 12
HEAD = 36
CAPTION = 26
# of the letters, in pixels
HEAD_SIZE = 18
CAPTION_SIZE = 14
PAPER = (250, 250, 248)
INK = (28, 36, 32)
SOFT = (93, 106, 99)


@dataclass(frozen=True)
class Tile:
    """(H, W, 3) uint8, and what is said of it."""

    pixels: Pixels
    caption: str = ""


@dataclass(frozen=True)
class SheetRow:
    """A row of the sheet; its pictures are all shown in one aspect ratio, width / height."""

    aspect: float
    cells: Sequence[Tile]


def write_sheet(path: Path, heads: Sequence[str], lines: Sequence[SheetRow]) -> None:
    """Writes a PNG file; every line has a cell for each head."""
    tiles = [[_tile(cell.pixels, line.aspect) for cell in line.cells] for line in lines]
    heights = [row[0].height for row in tiles]
    width = GAP + len(heads) * (CELL + GAP)
    sheet = Image.new("RGB", (width, HEAD + sum(heights) + len(lines) * (CAPTION + GAP)), PAPER)
    draw = ImageDraw.Draw(sheet)
    head_font = ImageFont.load_default(HEAD_SIZE)
    caption_font = ImageFont.load_default(CAPTION_SIZE)
    middles = [GAP + CELL // 2 + column * (CELL + GAP) for column in range(len(heads))]
    for middle, head in zip(middles, heads, strict=True):
        draw.text((middle, HEAD // 2), head, INK, head_font, anchor="mm")
    top = HEAD
    for line, row, height in zip(lines, tiles, heights, strict=True):
        for middle, cell, tile in zip(middles, line.cells, row, strict=True):
            sheet.paste(tile, (middle - tile.width // 2, top))
            draw.text(
                (middle, top + height + CAPTION // 2), cell.caption, SOFT, caption_font, anchor="mm"
            )
        top += height + CAPTION + GAP
    sheet.save(path)


def _tile(pixels: Pixels, aspect: float) -> Image.Image:
    size = max(1, round(CELL * min(1.0, aspect))), max(1, round(CELL / max(1.0, aspect)))
    return Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS)
