"""Vectors shaped like embeddings, and an empty set of color maps."""

from __future__ import annotations

import numpy as np

from archive.arrays import Vectors

NO_MAPS = np.zeros((0, 0, 0, 3), np.uint8)
CLUSTERS = 30


def embeddings(count: int, *, seed: int, dimension: int = 48) -> Vectors:
    """(count, dimension): a mean, clusters, and a decaying spectrum, the same for all seeds."""
    shape = np.random.default_rng(0)
    rng = np.random.default_rng(seed)
    spectrum = np.arange(1, dimension + 1) ** -0.7
    centers = shape.normal(size=(CLUSTERS, dimension)) * spectrum
    mean = shape.normal(size=dimension)
    noise = 0.7 * rng.normal(size=(count, dimension)) * spectrum
    vectors = mean + centers[rng.integers(CLUSTERS, size=count)] + noise
    return np.asarray(vectors, np.float32)
