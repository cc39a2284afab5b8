"""Rows → image files with provenance, or images in memory.

    row ─reconstructor─► frame ─► the original's aspect ratio ─► file, and a restoration record

Small frames are enlarged to MIN_PIXELS, so that there is something to look at; sides are no longer
than the file's format holds. An interrupted run resumes: what was already restored from the same
codes in the same way is not sampled again. A row whose codes are damaged, or whose file cannot be
written, has an outcome like all others, with the error.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from archive.arrays import Pixels
from archive.codecs import Codec
from archive.decode_row import decode_row
from archive.errors import ArchiveReadOnly, BadCode, ColdframeError
from archive.imaging.files import make_folder
from archive.imaging.pillow import open_rgb, to_pillow
from archive.imaging.provenance import Provenance, longest_side, write_picture
from archive.imaging.resize import resize
from archive.models.decoder import Decoder, ProgressCallback
from archive.models.pairs import Pair
from archive.records import RestorationRecord, Row
from archive.restore.file_names import file_name
from archive.restore.frames import scaled_size
from archive.restore.reconstruct import Reconstruction, Reconstructor
from archive.store import Store
from archive.store.clock import utc_now

if TYPE_CHECKING:
    from PIL import Image

MIN_PIXELS = 256 * 256  # of a restored image, unless the original was smaller


@dataclass(frozen=True)
class Restored:
    """A restored image: its file, or its pixels where it was restored to memory; or an error."""

    id: int
    file: str | None
    seconds: float
    seed: int
    width: int
    height: int
    scores: Mapping[str, float] = field(default_factory=dict)
    again: bool = False  # the file already existed
    error: str = ""  # why there is neither file nor pixels
    pixels: Pixels | None = field(default=None, repr=False, compare=False)

    @property
    def image(self) -> Image.Image:
        """The restored image, RGB. Raises ColdframeError if there is none."""
        if self.error:
            raise ColdframeError(f"image {self.id} was not restored: {self.error}")
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
        """Rows → files in `out`, or images in memory; `seed` replaces the rows' own.

        Raises UsageError for a folder that cannot be made, DiskFull.
        """
        if out is not None:
            make_folder(out)
        jobs = []
        for row in rows:
            if problem := self._problem(row):
                yield _failed(row, problem)
                continue
            path = None if out is None else out / file_name(row.id, row.path, suffix)
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
            self._finish(job, reconstruction)
            for job, reconstruction in zip(batch, reconstructions, strict=True)
        ]
        seconds = round((time.monotonic() - started) / len(batch), 3)
        for restored in finished:
            yield replace(restored, seconds=seconds)

    def _problem(self, row: Row) -> str:
        """Why a row cannot be restored; '' if it can."""
        try:
            decode_row(row, self._codecs)
        except BadCode as error:
            return str(error)
        return ""

    def _existing(self, job: _Job) -> Restored | None:
        if job.path is None or not job.path.is_file():
            return None
        record = self._store.restorations.latest(job.row.id, str(job.path.absolute()))
        expected = (self._decoder.weights_sha256, self._reconstructor.parameters(job.row, job.seed))
        if record is None or (record.decoder_sha256, dict(record.parameters)) != expected:
            return None
        size = self._size(job)
        return Restored(
            job.row.id, str(job.path), 0.0, record.seed, *size, record.scores or {}, again=True
        )

    def _size(self, job: _Job) -> tuple[int, int]:
        row = job.row
        width, height = self._reconstructor.frame(row)
        longest = math.inf if job.path is None else longest_side(job.path)
        area = max(width * height, MIN_PIXELS)
        return scaled_size(row.width, row.height, area, longest=longest)

    def _finish(self, job: _Job, reconstruction: Reconstruction) -> Restored:
        """Resizes, and for a file writes and records it."""
        width, height = self._size(job)
        pixels = resize(reconstruction.pixels, width, height)
        seed = reconstruction.seed
        restored = Restored(job.row.id, None, 0.0, seed, width, height, reconstruction.scores)
        if job.path is None:
            return replace(restored, pixels=pixels)
        try:
            write_picture(job.path, pixels, self._provenance(job.row, seed))
        except OSError as error:
            return _failed(job.row, f"{job.path} cannot be written: {error.strerror or error}")
        self._record(job, job.path, reconstruction)
        return replace(restored, file=str(job.path))

    def _record(self, job: _Job, path: Path, reconstruction: Reconstruction) -> None:
        record = RestorationRecord(
            image_id=job.row.id,
            decoder=self._labels.decoder,
            decoder_sha256=self._decoder.weights_sha256,
            parameters=self._reconstructor.parameters(job.row, job.seed),
            seed=reconstruction.seed,
            path=str(path.absolute()),
            created_at=utc_now(),
            scores=dict(reconstruction.scores) or None,
        )
        with contextlib.suppress(ArchiveReadOnly):  # nothing can be recorded there
            self._store.restorations.add(record)

    def _provenance(self, row: Row, seed: int) -> Provenance:
        return Provenance(
            row_id=row.id,
            original_sha256=row.sha256.hex(),
            bits=self._reconstructor.bits(row),
            codec=self._codecs[row.codec_id].name,
            model=self._labels.model,
            decoder=self._labels.decoder,
            decoder_sha256=self._decoder.weights_sha256,
            seed=seed,
            parameters=asdict(self._reconstructor.sampling),
            software=self._labels.software,
        )


def _failed(row: Row, error: str) -> Restored:
    return Restored(row.id, None, 0.0, 0, 0, 0, error=error)
