"""Scenes, and what the pocket pair knows of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from archive.arrays import Pixels, Vectors
from archive.detail.schedule import DetailSchedule
from archive.imaging.resize import to_square
from archive.models.decoder import DecodeRequest, NoisePath
from archive.models.decoders.open import open_decoder
from archive.models.decoders.sampler import LatentDecoder
from archive.models.encoder import OpenClipEncoder
from archive.models.pairs import PAIRS
from archive.models.sampling import Sampling
from training.scenes import draw_scene

SIDE = 128  # pixels, as the pocket pair was trained on
SCENES = 4
SAMPLING = Sampling(steps=8, guidance=3.0)
SCHEDULE = DetailSchedule(
    (999, 900, 800, 700, 600, 500, 400, 300, 200), (1, 4, 5, 7, 9, 9, 13, 14)
)  # 124 bytes


@dataclass(frozen=True)
class Scenes:
    """Pictures of SIDE × SIDE pixels, and what a row would have of them."""

    images: list[Pixels]
    vectors: Vectors
    maps: Pixels

    def draw(self, decoder: LatentDecoder, paths: list[NoisePath]) -> list[Pixels]:
        """The pictures at the ends of the paths, of the first scenes."""
        count = len(paths)
        request = DecodeRequest(self.vectors[:count], self.maps[:count], range(count), paths=paths)
        return decoder.sample(request, frame=(SIDE, SIDE), sampling=SAMPLING)


@pytest.fixture(scope="package")
def pocket() -> LatentDecoder:
    """The pocket pair's decoder."""
    return open_decoder(PAIRS["pocket"], dimension=512)


@pytest.fixture(scope="package")
def scenes() -> Scenes:
    """Four rendered scenes."""
    images = [draw_scene(seed, size=(SIDE, SIDE)).pixels for seed in range(SCENES)]
    encoder = OpenClipEncoder(PAIRS["pocket"])
    vectors = encoder.encode_images([encoder.preprocess(image) for image in images])
    return Scenes(images, vectors, np.stack([to_square(image, 8) for image in images]))
