"""A row → the best that is known of its image: the original, if it can be seen, else the row's own
codes.

original where it was last seen, unchanged ─encoder─► vector, color map    from_original
else the row's codes                       ─codec───► vector_hat, color map
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from archive.arrays import Pixels, Vectors
from archive.codecs import Codec
from archive.errors import Unreadable
from archive.imaging.decode import load_picture
from archive.imaging.files import digest_of
from archive.imaging.resize import to_square
from archive.models.encoder import Encoder
from archive.records import FileStamp, Row

GRAY = np.uint8(128)  # the color map of rows that have none


@dataclass(frozen=True)
class Reference:
    """What an image is compared with: vector (D,) float32, color map (n, n, 3) uint8."""

    vector: Vectors
    color_map: Pixels
    from_original: bool


class ReferenceSource:
    """Rows → references."""

    def __init__(
        self,
        codecs: Mapping[int, Codec],
        encoder: Callable[[], Encoder] | None,
        *,
        image_size: int,
    ) -> None:
        """`encoder()` opens the encoder; without one only codes are used.

        `image_size`: pixels the encoder wants on the short side.
        """
        self._codecs = codecs
        self._encoder = encoder
        self._image_size = image_size
        self._cache: dict[tuple[int, int], Reference] = {}

    def __call__(
        self, rows: Sequence[Row], map_side: int, *, cache: bool = False
    ) -> list[Reference]:
        """N rows → N references with maps of `map_side`; `cache` keeps them until they are asked
        for once more.

        Raises BadCode where codes are all there is and they do not decode.
        """
        missing = [row for row in rows if (row.id, map_side) not in self._cache]
        references = dict(
            zip((row.id for row in missing), self._look_up(missing, map_side), strict=True)
        )
        for row in rows:
            if row.id not in references:
                references[row.id] = self._cache.pop((row.id, map_side))
        if cache:
            self._cache.update({(row.id, map_side): references[row.id] for row in rows})
        return [references[row.id] for row in rows]

    def _look_up(self, rows: Sequence[Row], map_side: int) -> list[Reference]:
        originals = {row.id: pixels for row in rows if (pixels := self._original(row)) is not None}
        vectors: dict[int, Vectors] = {}
        if originals and self._encoder is not None:
            encoder = self._encoder()
            prepared = [encoder.preprocess(pixels) for pixels in originals.values()]
            vectors = dict(zip(originals, encoder.encode_images(prepared), strict=True))
        side = max(map_side, 1)
        return [
            Reference(vectors[row.id], to_square(originals[row.id], side), from_original=True)
            if row.id in vectors
            else self._decoded(row, side)
            for row in rows
        ]

    def _original(self, row: Row) -> Pixels | None:
        """The original's pixels; None where it is not needed: pending rows hold its vector at half
        precision.
        """
        if self._encoder is None or self._codecs[row.codec_id].pending is not None:
            return None
        return original_pixels(row, at_least=self._image_size)

    def _decoded(self, row: Row, side: int) -> Reference:
        codec = self._codecs[row.codec_id]
        [vector_hat], [colors_hat] = codec.decode([row.clip_code], [row.color_code])
        color_map = (
            to_square(colors_hat, side) if codec.map_side else np.full((side, side, 3), GRAY)
        )
        return Reference(vector_hat, color_map, from_original=False)


def original_path(row: Row) -> Path | None:
    """The first of a row's paths whose file has its digest; None if none has."""
    for path in map(Path, row.paths):
        with contextlib.suppress(Unreadable, OSError):
            if digest_of(path)[0] == row.sha256:
                return path
    return None


def has_original(row: Row) -> bool:
    """Whether a file at one of a row's paths has its digest."""
    return original_path(row) is not None


def can_be_seen(row: Row, files: Iterable[tuple[str, FileStamp]]) -> bool:
    """Whether a row's original is one of these files, (path, its stamp when it was last seen).

    It is read only if its stamp is another one by now.
    """
    for path, stamp in files:
        with contextlib.suppress(Unreadable, OSError):
            status = os.stat(path)
            if not stat.S_ISREG(status.st_mode) or status.st_size != row.file_bytes:
                continue
            is_unchanged = stamp.is_unchanged(FileStamp.of(status))
            if is_unchanged or digest_of(Path(path))[0] == row.sha256:
                return True
    return False


def original_pixels(row: Row, *, at_least: int) -> Pixels | None:
    """A row → its original, (H, W, 3) uint8, at least `at_least` pixels on the short side where it
    has them.

    None if no file at its paths has the row's digest.
    """
    if path := original_path(row):
        with contextlib.suppress(Unreadable, OSError):
            return load_picture(path, at_least=at_least, keep_truncated=True).pixels
    return None
