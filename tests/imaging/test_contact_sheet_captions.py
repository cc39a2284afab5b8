"""Without headings a sheet has images in their own ratios, and captions of several lines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archive.imaging.contact_sheet import (
    CAPTION,
    CAPTION_LINE,
    GAP,
    PAPER,
    TILE,
    SheetRow,
    Tile,
    write_sheet,
)

WIDE = np.full((10, 20, 3), (255, 0, 0), np.uint8)
HIGH = np.full((20, 10, 3), (0, 0, 255), np.uint8)


def sheet_of(path: Path, *rows: list[Tile]) -> np.ndarray:
    write_sheet(path, [], [SheetRow(None, row) for row in rows])
    with Image.open(path) as sheet:
        return np.asarray(sheet)


def test_images_of_a_row_stand_on_one_line_in_their_own_ratio(tmp_path: Path) -> None:
    sheet = sheet_of(tmp_path / "sheet.png", [Tile(WIDE), Tile(HIGH)], [Tile(WIDE)])
    height = GAP + TILE + TILE // 2 + 2 * (CAPTION + GAP)
    assert sheet.shape == (height, 3 * GAP + 2 * TILE, 3)
    line = sheet[GAP + TILE - 1]
    assert (line == (255, 0, 0)).all(axis=1).sum() == TILE
    assert (line == (0, 0, 255)).all(axis=1).sum() == TILE // 2
    assert (sheet[GAP + TILE] == PAPER).all()
    assert (sheet[GAP + TILE :, 2 * GAP + TILE :] == PAPER).all()


def test_each_line_of_a_caption_has_its_place(tmp_path: Path) -> None:
    sheet = sheet_of(tmp_path / "sheet.png", [Tile(WIDE, "first\n\nthird"), Tile(WIDE)])
    captions = sheet[GAP + TILE // 2 : -GAP]
    assert len(captions) == CAPTION + 2 * CAPTION_LINE
    written = (captions != PAPER).any(axis=(1, 2))
    assert written[:CAPTION].any()
    assert not written[CAPTION : CAPTION + CAPTION_LINE - 4].any()
    assert written[CAPTION + CAPTION_LINE :].any()


@pytest.mark.parametrize("letter", ["W", "ü", "я"])
def test_a_long_name_stays_below_its_image(tmp_path: Path, letter: str) -> None:
    sheet = sheet_of(tmp_path / "sheet.png", [Tile(WIDE), Tile(WIDE, letter * 255), Tile(WIDE)])
    written = np.flatnonzero((sheet[GAP + TILE // 2 :] != PAPER).any(axis=(0, 2)))
    assert written.min() >= 2 * GAP + TILE - 1
    assert written.max() <= 2 * (GAP + TILE)
    assert len(written) > TILE // 2
