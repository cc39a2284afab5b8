"""A contact sheet has its images under their headings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archive.imaging.contact_sheet import CAPTION, GAP, HEADING, TILE, SheetRow, Tile, write_sheet

RED = (255, 0, 0)
BLUE = (0, 0, 255)


def tile(color: tuple[int, int, int], caption: str = "") -> Tile:
    return Tile(np.full((10, 20, 3), color, np.uint8), caption)


def write(path: Path, headings: list[str], rows: list[SheetRow]) -> np.ndarray:
    write_sheet(path, headings, rows)
    with Image.open(path) as sheet:
        return np.asarray(sheet)


def test_images_are_under_their_headings(tmp_path: Path) -> None:
    rows = [SheetRow(2.0, [tile(RED), tile(BLUE)])] * 2
    sheet = write(tmp_path / "sheet.png", ["red", "blue"], rows)
    for top in (HEADING, HEADING + TILE // 2 + CAPTION + GAP):
        assert tuple(sheet[top + 60, GAP + TILE // 2]) == RED
        assert tuple(sheet[top + 60, 2 * GAP + 3 * TILE // 2]) == BLUE


@pytest.mark.parametrize(("aspect", "height"), [(2.0, TILE // 2), (1.0, TILE), (0.5, TILE)])
def test_the_sheet_is_as_high_as_its_rows(tmp_path: Path, aspect: float, height: int) -> None:
    sheet = write(tmp_path / "sheet.png", ["red"], [SheetRow(aspect, [tile(RED)])] * 3)
    assert sheet.shape == (HEADING + 3 * (height + CAPTION + GAP), 2 * GAP + TILE, 3)
    is_red = (sheet == RED).all(axis=2)
    assert is_red.sum() == 3 * height * round(TILE * min(1, aspect))


def test_headings_and_captions_are_drawn(tmp_path: Path) -> None:
    empty = write(tmp_path / "empty.png", [""], [SheetRow(1.0, [tile(RED)])])
    named = write(tmp_path / "named.png", ["heading"], [SheetRow(1.0, [tile(RED, "caption")])])
    changed = (empty != named).any(axis=(1, 2))
    assert changed[:HEADING].any()
    assert not changed[HEADING : HEADING + TILE].any()
    assert changed[HEADING + TILE :].any()


def test_a_row_needs_an_image_for_each_heading(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="zip"):
        write(tmp_path / "sheet.png", ["red", "blue"], [SheetRow(1.0, [tile(RED)])])
