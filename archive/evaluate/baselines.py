"""Restorations beside other methods, on pictures of the user's (CoCliCo, PCS 2024, table I).

    coldframe      the row, drawn as its model pair likes to draw, from the pair's own codec
    color_map      the row's map alone, enlarged
    jpeg …         the least that JPEG, WebP and AVIF can do: their lowest quality

Every method is given the original brought to the frame the decoder draws in, and is measured against it:

    bits             8 · bytes of the codes as stored, of the whole file for jpeg …
    bpp              bits / pixels of the frame
    clip_similarity  cos(CLIP(original), CLIP(rendition))
    color_score      mean squared difference of 32 × 32 maps, values 0 … 1
    psnr             −10 log10 of the mean squared difference of the pixels, dB, at most 100
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import fmean

import numpy as np
import numpy.typing as npt

from archive.archive import Archive
from archive.errors import UsageError
from archive.evaluate.audit import map_score
from archive.imaging.contact_sheet import SheetRow, Tile, write_sheet
from archive.imaging.decode import Picture, load_picture
from archive.imaging.encode import can_encode, recompress
from archive.imaging.resize import resize
from archive.ingest.outcomes import Skipped
from archive.models.pairs import find_pair
from archive.records import Row
from archive.restore.reconstruct import SCORE_SIDE, color_score, cosines, seed_of
from archive.settings import Settings

LOSSY = {
    "jpeg": 1,
    "webp": 0,
    "avif": 0,
}  # Pillow's name → its lowest quality; 0 means the usual one to JPEG
TITLES = {
    "color_map": "colour map",
    "jpeg": "JPEG",
    "webp": "WebP",
    "avif": "AVIF",
}  # of methods, for people
LEAST_ERROR = 1e-10  # so that a rendition without any still has a PSNR
# pictures shown, the first of the folder
SHEET_NAME = "methods.png"
SHEET_ROWS = 12
Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Rendition:
    """(H, W, 3) uint8, as a method gives a picture back that it keeps in so many bits."""

    method: str
    bits: int
    pixels: Pixels


@dataclass(frozen=True)
class Scores:
    """Of one rendition, or means over many."""

    bits: float
    bpp: float
    clip_similarity: float
    color_score: float
    psnr: float


class Comparison:
    """One comparison, in an archive of its own that is gone afterwards."""

    def __init__(self, folder: Path, out: Path, model: str) -> None:
        self.sheet = out / SHEET_NAME
        self.skipped: list[Skipped] = []
        self.absent = [kind for kind in LOSSY if not can_encode(kind.upper())]
        self._folder = folder
        self._pair = find_pair(model)
        self._scores: dict[str, list[Scores]] = {}
        self._shown: dict[int, SheetRow] = {}

    def run(self) -> Iterator[int]:
        """Tells how many pictures are done; then the sheet is written. Raises UsageError where there is none."""
        self.sheet.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="coldframe-") as place:
            settings = Settings(str(Path(place, "archive")))
            codec = "klt" if self._pair.codecs else "coclico"
            with Archive.create(settings, self._pair, codec=codec) as archive:
                outcomes = archive.ingest([str(self._folder)])
                self.skipped = [one for one in outcomes if isinstance(one, Skipped)]
                rows = list(archive.rows())
                if not rows:
                    raise UsageError(
                        f"there is no picture in {self._folder} that can be read; name another folder"
                    )
                yield from self._compared(archive, rows)
        heads = ["original", *(TITLES.get(method, method) for method in self._scores)]
        write_sheet(self.sheet, heads, [self._shown[row.id] for row in rows[:SHEET_ROWS]])

    @property
    def means(self) -> dict[str, Scores]:
        """By method."""
        names = [field.name for field in fields(Scores)]
        return {
            method: Scores(*(fmean(getattr(one, name) for one in scores) for name in names))
            for method, scores in self._scores.items()
        }

    @property
    def pictures(self) -> int:
        return max(map(len, self._scores.values()), default=0)

    def _compared(self, archive: Archive, rows: Sequence[Row]) -> Iterator[int]:
        reconstructor = archive.reconstructor()
        shown = {row.id for row in rows[:SHEET_ROWS]}
        for batch in reconstructor.batches(rows, lambda row: row):
            reconstructions = reconstructor.reconstruct(
                batch, [seed_of(row.sha256) for row in batch]
            )
            for row, drawn in zip(batch, reconstructions, strict=True):
                frame = reconstructor.frame(row)
                picture = load_picture(Path(row.path), at_least=max(*frame, SCORE_SIDE))
                original = resize(picture.pixels, *frame)
                renditions = self._renditions(archive, row, drawn.pixels, original)
                scores = _scored(archive, original, renditions)
                for one, scored in zip(renditions, scores, strict=True):
                    self._scores.setdefault(one.method, []).append(scored)
                if row.id in shown:
                    self._shown[row.id] = _line(picture, renditions, scores)
                yield self.pictures

    def _renditions(
        self, archive: Archive, row: Row, drawn: Pixels, original: Pixels
    ) -> list[Rendition]:
        codec = archive.codecs[row.codec_id]
        height, width = original.shape[:2]
        clip_bits = 8 * len(row.clip_code)
        color_bits = 8 * len(row.color_code)
        found = [Rendition("coldframe", row.bits, drawn)]
        if codec.map_side:
            _, [colors_hat] = codec.decode([row.clip_code], [row.color_code])
            alone = color_bits + (
                clip_bits if codec.maps.predicted else 0
            )  # a predicted map needs the vector too
            found.append(Rendition("color_map", alone, resize(colors_hat, width, height)))
        for kind, quality in LOSSY.items():
            if kind not in self.absent:
                count, pixels = recompress(original, kind, quality)
                found.append(Rendition(kind, 8 * count, pixels))
        return found


def psnr(one: Pixels, other: Pixels) -> float:
    """Two pictures of one size → dB."""
    return -10 * math.log10(max(color_score(one, other), LEAST_ERROR))


def _scored(archive: Archive, original: Pixels, renditions: Sequence[Rendition]) -> list[Scores]:
    encoder = archive.encoder
    prepared = [
        encoder.preprocess(pixels) for pixels in (original, *(one.pixels for one in renditions))
    ]
    vectors = encoder.encode_images(prepared)
    area = original.shape[0] * original.shape[1]
    return [
        Scores(
            one.bits,
            one.bits / area,
            float(similar),
            map_score(original, one.pixels),
            psnr(original, one.pixels),
        )
        for one, similar in zip(renditions, cosines(vectors[1:], vectors[:1]), strict=True)
    ]


def _line(picture: Picture, renditions: Sequence[Rendition], scores: Sequence[Scores]) -> SheetRow:
    told = [f"{one.bits:,.0f} bits · CLIP {one.clip_similarity:.2f}" for one in scores]
    cells = [Tile(one.pixels, caption) for one, caption in zip(renditions, told, strict=True)]
    original = Tile(picture.pixels, f"{picture.width} x {picture.height}")
    return SheetRow(picture.width / picture.height, [original, *cells])
