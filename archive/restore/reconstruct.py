"""Rows → pixels: decode the codes, sample, project the colors, upscale, keep the best candidate.

    row ─codec─► vector_hat, colors_hat ─decoder─► frame ─project_colors─► ─upscaler─► pixels
    detail ───────────────────────────────┘            except after a detail

A row with a detail starts where its path ends, whatever the seed.

The seed is derived from the original's digest, so a row always gives the same image. Of several
candidates with consecutive seeds the one is kept that maximizes

    cos(vector_hat, CLIP(pixels)) − COLOR_WEIGHT · color_score

with the cosine taken about the decoder's mean embedding.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

import numpy as np

from archive.arrays import Pixels, Vectors, cosine
from archive.codecs import Codec
from archive.detail.paths import ReadingPath
from archive.errors import UsageError
from archive.imaging.resize import to_square
from archive.metrics import color_score
from archive.models.decoder import Decoder, DecodeRequest, NoisePath, ProgressCallback
from archive.models.encoder import Encoder
from archive.models.sampling import Sampling
from archive.originals import Reference
from archive.records import Row
from archive.restore.color_projection import project_colors
from archive.restore.frames import frame_size

Job = TypeVar("Job")
COLOR_WEIGHT = 2.0
SCORE_SIDE = 32  # pixels; side of the maps that images are compared by (CoCliCo, section IV)
SEEDS = 1 << 63  # seeds are 0 … SEEDS − 1


@dataclass(frozen=True)
class Reconstruction:
    """(H, W, 3) uint8 pixels, upscaled if the decoder has an upscaler; the seed; the winning
    candidate's scores.
    """

    pixels: Pixels
    seed: int
    scores: Mapping[str, float] = field(default_factory=dict)


class Reconstructor:
    """A decoder, and the codecs of an archive."""

    def __init__(
        self,
        codecs: Mapping[int, Codec],
        decoder: Decoder,
        encoder: Callable[[], Encoder],
        sampling: Sampling,
        detail: Callable[[Row], ReadingPath | None] = lambda row: None,
    ) -> None:
        """`encoder()` opens the encoder, which CLIP guidance and candidates need.

        `detail`: a row's, if it has one for this decoder.
        """
        self._codecs = codecs
        self._decoder = decoder
        self._encoder = encoder
        self._detail = detail
        guidance = decoder.guidance if sampling.guidance is None else sampling.guidance
        self.sampling = replace(sampling, guidance=guidance)
        self._alignments: dict[int, float] = {}

    @property
    def batch_size(self) -> int:
        """How many rows of one frame and codec to reconstruct at a time."""
        return 1 if self.sampling.candidates > 1 else self._decoder.batch_size

    def frame(self, row: Row) -> tuple[int, int]:
        """(width, height) the row is sampled in. Raises UsageError for an image size that is too
        small.
        """
        multiple = self._decoder.size_multiple
        pixels = self.sampling.image_size**2 or self._decoder.native_pixels
        if pixels < multiple**2:
            raise UsageError(
                f"--size {self.sampling.image_size} is too small for this decoder "
                f"(minimum {multiple})"
            )
        return frame_size(row.width / row.height, pixels, multiple)

    def batches(self, jobs: Iterable[Job], row_of: Callable[[Job], Row]) -> Iterator[list[Job]]:
        """Jobs → batches of at most `batch_size` whose rows share frame, codec and the timesteps
        that their details go through.
        """
        pending: dict[object, list[Job]] = {}
        for job in jobs:
            row = row_of(job)
            path = self._detail(row)
            timesteps = () if path is None else path.timesteps
            batch = pending.setdefault((self.frame(row), row.codec_id, timesteps), [])
            batch.append(job)
            if len(batch) == self.batch_size:
                yield batch[:]
                batch.clear()
        yield from filter(None, pending.values())

    def parameters(self, row: Row, seed: int) -> dict[str, Any]:
        """Everything the pixels depend on besides the decoder's weights."""
        path = self._detail(row)
        sampling = asdict(self.sampling)
        del sampling["detail_bytes"]  # the checksum says it better
        return {
            **sampling,
            "seed": seed,
            "codec_id": row.codec_id,
            "codes_crc32": zlib.crc32(row.color_code, zlib.crc32(row.clip_code)),
            **({} if path is None else {"detail_crc32": zlib.crc32(path.code)}),
        }

    def bits(self, row: Row) -> int:
        """Bits that the row's image is made of: the row's, and those of its detail."""
        path = self._detail(row)
        return row.bits + (0 if path is None else 8 * len(path.code))

    def seed(self, row: Row) -> int:
        """The row's own seed: from the digest, plus the stored seed index unless candidates are
        sampled now.
        """
        offset = row.candidate if self.sampling.candidates == 1 else 0
        return (seed_of(row.sha256) + offset) % SEEDS

    def reconstruct(
        self,
        rows: Sequence[Row],
        seeds: Sequence[int],
        on_step: ProgressCallback | None = None,
        *,
        references: Sequence[Reference] | None = None,
        paths: Sequence[NoisePath] | None = None,
    ) -> list[Reconstruction]:
        """N rows of one batch, N seeds → N reconstructions. Raises BadCode.

        `references`: what candidates are compared with; by default with what the rows decode to.
        `paths`: instead of the rows' details.
        """
        if paths is None:
            details = map(self._detail, rows)
            paths = [path for path in details if path is not None]
        codec = self._codecs[rows[0].codec_id]
        vectors_hat, colors_hat = codec.decode(
            [row.clip_code for row in rows], [row.color_code for row in rows]
        )
        count = 1 if paths else self.sampling.candidates
        tried = [(seed + candidate) % SEEDS for seed in seeds for candidate in range(count)]
        request = self._request(rows[0], vectors_hat, colors_hat, tried)
        images = self._sample(rows[0], replace(request, paths=paths), on_step)
        if count == 1:
            return [
                Reconstruction(pixels, seed) for pixels, seed in zip(images, tried, strict=True)
            ]
        targets = references or [
            Reference(vector, color_map, from_original=False)
            for vector, color_map in zip(vectors_hat, colors_hat, strict=True)
        ]
        starts = range(0, len(images), count)
        return [
            self._best(images[start : start + count], tried[start : start + count], target)
            for start, target in zip(starts, targets, strict=True)
        ]

    def _request(
        self, row: Row, vectors_hat: Vectors, colors_hat: Pixels, seeds: Sequence[int]
    ) -> DecodeRequest:
        """For decoded rows like `row`, with as many seeds for each."""
        similarity = None
        if self.sampling.clip_guidance:
            similarity = partial(self._encoder().clip_similarity, center=self.center)
        repeats = len(seeds) // len(vectors_hat)
        return DecodeRequest(
            vectors_hat.repeat(repeats, 0),
            colors_hat.repeat(repeats, 0),
            seeds,
            self._alignment(row.codec_id),
            similarity,
        )

    def _sample(
        self, row: Row, request: DecodeRequest, on_step: ProgressCallback | None
    ) -> list[Pixels]:
        """A request for rows like `row` → its images, colors projected, upscaled."""
        images = self._decoder.sample(
            request, frame=self.frame(row), sampling=self.sampling, on_step=on_step
        )
        codec = self._codecs[row.codec_id]
        if self.sampling.project_colors and codec.map_side and not request.paths:
            error = codec.maps.quantization_error
            images = [
                project_colors(pixels, color_map, error)
                for pixels, color_map in zip(images, request.colors_hat, strict=True)
            ]
        return [self._decoder.upscale(pixels) for pixels in images]

    def _best(self, images: list[Pixels], seeds: list[int], reference: Reference) -> Reconstruction:
        encoder = self._encoder()
        vectors = encoder.encode_images([encoder.preprocess(pixels) for pixels in images])
        similarities = cosine(vectors - self.center, (reference.vector - self.center)[None])
        side = len(reference.color_map)
        colors = np.zeros(len(images))
        if side:
            colors[:] = [color_score(to_square(px, side), reference.color_map) for px in images]
        best = int(np.argmax(similarities - COLOR_WEIGHT * colors))
        scores = {
            "clip_similarity": round(float(similarities[best]), 4),
            "color_score": round(float(colors[best]), 5),
        }
        return Reconstruction(images[best], seeds[best], scores)

    @property
    def center(self) -> Vectors:
        """The decoder's mean embedding, (D,), or 0."""
        stats = self._decoder.embedding_stats
        return stats[0] if stats else np.zeros(1, np.float32)

    def _alignment(self, codec_id: int) -> float:
        if codec_id not in self._alignments:
            codec = self._codecs[codec_id]
            stats = self._decoder.embedding_stats
            self._alignments[codec_id] = (
                codec.alignment_in(*stats) if stats else codec.alignment or 1.0
            )
        return self._alignments[codec_id]


def seed_of(digest: bytes) -> int:
    """SHA-256 of the original → 0 … 2⁶³ − 1."""
    return int.from_bytes(digest[:8]) >> 1


def map_score(image: Pixels, reference: Pixels) -> float:
    """CoCliCo's color score of two images of any size: of their maps of SCORE_SIDE."""
    maps = to_square(image, SCORE_SIDE), to_square(reference, SCORE_SIDE)
    return round(color_score(*maps), 5)
