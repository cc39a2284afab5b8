"""A tiny decoder and an embedding for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from archive.models.decoders.open import open_decoder
from archive.models.decoders.sampler import LatentDecoder
from archive.models.pairs import find_pair
from tests.support.pairs import DIMENSION


@pytest.fixture(scope="package")
def tiny_decoder(tiny_pair: Path) -> LatentDecoder:
    """Stable unCLIP with tiny random weights."""
    return open_decoder(find_pair(str(tiny_pair)), dimension=DIMENSION)


@pytest.fixture
def vector(rng: np.random.Generator) -> np.ndarray:
    """A random embedding, (D,) float32."""
    return rng.normal(size=DIMENSION).astype(np.float32)
