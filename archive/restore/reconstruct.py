"""Rows → pixels: decoded, drawn, the best candidate chosen, its colours brought into their cells.

A frame is the decoder's native area in the aspect ratio nearest to the original's whose sides the decoder can draw. The
seed comes from the original's digest, so the same row gives the same picture. Of several candidates, whose seeds follow
one another, the one is kept of the greatest

    cos(σ̂, CLIP(picture)) − COLOR_WEIGHT · colour score        about the decoder's mean embedding
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from archive.codecs import Codec
from archive.errors import UsageError
from archive.imaging.resize import to_square
from archive.models.decoder import Decoder, DecodeRequest, ProgressCallback
from archive.models.encoder import Encoder
from archive.models.sampling import Sampling
from archive.records import Row
from archive.restore.color_projection import project

Pixels = npt.NDArray[np.uint8]
Vectors = npt.NDArray[np.float32]
Job = TypeVar("Job")
AREA_BAND = (0.7, 1.3)  # a frame's area, as a share of the decoder's native one
COLOR_WEIGHT = 2.0
SCORE_SIDE = 32  # of the maps that pictures are compared by (CoCliCo, PCS 2024, section IV)
SEEDS = 1 << 63


@dataclass(frozen=True)
class Reconstruction:
    """A picture, (height, width, 3) uint8 in its frame; its seed; what made it the best, if it was chosen."""

    pixels: Pixels
    seed: int
    scores: Mapping[str, float] = field(default_factory=dict)


class Reconstructor:
    """A decoder at work for an archive's codecs."""

    def __init__(
        self,
        codecs: Mapping[int, Codec],
        decoder: Decoder,
        encoder: Callable[[], Encoder],
        sampling: Sampling,
    ) -> None:
        """`encoder()` opens the encoder, if there are candidates to compare."""
        self._codecs = codecs
        self._decoder = decoder
        self._encoder = encoder
        self.sampling = (
            replace(sampling, guidance=decoder.guidance) if sampling.guidance is None else sampling
        )
        self._aligned: dict[int, float] = {}

    @property
    def _center(self) -> Vectors:
        """The mean embedding the decoder knows, (D,), or 0."""
        return (
            self._decoder.embedding_stats[0]
            if self._decoder.embedding_stats
            else np.zeros(1, np.float32)
        )

    @property
    def batch_size(self) -> int:
        """How many rows of one frame and codec are best reconstructions at a time."""
        return 1 if self.sampling.candidates > 1 else self._decoder.batch_size

    def frame(self, row: Row) -> tuple[int, int]:
        """(width, height) the row is drawn in. Raises UsageError for a size that is too small."""
        pixels = self.sampling.image_size**2 or self._decoder.native_pixels
        multiple = self._decoder.size_multiple
        if pixels < multiple**2:
            raise UsageError(
                f"this decoder draws no square of {self.sampling.image_size} pixels; give --size {multiple} or more"
            )
        return frame_size(row.width / row.height, pixels, multiple)

    def batches(self, jobs: Iterable[Job], row_of: Callable[[Job], Row]) -> Iterator[list[Job]]:
        """Jobs whose rows are of one frame and codec, as many as are best reconstructions at a time."""
        waiting: dict[object, list[Job]] = {}
        for job in jobs:
            row = row_of(job)
            alike = waiting.setdefault((self.frame(row), row.codec_id), [])
            alike.append(job)
            if len(alike) == self.batch_size:
                yield alike[:]
                alike.clear()
        yield from filter(None, waiting.values())

    def parameters(self, row: Row, seed: int) -> dict[str, Any]:
        """All that the picture depends on, beside the decoder."""
        return {
            **asdict(self.sampling),
            "seed": seed,
            "codec_id": row.codec_id,
            "codes_crc32": row.crc32,
        }

    def seed(self, row: Row) -> int:
        """The row's own: from its digest, and the candidate it asks for, unless several are drawn now."""
        return (
            seed_of(row.sha256) + (row.candidate if self.sampling.candidates == 1 else 0)
        ) % SEEDS

    def reconstruct(
        self,
        rows: Sequence[Row],
        seeds: Sequence[int],
        on_step: ProgressCallback | None = None,
        *,
        truth: Sequence[tuple[Vectors, Pixels]] | None = None,
    ) -> list[Reconstruction]:
        """Rows of one frame and codec → pictures. Raises BadCode.

        `truth`: embeddings (D,) and colour maps (n, n, 3) that candidates are compared with; else with the rows' own.
        """
        codec = self._codecs[rows[0].codec_id]
        vectors_hat, colors_hat = codec.decode(
            [row.clip_code for row in rows], [row.color_code for row in rows]
        )
        count = self.sampling.candidates
        tried = [(seed + number) % SEEDS for seed in seeds for number in range(count)]
        told = DecodeRequest(
            vectors_hat.repeat(count, 0),
            colors_hat.repeat(count, 0),
            tried,
            self._alignment(rows[0].codec_id),
            partial(self._encoder().clip_similarity, center=self._center)
            if self.sampling.clip_guidance
            else None,
        )
        drawn = self._decoder.sample(
            told, frame=self.frame(rows[0]), sampling=self.sampling, on_step=on_step
        )
        if self.sampling.project_colors and codec.map_side:
            half = codec.maps.quantization_error
            drawn = [
                project(one, colors, half)
                for one, colors in zip(drawn, told.colors_hat, strict=True)
            ]
        if count == 1:
            return [Reconstruction(pixels, seed) for pixels, seed in zip(drawn, tried, strict=True)]
        held_to = truth or list(zip(vectors_hat, colors_hat, strict=True))
        groups = range(0, len(drawn), count)
        return [
            self._best(drawn[at : at + count], tried[at : at + count], *one)
            for at, one in zip(groups, held_to, strict=True)
        ]

    def _best(
        self, drawn: list[Pixels], seeds: list[int], vector: Vectors, colors_seen: Pixels
    ) -> Reconstruction:
        encoder = self._encoder()
        vectors = encoder.encode_images([encoder.preprocess(pixels) for pixels in drawn])
        similar = cosines(vectors - self._center, (vector - self._center)[None])
        colors = [
            color_score(to_square(pixels, len(colors_seen)), colors_seen)
            if len(colors_seen)
            else 0.0
            for pixels in drawn
        ]
        best = int(np.argmax(similar - COLOR_WEIGHT * np.array(colors)))
        scores = {
            "clip_similarity": round(float(similar[best]), 4),
            "color_score": round(colors[best], 5),
        }
        return Reconstruction(drawn[best], seeds[best], scores)

    def _alignment(self, codec_id: int) -> float:
        if codec_id not in self._aligned:
            space = self._decoder.embedding_stats
            codec = self._codecs[codec_id]
            self._aligned[codec_id] = (
                (codec.alignment or 1.0) if space is None else codec.alignment_in(*space)
            )
        return self._aligned[codec_id]


