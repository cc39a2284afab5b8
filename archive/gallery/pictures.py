"""A hit → a picture to look at: the original where it can be seen, else the color map of its row.

original   scaled down to `side` pixels on the long side
color map  n × n colors, scaled up softly to the same size
no map     gray
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from archive.archive_reader import ArchiveReader
from archive.arrays import Pixels
from archive.errors import Unreadable
from archive.imaging.decode import load_picture
from archive.imaging.resize import fitted, resize, smooth
from archive.index.hits import Hit
from archive.originals import GRAY, original_path
from archive.records import Row


@dataclass(frozen=True)
class HitPicture:
    """A hit's picture, and where its original is."""

    rank: int  # 1 for the first
    hit: Hit
    pixels: Pixels  # (H, W, 3) uint8
    original: Path | None  # None: it cannot be seen now, and `pixels` are its color map

    @property
    def name(self) -> str:
        """The file's name; bytes that are no UTF-8 become question marks."""
        return Path(self.hit.path).name.encode("utf-8", "replace").decode("utf-8")

    @property
    def quality(self) -> str:
        """How well it matches, in words: the score, and the match where there is one."""
        score = f"score {self.hit.score:.3f}"
        return score if self.hit.match is None else f"{score}, match {self.hit.match:.2f}"


def hit_pictures(archive: ArchiveReader, hits: Sequence[Hit], *, side: int) -> Iterator[HitPicture]:
    """Hits in their order → their pictures, one at a time. Raises NotFound, BadCode."""
    rows = archive.rows(hit.id for hit in hits)
    for rank, (hit, row) in enumerate(zip(hits, rows, strict=True), start=1):
        size = fitted(row.width, row.height, side)
        if original := original_path(row):
            with contextlib.suppress(Unreadable, OSError):
                picture = load_picture(original, at_least=min(size), keep_truncated=True)
                yield HitPicture(rank, hit, resize(picture.pixels, *size), original.absolute())
                continue
        yield HitPicture(rank, hit, _color_map(archive, row, size), None)


def _color_map(archive: ArchiveReader, row: Row, size: tuple[int, int]) -> Pixels:
    """A row → its color map, or gray, of a size (width, height). Raises BadCode."""
    _, colors_hat = archive.decode(row)
    if colors_hat.size:
        return smooth(colors_hat, *size)
    return np.full((*reversed(size), 3), GRAY)
