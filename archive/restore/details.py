"""Details of rows: read for restoring, written from originals.

row + original ─decoder, reconstructor─► code, and how near the picture comes with all of it
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from archive.arrays import Pixels, cosine
from archive.detail.budget import Curve
from archive.detail.paths import MeasuringPath, ReadingPath, WritingPath
from archive.detail.schedule import DetailSchedule, fit_schedule
from archive.imaging.resize import resize
from archive.metrics import psnr
from archive.models.decoder import Decoder, NoisePath
from archive.models.encoder import Encoder
from archive.records import DetailScheduleRecord, Row
from archive.restore.reconstruct import SCORE_SIDE, Reconstructor
from archive.store import Store

GRID = 30  # thousandths of the noise schedule that a step of a schedule takes at least
GRADIENT_FROM = 700  # thousandths of the noise schedule, where estimates begin to be pictures
REMEMBERED = 4096  # details
LAST = 40  # thousandths of the noise schedule at which schedules end


class DetailReader:
    """The details of an archive that its decoder can read, each read once."""

    def __init__(self, store: Store, decoder_sha256: str, max_bytes: int | None = None) -> None:
        """`max_bytes`: what is used of each, all of it if None."""
        self._store = store
        self._decoder_sha256 = decoder_sha256
        self._max_bytes = max_bytes
        self._schedules: dict[int, DetailScheduleRecord] = {}
        self._paths: dict[tuple[int, int], ReadingPath | None] = {}  # the latest REMEMBERED

    def __call__(self, row: Row) -> ReadingPath | None:
        """A row's detail; None if it has none that can be read."""
        key = (row.id, row.detail_crc32)
        if key not in self._paths:
            if len(self._paths) == REMEMBERED:
                del self._paths[next(iter(self._paths))]
            self._paths[key] = self._read(row)
        return self._paths[key]

    def _read(self, row: Row) -> ReadingPath | None:
        detail = self._store.details.of([row.id]).get(row.id)
        if detail is None or detail.is_stale(row):
            return None
        if detail.schedule_id not in self._schedules:
            self._schedules = self._store.details.schedules()
        record = self._schedules.get(detail.schedule_id)
        if record is None or record.decoder_sha256 != self._decoder_sha256:
            return None
        path = ReadingPath(DetailSchedule.of(record.parameters), detail.code[: self._max_bytes])
        return path if path.timesteps else None


@dataclass(frozen=True)
class WrittenDetail:
    """A detail, and what its row and all of it give."""

    code: bytes
    psnr: float  # dB, in the decoder's frame
    similarity: float  # of the encoder's vectors of original and restoration, centered
    curve: Curve


class DetailWriter:
    """Details of rows whose originals are at hand."""

    def __init__(
        self,
        reconstructor: Reconstructor,
        hasty: Reconstructor,
        decoder: Decoder,
        encoder: Callable[[], Encoder],
    ) -> None:
        """Reconstructors of the archive; `hasty`: for paths whose images nobody looks at."""
        self.reconstructor = reconstructor
        self._hasty = hasty
        self._decoder = decoder
        self._encoder = encoder

    @property
    def decoder_sha256(self) -> str:
        """What its details can be read with."""
        return self._decoder.weights_sha256

    @property
    def image_size(self) -> int:
        """Pixels that it wants on an original's short side."""
        side = math.isqrt(self._decoder.native_pixels)
        return max(self._encoder().image_size, side, SCORE_SIDE)

    def fit_schedule(self, rows: Sequence[Row], originals: Sequence[Pixels]) -> DetailSchedule:
        """The schedule for this decoder and images like these."""
        count = self._decoder.timestep_count
        timesteps = [
            min(round(share * count / 1000), count - 1) for share in range(1000, LAST - 1, -GRID)
        ]
        gains = self._decoder.posterior_gains(timesteps)
        bits = []
        for image, (row, original) in enumerate(zip(rows, originals, strict=True)):
            [z0] = self._decoder.latents(self._framed([row], [original]))
            path = MeasuringPath(timesteps, gains, z0, image)
            self._hasty.reconstruct([row], [0], paths=[path])
            bits.append(path.bits)
        return fit_schedule(timesteps, np.mean(bits, axis=0))

    def write(
        self,
        schedule: DetailSchedule,
        rows: Sequence[Row],
        originals: Sequence[Pixels],
        max_bytes: int,
    ) -> list[WrittenDetail]:
        """One batch of rows → their details, of at most so many bytes. Raises BadCode."""
        framed = self._framed(rows, originals)
        paths = [
            WritingPath(schedule, z0, max_bytes, *self._gradient(image))
            for z0, image in zip(self._decoder.latents(framed), framed, strict=True)
        ]
        scores = self._scores(rows, originals, paths)
        return [
            WrittenDetail(path.code, *scores_of_one, path.curve)
            for path, scores_of_one in zip(paths, scores, strict=True)
        ]

    def _gradient(self, image: Pixels) -> tuple[Callable[[Any], Any] | None, int]:
        """What a path follows, and from which timestep on: only if the sampling runs the
        autoencoder backwards, too.
        """
        if not self.reconstructor.sampling.clip_guidance:
            return None, 0
        start = self._decoder.timestep_count * GRADIENT_FROM // 1000
        return lambda z_hat: self._decoder.pixel_gradient(z_hat, image), start

    def cut(
        self,
        schedule: DetailSchedule,
        row: Row,
        original: Pixels,
        whole: WrittenDetail,
        goal: float,
    ) -> WrittenDetail:
        """A prefix of whole steps that leads to `goal`, a PSNR in dB; all of it if none does.

        The first one that is tried is where the PSNR should be, if the picture comes nearer as the
        estimates did.
        """
        energy = whole.curve[-1][1]
        for length, remaining in whole.curve[1:-1]:
            if whole.psnr + 10 * math.log10(energy / remaining) >= goal:
                code = whole.code[:length]
                [scores] = self._scores([row], [original], [ReadingPath(schedule, code)])
                if scores[0] >= goal:
                    return WrittenDetail(code, *scores, whole.curve)
        return whole

    def _scores(
        self, rows: Sequence[Row], originals: Sequence[Pixels], paths: Sequence[NoisePath]
    ) -> list[tuple[float, float]]:
        """PSNR and similarity of what the paths lead to."""
        restored = self.reconstructor.reconstruct(rows, [0] * len(rows), paths=paths)
        images = [reconstruction.pixels for reconstruction in restored]
        framed = self._framed(rows, originals)
        in_frames = [resize(image, *_size(px)) for image, px in zip(images, framed, strict=True)]
        psnrs = [psnr(image, px) for image, px in zip(in_frames, framed, strict=True)]
        return list(zip(psnrs, self._similarities(images, originals), strict=True))

    def _framed(self, rows: Sequence[Row], originals: Sequence[Pixels]) -> list[Pixels]:
        return [
            resize(original, *self.reconstructor.frame(row))
            for row, original in zip(rows, originals, strict=True)
        ]

    def _similarities(self, images: Sequence[Pixels], originals: Sequence[Pixels]) -> list[float]:
        encoder = self._encoder()
        vectors = encoder.encode_images([encoder.preprocess(px) for px in [*images, *originals]])
        restored, original = np.split(vectors - self.reconstructor.center, 2)
        return [float(value) for value in cosine(restored, original)]


def _size(pixels: Pixels) -> tuple[int, int]:
    return pixels.shape[1], pixels.shape[0]
