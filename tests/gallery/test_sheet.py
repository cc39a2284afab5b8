"""A contact sheet of hits has a picture for each, in rows of five."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from archive.archive import Archive
from archive.gallery.pictures import hit_pictures
from archive.gallery.sheet import COLUMNS, SIDE, write_hit_sheet
from archive.imaging.contact_sheet import CAPTION, CAPTION_LINE, GAP, TILE
from archive.index.hits import Hit
from tests.gallery.conftest import AWAY


def test_pictures_stand_in_rows_with_rank_and_name_under_them(
    filled: Archive, hits: list[Hit], tmp_path: Path
) -> None:
    pictures = list(hit_pictures(filled, hits, side=SIDE))
    write_hit_sheet(tmp_path / "sheet.png", pictures)
    with Image.open(tmp_path / "sheet.png") as sheet:
        pixels = np.asarray(sheet)
    height = TILE * 160 // 240
    first_caption = CAPTION + 2 * CAPTION_LINE  # of the row with the color map
    heights = 3 * height + first_caption + 2 * (CAPTION + CAPTION_LINE) + 4 * GAP
    assert pixels.shape == (heights, GAP + COLUMNS * (TILE + GAP), 3)
    for column, picture in enumerate(pictures[:COLUMNS]):
        left = GAP + column * (TILE + GAP)
        assert np.array_equal(pixels[GAP : GAP + height, left : left + TILE], picture.pixels)
        lines = pixels[GAP + height :, left : left + TILE]
        third = lines[CAPTION + CAPTION_LINE : CAPTION + 2 * CAPTION_LINE]
        assert (lines[:CAPTION] != lines[0, 0]).any()
        assert (third != lines[0, 0]).any() == (column == AWAY)
