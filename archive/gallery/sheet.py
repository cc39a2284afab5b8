"""Hits → a contact sheet: one image file with the pictures of all hits, best first."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from archive.gallery.pictures import HitPicture
from archive.imaging.contact_sheet import TILE, SheetRow, Tile, write_sheet

COLUMNS = 5
SIDE = TILE  # pixels of a picture's long side


def write_hit_sheet(path: Path, pictures: Iterable[HitPicture]) -> None:
    """Pictures, at least one → an image file; its suffix selects the format."""
    tiles = [Tile(picture.pixels, _caption(picture)) for picture in pictures]
    rows = [tiles[start : start + COLUMNS] for start in range(0, len(tiles), COLUMNS)]
    write_sheet(path, [], [SheetRow(None, row) for row in rows])


def _caption(picture: HitPicture) -> str:
    lines = [f"{picture.rank} · {picture.quality}", picture.name]
    if picture.original is None:
        lines.append("color map only")
    return "\n".join(lines)
