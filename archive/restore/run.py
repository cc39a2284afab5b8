"""Rows → image files with provenance, or images in memory.

    row ─reconstructor─► frame ─► the original's aspect ratio ─► file, and a restoration record

Small frames are enlarged to MIN_PIXELS, so that there is something to look at. An interrupted run
resumes: what was already restored from the same codes in the same way is not sampled again.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from archive.arrays import Pixels
from archive.codecs import Codec
from archive.errors import ArchiveReadOnly
from archive.imaging.pillow import open_rgb, to_pillow
from archive.imaging.provenance import Provenance, write_picture
from archive.imaging.resize import resize
from archive.models.decoder import Decoder, ProgressCallback
from archive.models.pairs import Pair
from archive.records import RestorationRecord, Row
from archive.restore.frames import scaled_size
from archive.restore.reconstruct import Reconstruction, Reconstructor
from archive.store import Store
from archive.store.clock import utc_now

if TYPE_CHECKING:
    from PIL import Image

MIN_PIXELS = 256 * 256  # of a restored image, unless the original was smaller


@dataclass(frozen=True)
class Restored:
    """A restored image: its file, or its pixels where it was restored to memory."""

    id: int
    file: str | None
    seconds: float
    seed: int
    width: int
    height: int
    scores: Mapping[str, float] = field(default_factory=dict)
    again: bool = False  # the file already existed
    pixels: Pixels | None = field(default=None, repr=False, compare=False)

    @property
    def image(self) -> Image.Image:
        """The restored image, RGB."""
        if self.pixels is not None:
            return to_pillow(self.pixels)
        return open_rgb(Path(str(self.file)))


@dataclass(frozen=True)
class Labels:
    """What provenance calls the model pair, the decoder and this program."""

    model: str
    decoder: str
    software: str

    @classmethod
    def of(cls, pair: Pair) -> Labels:
        """Names without folders of this machine."""
        return cls(pair.public_name, pair.decoder_name, f"coldframe {version('coldframe')}")


@dataclass(frozen=True)
class _Job:
    row: Row
    seed: int
    path: Path | None


class Restore:
    """One run over some rows."""

    def __init__(
        self,
        store: Store,
        codecs: Mapping[int, Codec],
        reconstructor: Reconstructor,
        decoder: Decoder,
        labels: Labels,
    ) -> None:
        self._store = store
        self._codecs = codecs
        self._reconstructor = reconstructor
        self._decoder = decoder
        self._labels = labels

    def run(
        self,
        rows: Sequence[Row],
        out: Path | None,
        *,
        suffix: str = ".jpg",
        seed: int | None = None,
        on_step: ProgressCallback | None = None,
    ) -> Iterator[Restored]:
        """Rows → files in `out`, or images in memory; `seed` replaces the rows' own."""
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
        jobs = []
        for row in rows:
            path = None if out is None else out / (file_stem(row) + suffix)
            job = _Job(row, self._reconstructor.seed(row) if seed is None else seed, path)
            existing = self._existing(job)
            if existing is None:
                jobs.append(job)
            else:
                yield existing
        for batch in self._reconstructor.batches(jobs, lambda job: job.row):
            yield from self._restored(batch, on_step)

    def _restored(
        self, batch: Sequence[_Job], on_step: ProgressCallback | None
    ) -> Iterator[Restored]:
        started = time.monotonic()
        reconstructions = self._reconstructor.reconstruct(
            [job.row for job in batch], [job.seed for job in batch], on_step
        )
        finished = [
            (job, reconstruction, self._finish(job, reconstruction))
            for job, reconstruction in zip(batch, reconstructions, strict=True)
        ]
        seconds = round((time.monotonic() - started) / len(batch), 3)
        for job, reconstruction, pixels in finished:
            height, width, _ = pixels.shape
            yield Restored(
                id=job.row.id,
                file=None if job.path is None else str(job.path),
                seconds=seconds,
                seed=reconstruction.seed,
                width=width,
                height=height,
                scores=reconstruction.scores,
                pixels=pixels if job.path is None else None,
            )

    def _existing(self, job: _Job) -> Restored | None:
        if job.path is None or not job.path.is_file():
            return None
        record = self._store.restorations.latest(job.row.id, str(job.path.absolute()))
        expected = (self._decoder.weights_sha256, self._reconstructor.parameters(job.row, job.seed))
        if record is None or (record.decoder_sha256, dict(record.parameters)) != expected:
            return None
        size = self._size(job.row)
        return Restored(
            job.row.id, str(job.path), 0.0, record.seed, *size, record.scores or {}, again=True
        )

    def _size(self, row: Row) -> tuple[int, int]:
        width, height = self._reconstructor.frame(row)
        return scaled_size(row.width, row.height, max(width * height, MIN_PIXELS))

    def _finish(self, job: _Job, reconstruction: Reconstruction) -> Pixels:
        """Resizes, and for a file writes and records it → (H, W, 3) uint8."""
        pixels = resize(reconstruction.pixels, *self._size(job.row))
        if job.path is None:
            return pixels
        write_picture(job.path, pixels, self._provenance(job.row, reconstruction.seed))
        record = RestorationRecord(
            image_id=job.row.id,
            decoder=self._labels.decoder,
            decoder_sha256=self._decoder.weights_sha256,
            parameters=self._reconstructor.parameters(job.row, job.seed),
            seed=reconstruction.seed,
            path=str(job.path.absolute()),
            created_at=utc_now(),
            scores=dict(reconstruction.scores) or None,
        )
        with contextlib.suppress(ArchiveReadOnly):  # nothing can be recorded there
            self._store.restorations.add(record)
        return pixels

    def _provenance(self, row: Row, seed: int) -> Provenance:
        return Provenance(
            row_id=row.id,
            original_sha256=row.sha256.hex(),
            bits=row.bits,
            codec=self._codecs[row.codec_id].name,
            model=self._labels.model,
            decoder=self._labels.decoder,
            decoder_sha256=self._decoder.weights_sha256,
            seed=seed,
            parameters=asdict(self._reconstructor.sampling),
            software=self._labels.software,
        )


def file_stem(row: Row) -> str:
    """`000012-holiday.restored`: the row's id, the original's name if it is known, and what the
    file is.
    """
    name = os.fsencode(Path(row.path).stem).decode("utf-8", "replace").replace("/", "_")
    return f"{row.id:06d}-{name}.restored" if name else f"{row.id:06d}.restored"
