"""Rows → picture files, with provenance.

    row ─reconstructor─► frame ─► the original's aspect ratio ─► file, and a row that remembers it

A picture is brought to exactly the original's ratio; decoders that draw very small frames have theirs enlarged, so that
there is something to look at. Stopped and started again, a run goes on with the rows that are left.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from archive.codecs import Codec
from archive.imaging.provenance import Provenance, write_picture
from archive.imaging.resize import resize
from archive.models.decoder import Decoder, ProgressCallback
from archive.records import RestorationRecord, Row
from archive.restore.reconstruct import Reconstruction, Reconstructor
from archive.store import Store
from archive.store.clock import utc_now

LEAST_PIXELS = 256 * 256  # of a written picture


@dataclass(frozen=True)
class Restored:
    """A picture that lies in a file now; `again`: it lay there already."""

    id: int
    file: str
    seconds: float
    seed: int
    width: int
    height: int
    scores: Mapping[str, float] = field(default_factory=dict)
    again: bool = False


@dataclass(frozen=True)
class Names:
    """What provenance calls the parts."""

    model: str
    decoder: str
    software: str


@dataclass(frozen=True)
class _Job:
    row: Row
    seed: int
    path: Path


class Restore:
    """One run over some rows."""

    def __init__(
        self,
        store: Store,
        codecs: Mapping[int, Codec],
        reconstructor: Reconstructor,
        decoder: Decoder,
        names: Names,
    ) -> None:
        self._store = store
        self._codecs = codecs
        self._reconstructor = reconstructor
        self._decoder = decoder
        self._names = names

    def run(
        self,
        rows: Sequence[Row],
        out: Path,
        *,
        suffix: str = ".jpg",
        seed: int | None = None,
        on_step: ProgressCallback | None = None,
    ) -> Iterator[Restored]:
        """Rows → files in `out`. What was drawn from the same row in the same way and lies there is not drawn again."""
        out.mkdir(parents=True, exist_ok=True)
        left = []
        for row in rows:
            job = _Job(
                row,
                self._reconstructor.seed(row) if seed is None else seed,
                out / (file_stem(row) + suffix),
            )
            there = self._drawn_before(job)
            if there is None:
                left.append(job)
            else:
                yield there
        for batch in self._reconstructor.batches(left, lambda job: job.row):
            started = time.monotonic()
            reconstructions = self._reconstructor.reconstruct(
                [job.row for job in batch], [job.seed for job in batch], on_step
            )
            sizes = [self._write(job, one) for job, one in zip(batch, reconstructions, strict=True)]
            seconds = round((time.monotonic() - started) / len(batch), 3)
            for job, one, size in zip(batch, reconstructions, sizes, strict=True):
                yield Restored(
                    job.row.id, str(job.path), seconds, one.seed, *size, scores=one.scores
                )

    def _drawn_before(self, job: _Job) -> Restored | None:
        known = (
            self._store.restorations.latest(job.row.id, str(job.path.absolute()))
            if job.path.is_file()
            else None
        )
        wanted = (self._decoder.weights_sha256, self._reconstructor.parameters(job.row, job.seed))
        if known is None or (known.decoder_sha256, dict(known.parameters)) != wanted:
            return None
        return Restored(
            job.row.id,
            str(job.path),
            0.0,
            known.seed,
            *self._size(job.row),
            known.scores or {},
            True,
        )

    def _size(self, row: Row) -> tuple[int, int]:
        width, height = self._reconstructor.frame(row)
        return picture_size(row.width, row.height, max(width * height, LEAST_PIXELS))

    def _write(self, job: _Job, reconstructions: Reconstruction) -> tuple[int, int]:
        size = self._size(job.row)
        write_picture(
            job.path,
            resize(self._decoder.upscale(reconstructions.pixels), *size),
            self._provenance(job.row, reconstructions.seed),
        )
        self._store.restorations.add(
            RestorationRecord(
                image_id=job.row.id,
                decoder=self._names.decoder,
                decoder_sha256=self._decoder.weights_sha256,
                parameters=self._reconstructor.parameters(job.row, job.seed),
                seed=reconstructions.seed,
                path=str(job.path.absolute()),
                created_at=utc_now(),
                scores=dict(reconstructions.scores) or None,
            )
        )
        return size

    def _provenance(self, row: Row, seed: int) -> Provenance:
        return Provenance(
            row_id=row.id,
            original_sha256=row.sha256.hex(),
            bits=row.bits,
            codec=self._codecs[row.codec_id].name,
            model=self._names.model,
            decoder=self._names.decoder,
            decoder_sha256=self._decoder.weights_sha256,
            seed=seed,
            parameters=asdict(self._reconstructor.sampling),
            software=self._names.software,
        )


def picture_size(width: int, height: int, pixels: int) -> tuple[int, int]:
    """The original's (width, height) scaled to about `pixels`, its aspect ratio kept, never larger than it was."""
    scale = min(1.0, math.sqrt(pixels / (width * height)))
    return max(1, round(width * scale)), max(1, round(height * scale))


def file_stem(row: Row) -> str:
    """`000012-holiday.restored`: the row's id, the original's name if it is known, and what the file is."""
    name = os.fsencode(Path(row.path).stem).decode("utf-8", "replace").replace("/", "_")
    return f"{row.id:06d}-{name}.restored" if name else f"{row.id:06d}.restored"
