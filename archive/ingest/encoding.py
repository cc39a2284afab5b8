"""Pictures → rows. The encoder is opened for the first picture: a run that finds nothing new loads
no model."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from archive.arrays import Pixels
from archive.codecs import Codec
from archive.imaging.decode import Picture
from archive.imaging.resize import to_square
from archive.ingest.inputs import Input
from archive.models.encoder import Encoder
from archive.records import FileStamp, NewImage, Place

NO_PIXELS: Pixels = np.zeros((0, 0, 3), np.uint8)


@dataclass(frozen=True)
class Hashed:
    """An input whose digest is known."""

    input: Input
    digest: bytes
    stamp: FileStamp  # of what was hashed

    @property
    def path(self) -> str:
        """What outcomes call it."""
        return self.input.path

    @property
    def place(self) -> Place:
        """Its place, with the stamp of what was hashed."""
        return replace(self.input.place, stamp=self.stamp)


@dataclass(frozen=True)
class Prepared:
    """A picture as small as its row needs it; the batch of a run may hold hundreds."""

    source: Hashed
    picture: Picture  # without pixels
    image: Pixels  # (S, S, 3) uint8, for the encoder
    color_map: Pixels  # (n, n, 3) uint8


class RowEncoder:
    """Pictures → rows."""

    def __init__(self, open_encoder: Callable[[], Encoder]) -> None:
        self._open_encoder = open_encoder
        self._lock = threading.Lock()
        self.loading_seconds = 0.0  # spent in `open_encoder`

    def prepare(self, source: Hashed, picture: Picture, map_side: int) -> Prepared:
        """What is done for each picture alone, in any thread."""
        image = self._opened().preprocess(picture.pixels)
        color_map = to_square(picture.pixels, max(map_side, 1))
        return Prepared(source, replace(picture, pixels=NO_PIXELS), image, color_map)

    def encode(self, prepared: Sequence[Prepared], codec: Codec) -> list[NewImage]:
        """N pictures → N rows of one codec."""
        if not prepared:
            return []
        vectors = self._opened().encode_images([picture.image for picture in prepared])
        color_maps = np.stack([picture.color_map for picture in prepared])
        clip_codes, color_codes = codec.encode(vectors, color_maps)
        codes = zip(prepared, clip_codes, color_codes, strict=True)
        return [_row(part.source, part.picture, clip, color) for part, clip, color in codes]

    def _opened(self) -> Encoder:
        with self._lock:
            started = time.monotonic()
            encoder = self._open_encoder()
            self.loading_seconds += time.monotonic() - started
        return encoder


def _row(hashed: Hashed, picture: Picture, clip_code: bytes, color_code: bytes) -> NewImage:
    return NewImage(
        sha256=hashed.digest,
        clip_code=clip_code,
        color_code=color_code,
        width=picture.width,
        height=picture.height,
        format=picture.format,
        flags=picture.flags,
        taken_at=picture.taken_at,
        place=hashed.place,
        capture=picture.capture,
    )
