"""A contact sheet: images in rows and columns, a heading over each column, a caption under each.

Images of one row stand on one line. A line of a caption that is wider than a tile loses its middle.
Pillow's own font has the letters of English alone; for others a font of the system is looked for.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from archive.arrays import Pixels
from archive.imaging.encode import SAVED_QUALITY

TILE = 240  # pixels of an image's longer side
GAP = 12  # pixels between tiles, and around the sheet
HEADING = 36  # pixels, height of the line of headings
CAPTION = 26  # pixels, height of a caption of one line
CAPTION_LINE = 18  # pixels that each further line adds
HEADING_SIZE = 18  # of the letters, in pixels
CAPTION_SIZE = 14
PAPER = (250, 250, 248)
INK = (28, 36, 32)  # of headings
SOFT_INK = (93, 106, 99)  # of captions
OTHER_LETTERS = "·…"  # that Pillow's own font has besides ASCII
SYSTEM_FONTS = ("NotoSans-Regular.ttf", "DejaVuSans.ttf", "Arial.ttf", "segoeui.ttf")

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True)
class Tile:
    """An image and its caption, of one line or several."""

    pixels: Pixels  # (H, W, 3) uint8
    caption: str = ""


@dataclass(frozen=True)
class SheetRow:
    """A row of the sheet; all of its images are shown in one aspect ratio, width / height, or each
    in its own if that is None.
    """

    aspect: float | None
    tiles: Sequence[Tile]


def write_sheet(path: Path, headings: Sequence[str], rows: Sequence[SheetRow]) -> None:
    """Writes an image file; each row has one tile for each heading, or any number without."""
    scaled = [[_scaled(tile.pixels, row.aspect) for tile in row.tiles] for row in rows]
    heights = [max(image.height for image in images) for images in scaled]
    captions = [_caption_height(row) for row in rows]
    columns = len(headings) or max(len(row.tiles) for row in rows)
    top = HEADING if headings else GAP
    width = GAP + columns * (TILE + GAP)
    height = top + sum(heights) + sum(captions) + len(rows) * GAP
    sheet = Image.new("RGB", (width, height), PAPER)
    centers = [GAP + TILE // 2 + column * (TILE + GAP) for column in range(columns)]
    _draw_headings(sheet, centers, headings)
    for row, images, row_height, caption in zip(rows, scaled, heights, captions, strict=True):
        under = centers if headings else centers[: len(images)]
        _draw_row(sheet, under, top + row_height, row, images)
        top += row_height + caption + GAP
    sheet.save(path, quality=SAVED_QUALITY)


def _caption_height(row: SheetRow) -> int:
    """Pixels that the longest caption of a row takes."""
    return CAPTION + CAPTION_LINE * max(tile.caption.count("\n") for tile in row.tiles)


def _draw_headings(sheet: Image.Image, centers: Sequence[int], headings: Sequence[str]) -> None:
    draw = ImageDraw.Draw(sheet)
    for center, heading in zip(centers, headings, strict=False):
        font = _font(HEADING_SIZE, _is_english(heading))
        draw.text((center, HEADING // 2), heading, INK, font, anchor="mm")


def _draw_row(
    sheet: Image.Image,
    centers: Sequence[int],
    bottom: int,
    row: SheetRow,
    images: Sequence[Image.Image],
) -> None:
    """Images that stand on the line `bottom`, and captions under it."""
    draw = ImageDraw.Draw(sheet)
    for center, tile, image in zip(centers, row.tiles, images, strict=True):
        sheet.paste(image, (center - image.width // 2, bottom - image.height))
        for number, line in enumerate(tile.caption.split("\n")):
            middle = bottom + CAPTION // 2 + number * CAPTION_LINE
            font = _font(CAPTION_SIZE, _is_english(line))
            draw.text((center, middle), _shortened(line, font), SOFT_INK, font, anchor="mm")


def _is_english(line: str) -> bool:
    """Whether Pillow's own font has all letters of a line."""
    return all(letter.isascii() or letter in OTHER_LETTERS for letter in line)


@cache
def _font(size: int, is_english: bool) -> Font:
    """A font for a line; Pillow's own where the system has none of those that are looked for."""
    for name in () if is_english else SYSTEM_FONTS:
        with contextlib.suppress(OSError):
            return ImageFont.truetype(name, size)
    return ImageFont.load_default(size)


def _shortened(line: str, font: Font) -> str:
    """A line that is a tile wide at most; as much of its middle as must be is left out."""
    shown = line
    letters = len(line)
    while font.getlength(shown) > TILE:
        letters -= 1
        shown = f"{line[: (letters + 1) // 2]}…{line[len(line) - letters // 2 :]}"
    return shown


def _scaled(pixels: Pixels, aspect: float | None) -> Image.Image:
    """(H, W, 3) uint8 → an image of the aspect ratio, its longer side TILE pixels."""
    if aspect is None:
        aspect = pixels.shape[1] / pixels.shape[0]
    width = max(1, round(TILE * min(1.0, aspect)))
    height = max(1, round(TILE / max(1.0, aspect)))
    return Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS)
