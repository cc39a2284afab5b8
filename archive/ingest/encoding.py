"""Pictures → rows. The encoder is opened for the first picture: a run that finds nothing new loads
no model."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from archive.codecs import Codec
from archive.imaging.decode import Picture
from archive.imaging.resize import to_square
from archive.ingest.inputs import Input
from archive.models.encoder import Encoder
from archive.records import FileStamp, NewImage, Place


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


class RowEncoder:
    """Pictures → rows of one codec."""

    def __init__(self, open_encoder: Callable[[], Encoder]) -> None:
        self._open_encoder = open_encoder
        self.loading_seconds = 0.0  # spent in `open_encoder`

    def encode(
        self, pictures: Sequence[tuple[Hashed, Picture]], codec: Codec, pool: Executor
    ) -> list[NewImage]:
        """N pictures → N rows; what can be done for each alone is done in the pool."""
        if not pictures:
            return []
        encoder = self._opened()
        pixels = [picture.pixels for _, picture in pictures]
        vectors = encoder.encode_images(list(pool.map(encoder.preprocess, pixels)))
        side = max(codec.map_side, 1)
        color_maps = np.stack(list(pool.map(lambda image: to_square(image, side), pixels)))
        clip_codes, color_codes = codec.encode(vectors, color_maps)
        return [
            _row(hashed, picture, clip_code, color_code)
            for (hashed, picture), clip_code, color_code in zip(
                pictures, clip_codes, color_codes, strict=True
            )
        ]

    def _opened(self) -> Encoder:
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
    )
