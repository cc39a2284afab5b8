"""Restorations beside other ways to spend few bits, on images of the user's own (CoCliCo, PCS 2024,
table I).

    coldframe      the row, restored with its pair's default sampling
    color_map      the row's color map alone, enlarged
    jpeg …         the smallest files JPEG, WebP and AVIF can write: their lowest quality

Every method gets the original resized to the reconstruction's size and is compared with it:

    bits             8 · bytes of the stored codes; of the whole file for jpeg …
    bpp              bits / pixels
    clip_similarity  cos(CLIP(original), CLIP(rendition))
    color_score      mean squared difference of 32 × 32 maps, samples 0 … 1
    psnr             dB, at most 100
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import fmean

from archive.arrays import Pixels, cosine
from archive.codecs import Codec
from archive.errors import UsageError
from archive.imaging.contact_sheet import SheetRow, Tile, write_sheet
from archive.imaging.decode import Picture, load_picture
from archive.imaging.encode import can_encode, recompress
from archive.imaging.files import make_folder
from archive.imaging.resize import resize
from archive.metrics import psnr
from archive.models.loader import ModelLoader
from archive.records import Row
from archive.restore.reconstruct import SCORE_SIDE, Reconstruction, Reconstructor, map_score

LOWEST_QUALITY = {"jpeg": 1, "webp": 0, "avif": 0}  # Pillow's; JPEG takes 0 for its default
TITLES = {"color_map": "color map", "jpeg": "JPEG", "webp": "WebP", "avif": "AVIF"}
SHEET_NAME = "methods.png"
SHEET_ROWS = 12  # images on the contact sheet, the first of the folder


@dataclass(frozen=True)
class Rendition:
    """(H, W, 3) uint8: an image as a method gives it back, and the bits that method stores."""

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
    """One comparison over the rows of an archive whose originals can be read."""

    def __init__(
        self,
        rows: Sequence[Row],
        codecs: Mapping[int, Codec],
        models: ModelLoader,
        reconstructor: Reconstructor,
        out: Path,
    ) -> None:
        """`out`: folder of the contact sheet. Raises UsageError if there are no rows."""
        if not rows:
            raise UsageError("the archive is empty; ingest images to compare first")
        self.sheet = out / SHEET_NAME
        self.unavailable = [kind for kind in LOWEST_QUALITY if not can_encode(kind.upper())]
        self._rows = rows
        self._codecs = codecs
        self._models = models
        self._reconstructor = reconstructor
        self._scores: dict[str, list[Scores]] = {}
        self._sheet_rows: dict[int, SheetRow] = {}

    def run(self) -> Iterator[int]:
        """Yields the number of images compared so far, then writes the contact sheet."""
        make_folder(self.sheet.parent)
        on_sheet = {row.id for row in self._rows[:SHEET_ROWS]}
        for batch in self._reconstructor.batches(self._rows, lambda row: row):
            seeds = [self._reconstructor.seed(row) for row in batch]
            reconstructions = self._reconstructor.reconstruct(batch, seeds)
            for row, reconstruction in zip(batch, reconstructions, strict=True):
                sheet_row = self._compare(row, reconstruction)
                if row.id in on_sheet:
                    self._sheet_rows[row.id] = sheet_row
                yield self.images
        heads = ["original", *(TITLES.get(method, method) for method in self._scores)]
        sheet_rows = [self._sheet_rows[row.id] for row in self._rows[:SHEET_ROWS]]
        write_sheet(self.sheet, heads, sheet_rows)

    @property
    def means(self) -> dict[str, Scores]:
        """Mean scores by method."""
        names = [field.name for field in fields(Scores)]
        return {
            method: Scores(*(fmean(getattr(score, name) for score in scores) for name in names))
            for method, scores in self._scores.items()
        }

    @property
    def images(self) -> int:
        """How many images have been compared."""
        return max(map(len, self._scores.values()), default=0)

    def _compare(self, row: Row, reconstruction: Reconstruction) -> SheetRow:
        height, width, _ = reconstruction.pixels.shape
        picture = load_picture(Path(row.path), at_least=max(width, height, SCORE_SIDE))
        original = resize(picture.pixels, width, height)
        renditions = self._renditions(row, reconstruction.pixels, original)
        scores = self._score(original, renditions)
        for rendition, score in zip(renditions, scores, strict=True):
            self._scores.setdefault(rendition.method, []).append(score)
        return _sheet_row(picture, renditions, scores)

    def _renditions(self, row: Row, restored: Pixels, original: Pixels) -> list[Rendition]:
        codec = self._codecs[row.codec_id]
        height, width, _ = original.shape
        renditions = [Rendition("coldframe", row.bits, restored)]
        if codec.map_side:
            _, [colors_hat] = codec.decode([row.clip_code], [row.color_code])
            bits = 8 * len(row.color_code)
            if codec.maps.predicted:  # then the map cannot be decoded without the vector
                bits += 8 * len(row.clip_code)
            renditions.append(Rendition("color_map", bits, resize(colors_hat, width, height)))
        for kind, quality in LOWEST_QUALITY.items():
            if kind not in self.unavailable:
                count, pixels = recompress(original, kind, quality)
                renditions.append(Rendition(kind, 8 * count, pixels))
        return renditions

    def _score(self, original: Pixels, renditions: Sequence[Rendition]) -> list[Scores]:
        encoder = self._models.encoder
        images = [original, *(rendition.pixels for rendition in renditions)]
        vectors = encoder.encode_images([encoder.preprocess(pixels) for pixels in images])
        area = original.shape[0] * original.shape[1]
        return [
            Scores(
                bits=rendition.bits,
                bpp=rendition.bits / area,
                clip_similarity=float(similarity),
                color_score=map_score(original, rendition.pixels),
                psnr=psnr(original, rendition.pixels),
            )
            for rendition, similarity in zip(
                renditions, cosine(vectors[1:], vectors[:1]), strict=True
            )
        ]


def _sheet_row(
    picture: Picture, renditions: Sequence[Rendition], scores: Sequence[Scores]
) -> SheetRow:
    tiles = [Tile(picture.pixels, f"{picture.width} x {picture.height}")]
    for rendition, score in zip(renditions, scores, strict=True):
        caption = f"{score.bits:,.0f} bits · CLIP {score.clip_similarity:.2f}"
        tiles.append(Tile(rendition.pixels, caption))
    return SheetRow(picture.width / picture.height, tiles)