def seed_of(digest: bytes) -> int:
    """SHA-256 of the original → 0 … 2⁶³ − 1."""
    return int.from_bytes(digest[:8]) >> 1


def frame_size(aspect: float, pixels: int, multiple: int) -> tuple[int, int]:
    """Aspect ratio (width / height) → (width, height) a decoder can draw.

    Of all sides divisible by `multiple` whose area lies within AREA_BAND of `pixels`, the pair nearest in aspect ratio,
    then in area. Ratios beyond 4 : 1 are drawn as 4 : 1. Raises ValueError where none fits.
    """
    aspect = min(max(aspect, 0.25), 4.0)
    longest = int(2 * math.sqrt(pixels * AREA_BAND[1])) // multiple
    sides = range(1, longest + 1)
    low, high = (pixels * share / multiple**2 for share in AREA_BAND)
    fits = [(width, height) for width in sides for height in sides if low <= width * height <= high]

    def distance(size: tuple[int, int]) -> tuple[float, float]:
        width, height = size
        return abs(math.log(width / height / aspect)), abs(
            math.log(width * height * multiple**2 / pixels)
        )

    width, height = min(fits, key=distance)
    return width * multiple, height * multiple


def cosines(one: Vectors, other: Vectors) -> Vectors:
    """Rows of (N, D) and (N or 1, D) → (N,)."""
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    found: Vectors = (one * other).sum(axis=1) / np.maximum(lengths, 1e-12)
    return found


def color_score(one: Pixels, other: Pixels) -> float:
    """Two maps of one size → their mean squared difference, values 0 … 1."""
    return float(np.square(one / 255.0 - other / 255.0).mean())
