"""A contact sheet: images in rows and columns, a heading over each column, a caption under each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from archive.arrays import Pixels

TILE = 240  # pixels of an image's longer side
GAP = 12  # pixels between tiles, and around the sheet
HEADING = 36  # pixels, height of the line of headings
CAPTION = 26  # pixels, height of a line of captions
HEADING_SIZE = 18  # of the letters, in pixels
CAPTION_SIZE = 14
PAPER = (250, 250, 248)
INK = (28, 36, 32)  # of headings
SOFT_INK = (93, 106, 99)  # of captions


@dataclass(frozen=True)
class Tile:
    """An image and its caption."""

    pixels: Pixels  # (H, W, 3) uint8
    caption: str = ""


@dataclass(frozen=True)
class SheetRow:
    """A row of the sheet; all of its images are shown in one aspect ratio, width / height."""

    aspect: float
    tiles: Sequence[Tile]


def write_sheet(path: Path, headings: Sequence[str], rows: Sequence[SheetRow]) -> None:
    """Writes an image file; each row has one tile for each heading."""
    scaled = [[_scaled(tile.pixels, row.aspect) for tile in row.tiles] for row in rows]
    heights = [images[0].height for images in scaled]
    width = GAP + len(headings) * (TILE + GAP)
    height = HEADING + sum(heights) + len(rows) * (CAPTION + GAP)
    sheet = Image.new("RGB", (width, height), PAPER)
    centers = [GAP + TILE // 2 + column * (TILE + GAP) for column in range(len(headings))]
    _draw_headings(sheet, centers, headings)
    top = HEADING
    for row, images in zip(rows, scaled, strict=True):
        _draw_row(sheet, centers, top, row, images)
        top += images[0].height + CAPTION + GAP
    sheet.save(path)


def _draw_headings(sheet: Image.Image, centers: Sequence[int], headings: Sequence[str]) -> None:
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(HEADING_SIZE)
    for center, heading in zip(centers, headings, strict=True):
        draw.text((center, HEADING // 2), heading, INK, font, anchor="mm")


def _draw_row(
    sheet: Image.Image,
    centers: Sequence[int],
    top: int,
    row: SheetRow,
    images: Sequence[Image.Image],
) -> None:
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(CAPTION_SIZE)
    for center, tile, image in zip(centers, row.tiles, images, strict=True):
        sheet.paste(image, (center - image.width // 2, top))
        middle = top + image.height + CAPTION // 2
        draw.text((center, middle), tile.caption, SOFT_INK, font, anchor="mm")


def _scaled(pixels: Pixels, aspect: float) -> Image.Image:
    """(H, W, 3) uint8 → an image of the aspect ratio, its longer side TILE pixels."""
    width = max(1, round(TILE * min(1.0, aspect)))
    height = max(1, round(TILE / max(1.0, aspect)))
    return Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS)
