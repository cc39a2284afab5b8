"""Rows → pictures, with provenance.

    row ─codec─► vector_hat, colors_hat ─decoder─► frame ─► the original's aspect ratio ─► file

A frame is the decoder's native area in the aspect ratio nearest to the original's whose sides the decoder can draw.
The picture is then brought to exactly the original's ratio; decoders that draw very small frames are enlarged, so that
there is something to look at. The seed comes from the original's digest, so the same row gives the same picture.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from archive.codecs import Codec
from archive.images import enlarge
from archive.models.decoder import Decoder, Step
from archive.models.pairs import Sampling
from archive.provenance import Provenance, write_picture
from archive.records import RestorationRecord, Row
from archive.store import Store
from archive.store.intake import utc_now

LEAST_PIXELS = 256 * 256  # of a written picture
AREA_BAND = (0.7, 1.3)  # a frame's area, as a share of the decoder's native one


@dataclass(frozen=True)
class Restored:
    """A picture written."""

    id: int
    file: str
    seconds: float
    seed: int
    width: int
    height: int


@dataclass(frozen=True)
class Names:
    """What provenance calls the parts."""

    model: str
    decoder: str
    software: str


class Restore:
    """One run over some rows."""

    def __init__(
        self, store: Store, codecs: Mapping[int, Codec], decoder: Decoder, names: Names, sampling: Sampling
    ) -> None:
        self._store, self._codecs, self._decoder, self._names, self._sampling = store, codecs, decoder, names, sampling

    def run(
        self,
        rows: Sequence[Row],
        out: Path,
        *,
        suffix: str = ".jpg",
        seed: int | None = None,
        on_step: Step | None = None,
    ) -> Iterator[Restored]:
        """Rows → files in `out`, one by one."""
        out.mkdir(parents=True, exist_ok=True)
        for row in rows:
            started = time.monotonic()
            chosen = seed_of(row.sha256) if seed is None else seed
            path = out / (file_stem(row) + suffix)
            size = self._write(row, path, chosen, on_step)
            yield Restored(row.id, str(path), round(time.monotonic() - started, 3), chosen, *size)

    def _write(self, row: Row, path: Path, seed: int, on_step: Step | None) -> tuple[int, int]:
        codec, decoder = self._codecs[row.codec_id], self._decoder
        frame = frame_size(row.width / row.height, decoder.native_pixels, decoder.multiple)
        pixels = decoder.draw(
            *(one[0] for one in codec.decode([row.clip_code], [row.color_code])),
            frame=frame,
            seed=seed,
            sampling=self._sampling,
            on_step=on_step,
        )
        size = picture_size(row.width, row.height, max(frame[0] * frame[1], LEAST_PIXELS))
        write_picture(path, enlarge(pixels, *size), self._provenance(row, codec, seed))
        self._store.add_restoration(
            RestorationRecord(
                image_id=row.id,
                decoder=self._names.decoder,
                decoder_sha256=decoder.weights_sha256,
                parameters=asdict(self._sampling),
                seed=seed,
                path=str(path.absolute()),
                created_at=utc_now(),
            )
        )
        return size

    def _provenance(self, row: Row, codec: Codec, seed: int) -> Provenance:
        return Provenance(
            row_id=row.id,
            original_sha256=row.sha256.hex(),
            bits=8 * (len(row.clip_code) + len(row.color_code)),
            codec=codec.name,
            model=self._names.model,
            decoder=self._names.decoder,
            decoder_sha256=self._decoder.weights_sha256,
            seed=seed,
            parameters=asdict(self._sampling),
            software=self._names.software,
        )


def seed_of(digest: bytes) -> int:
    """SHA-256 of the original → 0 … 2⁶³ − 1."""
    return int.from_bytes(digest[:8]) >> 1


def frame_size(aspect: float, pixels: int, multiple: int) -> tuple[int, int]:
    """Aspect ratio (width / height) → (width, height) a decoder can draw.

    Of all sides divisible by `multiple` whose area lies within AREA_BAND of `pixels`, the pair nearest in aspect ratio,
    then in area. Ratios beyond 4 : 1 are drawn as 4 : 1.
    """
    aspect = min(max(aspect, 0.25), 4.0)
    longest = int(2 * math.sqrt(pixels * AREA_BAND[1])) // multiple
    sides = range(1, longest + 1)
    low, high = (pixels * share / multiple**2 for share in AREA_BAND)
    fits = [(width, height) for width in sides for height in sides if low <= width * height <= high]

    def distance(size: tuple[int, int]) -> tuple[float, float]:
        width, height = size
        return abs(math.log(width / height / aspect)), abs(math.log(width * height * multiple**2 / pixels))

    width, height = min(fits, key=distance)
    return width * multiple, height * multiple


def picture_size(width: int, height: int, pixels: int) -> tuple[int, int]:
    """The original's (width, height) scaled to about `pixels`, its aspect ratio kept, never larger than it was."""
    scale = min(1.0, math.sqrt(pixels / (width * height)))
    return max(1, round(width * scale)), max(1, round(height * scale))


def file_stem(row: Row) -> str:
    """`000012-holiday.restored`: the row's id, the original's name if it is known, and what the file is."""
    name = os.fsencode(Path(row.path).stem).decode("utf-8", "replace").replace("/", "_")
    return f"{row.id:06d}-{name}.restored" if name else f"{row.id:06d}.restored"
