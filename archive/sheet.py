"""A contact sheet: pictures in rows and columns, a head above every column, a caption below every picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

Pixels = npt.NDArray[np.uint8]
CELL = 240  # pixels; pictures are brought to this width, or height where they stand upright
GAP, HEAD, CAPTION = 12, 36, 26  # pixels
HEAD_SIZE, CAPTION_SIZE = 18, 14  # of the letters, in pixels
PAPER, INK, SOFT = (250, 250, 248), (28, 36, 32), (93, 106, 99)


@dataclass(frozen=True)
class Cell:
    """(H, W, 3) uint8, and what is said of it."""

    pixels: Pixels
    caption: str = ""


def write_sheet(path: Path, heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """Writes a PNG file; every row has a cell for each head."""
    tiles = [[_tile(cell.pixels) for cell in row] for row in rows]
    heights = [max(tile.height for tile in row) for row in tiles]
    width = GAP + len(heads) * (CELL + GAP)
    sheet = Image.new("RGB", (width, HEAD + sum(heights) + len(rows) * (CAPTION + GAP)), PAPER)
    draw = ImageDraw.Draw(sheet)
    head_font, caption_font = ImageFont.load_default(HEAD_SIZE), ImageFont.load_default(CAPTION_SIZE)
    middles = [GAP + CELL // 2 + column * (CELL + GAP) for column in range(len(heads))]
    for middle, head in zip(middles, heads, strict=True):
        draw.text((middle, HEAD // 2), head, INK, head_font, anchor="mm")
    top = HEAD
    for row, shown, height in zip(rows, tiles, heights, strict=True):
        for middle, cell, tile in zip(middles, row, shown, strict=True):
            sheet.paste(tile, (middle - tile.width // 2, top + (height - tile.height) // 2))
            draw.text((middle, top + height + CAPTION // 2), cell.caption, SOFT, caption_font, anchor="mm")
        top += height + CAPTION + GAP
    sheet.save(path)


def _tile(pixels: Pixels) -> Image.Image:
    picture = Image.fromarray(pixels)
    scale = CELL / max(picture.size)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return picture.resize(size, Image.Resampling.LANCZOS)
