"""Restorations beside other ways to spend few bits, on images of the user's own (CoCliCo, PCS 2024,
table I): the loop over images and methods (archive.evaluate.methods), and their scores.

    bits             that the method stores
    bpp              bits / pixels
    clip_similarity  cos(CLIP(original), CLIP(rendition))
    color_score      mean squared difference of 32 × 32 maps, samples 0 … 1
    psnr             dB, at most 100
    iqa              measures without a reference, if asked for (archive.evaluate.iqa)

The original is compared at the reconstruction's size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

from archive.arrays import Pixels, cosine
from archive.errors import UsageError
from archive.evaluate.iqa import ImageQuality
from archive.evaluate.methods import Method, Rendition, Subject
from archive.imaging.contact_sheet import SheetRow, Tile, write_sheet
from archive.imaging.decode import load_picture
from archive.imaging.files import make_folder
from archive.imaging.resize import resize
from archive.metrics import psnr
from archive.models.encoder import Encoder
from archive.records import Row
from archive.restore.reconstruct import SCORE_SIDE, Reconstructor, map_score

SHEET_NAME = "methods.png"
SHEET_ROWS = 12  # images on the contact sheet, the first of the folder


@dataclass(frozen=True)
class Scores:
    """Of one rendition, or means over many."""

    bits: float
    bpp: float
    clip_similarity: float
    color_score: float
    psnr: float
    iqa: Mapping[str, float] = field(default_factory=dict)  # by measure

    @property
    def clip_distance(self) -> float:
        """1 − clip_similarity, 0 … 2."""
        return max(0.0, 1 - self.clip_similarity)  # a cosine is rounded to more than 1

    @classmethod
    def mean(cls, scores: Sequence[Scores]) -> Scores:
        """Of at least one, all with the same measures."""
        return cls(
            bits=fmean(score.bits for score in scores),
            bpp=fmean(score.bpp for score in scores),
            clip_similarity=fmean(score.clip_similarity for score in scores),
            color_score=fmean(score.color_score for score in scores),
            psnr=fmean(score.psnr for score in scores),
            iqa={name: fmean(score.iqa[name] for score in scores) for name in scores[0].iqa},
        )


@dataclass(frozen=True)
class Compared:
    """A row, and its scores by method."""

    row: Row
    scores: Mapping[str, Scores]


class Comparison:
    """One comparison over the rows of an archive whose originals can be read."""

    def __init__(
        self,
        rows: Sequence[Row],
        methods: Sequence[Method],
        reconstructor: Reconstructor,
        encoder: Encoder,
        sheet: Path,
        *,
        clip_caption: Callable[[Scores], str] = lambda score: f"CLIP {score.clip_similarity:.2f}",
        iqa: ImageQuality | None = None,
    ) -> None:
        """`encoder` measures the similarity; `sheet`: the contact sheet, each of whose captions
        ends in `clip_caption`. Raises UsageError if there are no rows.
        """
        if not rows:
            raise UsageError("the archive is empty; ingest images to compare first")
        self.sheet = sheet
        self.titles = {method.name: method.title for method in methods}
        self.total = len(rows)  # images
        self._rows = rows
        self._methods = methods
        self._reconstructor = reconstructor
        self._encoder = encoder
        self._clip_caption = clip_caption
        self._iqa = iqa
        self._compared: list[Compared] = []
        self._sheet_rows: dict[int, SheetRow] = {}

    def run(self) -> Iterator[Compared]:
        """Yields each image once it is compared, then writes the contact sheet."""
        make_folder(self.sheet.parent)
        on_sheet = {row.id for row in self._rows[:SHEET_ROWS]}
        for batch in self._reconstructor.batches(self._rows, lambda row: row):
            subjects = self._subjects(batch)
            columns = [method.render(subjects) for method in self._methods]
            for subject, *renditions in zip(subjects, *columns, strict=True):
                scores = self._score(subject.original, renditions)
                if subject.row.id in on_sheet:
                    self._sheet_rows[subject.row.id] = self._tiles(subject, renditions, scores)
                self._compared.append(
                    Compared(subject.row, dict(zip(self.titles, scores, strict=True)))
                )
                yield self._compared[-1]
        sheet_rows = [self._sheet_rows[row.id] for row in self._rows[:SHEET_ROWS]]
        headings = [method.title for method in self._methods if not method.is_original]
        write_sheet(self.sheet, ["original", *headings], sheet_rows)

    @property
    def means(self) -> dict[str, Scores]:
        """Mean scores by method; of at least one image."""
        return {
            method: Scores.mean([compared.scores[method] for compared in self._compared])
            for method in self.titles
        }

    @property
    def images(self) -> int:
        """How many images have been compared."""
        return len(self._compared)

    def _subjects(self, rows: Sequence[Row]) -> list[Subject]:
        """Rows of one frame and codec. Raises Unreadable, BadCode."""
        seeds = [self._reconstructor.seed(row) for row in rows]
        subjects = []
        for row, reconstruction in zip(
            rows, self._reconstructor.reconstruct(rows, seeds), strict=True
        ):
            height, width, _ = reconstruction.pixels.shape
            picture = load_picture(Path(row.path), at_least=max(width, height, SCORE_SIDE))
            original = resize(picture.pixels, width, height)
            bits = self._reconstructor.bits(row)
            subjects.append(Subject(row, picture, original, reconstruction.pixels, bits))
        return subjects

    def _score(self, original: Pixels, renditions: Sequence[Rendition]) -> list[Scores]:
        images = [original, *(rendition.pixels for rendition in renditions)]
        vectors = self._encoder.encode_images([self._encoder.preprocess(px) for px in images])
        return [
            Scores(
                bits=rendition.bits,
                bpp=rendition.bpp,
                clip_similarity=float(similarity),
                color_score=map_score(original, rendition.pixels),
                psnr=psnr(original, rendition.pixels),
                iqa=self._iqa(rendition.pixels, None) if self._iqa else {},
            )
            for rendition, similarity in zip(
                renditions, cosine(vectors[1:], vectors[:1]), strict=True
            )
        ]

    def _tiles(
        self, subject: Subject, renditions: Sequence[Rendition], scores: Sequence[Scores]
    ) -> SheetRow:
        picture = subject.picture
        tiles = [Tile(picture.pixels, f"{picture.width} x {picture.height}")]
        for method, rendition, score in zip(self._methods, renditions, scores, strict=True):
            if method.is_original:
                continue
            caption = f"{score.bits:,.0f} bits · {self._clip_caption(score)}"
            tiles.append(Tile(rendition.pixels, caption))
        return SheetRow(picture.width / picture.height, tiles)
