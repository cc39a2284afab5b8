"""Symbols cost no more than what else could have been chosen."""

from __future__ import annotations

import numpy as np
import pytest

from archive.arrays import Vectors
from archive.codecs.coders.rdoq import LAMBDA, Classes, choose_symbols, choose_symbols_for_bytes

STEP = 0.5
WIDTH = 9
MIDDLE = WIDTH // 2
CENTROIDS = np.tile((np.arange(WIDTH, dtype=np.float32) - MIDDLE) * np.float32(STEP), (2, 1))


@pytest.fixture
def z(rng: np.random.Generator) -> Vectors:
    """(200, 12), up to where levels end and beyond."""
    return rng.normal(0, 1.5, (200, 12)).astype(np.float32)


@pytest.fixture
def classes(rng: np.random.Generator) -> Classes:
    return rng.integers(0, 2, (200, 12), dtype=np.uint8)


def test_without_costs_the_nearest_level_is_chosen(z: Vectors, classes: Classes) -> None:
    symbols = choose_symbols(z, classes, CENTROIDS, np.zeros_like(CENTROIDS), STEP)
    nearest = np.clip(np.rint(z / STEP), -MIDDLE, MIDDLE) + MIDDLE
    assert np.array_equal(symbols, nearest)


def test_where_smaller_levels_cost_less_none_of_all_levels_is_better(
    z: Vectors, classes: Classes
) -> None:
    magnitudes = np.abs(np.arange(WIDTH, dtype=np.float32) - MIDDLE)
    bits = np.stack([1 + magnitudes, 2 * magnitudes])
    symbols = choose_symbols(z, classes, CENTROIDS, bits, STEP)
    costs = np.square(z[..., None] - CENTROIDS[0]) + LAMBDA * STEP**2 * bits[classes]
    chosen = np.take_along_axis(costs, symbols[..., None], axis=2)[..., 0]
    assert chosen == pytest.approx(costs.min(axis=2), abs=1e-5)
    assert len(np.unique(symbols)) == WIDTH


def test_whole_bytes_are_filled_or_saved(z: Vectors, classes: Classes) -> None:
    bits = np.tile(1 + np.abs(np.arange(WIDTH, dtype=np.float32) - MIDDLE), (2, 1))
    before = np.full(len(z), 3.5, np.float32)

    def costs(symbols: np.ndarray) -> np.ndarray:
        stored = 8 * np.ceil((before + bits[classes, symbols].sum(axis=1)) / 8)
        error = np.square(z - CENTROIDS[classes, symbols]).sum(axis=1)
        return np.asarray(error + LAMBDA * STEP**2 * stored)

    plain = choose_symbols(z, classes, CENTROIDS, bits, STEP)
    chosen = choose_symbols_for_bytes(z, classes, CENTROIDS, bits, STEP, bits_before=before)
    assert (costs(chosen) <= costs(plain) + 1e-5).all()
    assert (costs(chosen) < costs(plain) - 1e-3).mean() > 0.2
