"""The transform coder: rows that differ in energy have gains."""

from __future__ import annotations

import numpy as np
import pytest

from archive.arrays import Vectors
from archive.codecs.coders.transform import CLASSES_PER_OCTAVE, UNIT_CLASS, Transform, row_gains
from archive.codecs.coders.transform_fit import MAX_TABLE_ROWS, MIN_SPLIT, fit_transform

DIMENSION = 24


def scale_mixture(count: int, *, seed: int) -> Vectors:
    """(count, DIMENSION): a decaying spectrum; energies differ by up to three octaves."""
    rng = np.random.default_rng(seed)
    spectrum = np.arange(1, DIMENSION + 1) ** -0.5
    scales = 2.0 ** rng.uniform(-3, 0, (count, 1))
    return np.asarray(scales * rng.normal(size=(count, DIMENSION)) * spectrum, np.float32)


def rate_and_error(coder: Transform, rows: Vectors) -> tuple[float, float]:
    """Bits per row, and the mean squared error relative to the rows' energy."""
    messages = coder.encode(rows)
    error = np.square(coder.decode(messages) - rows).sum(axis=1) / np.square(rows).sum(axis=1)
    return 8 * float(np.mean([len(message) for message in messages])), float(error.mean())


@pytest.mark.parametrize("gains", [5, 13])
def test_rows_that_differ_in_energy_are_coded_better_with_gains(gains: int) -> None:
    sample = scale_mixture(1200, seed=1)
    fresh = scale_mixture(400, seed=2)
    bits, error = rate_and_error(fit_transform(sample, 64, gains=gains), fresh)
    plain_bits, plain_error = rate_and_error(fit_transform(sample, 64), fresh)
    assert bits == pytest.approx(64, rel=0.05)
    assert plain_bits == pytest.approx(64, rel=0.05)
    assert error < 0.94 * plain_error


def test_a_gain_is_a_third_of_an_octave_of_energy_and_the_middle_is_usual() -> None:
    classes = np.arange(UNIT_CLASS, UNIT_CLASS + 6, dtype=np.uint8)
    usual = 2.0 ** ((classes - UNIT_CLASS) / CLASSES_PER_OCTAVE)
    scales = 2.0 ** (np.arange(-4, 5) / CLASSES_PER_OCTAVE)
    rows = np.asarray(scales[:, None] * usual, np.float32)
    assert row_gains(rows, classes, 7).tolist() == [0, 0, 1, 2, 3, 4, 5, 6, 6]
    assert row_gains(rows, classes, 1).tolist() == [0] * 9


def test_a_sample_of_more_rows_than_its_tables_take_is_fitted_too() -> None:
    sample = scale_mixture(MAX_TABLE_ROWS + MIN_SPLIT, seed=1)
    bits, error = rate_and_error(fit_transform(sample, 64, gains=5), scale_mixture(400, seed=2))
    assert bits == pytest.approx(64, rel=0.05)
    assert error < 0.1


@pytest.mark.parametrize("bits", [16, 64, 128])
def test_the_error_is_that_of_reverse_water_filling(bits: int) -> None:
    spectrum = np.arange(1, DIMENSION + 1) ** -0.5
    rows = np.random.default_rng(1).normal(size=(3000, DIMENSION)) * spectrum
    coder = fit_transform(rows[:2000].astype(np.float32), bits)
    fresh = rows[2000:].astype(np.float32)
    error = np.square(coder.decode(coder.encode(fresh)) - fresh).mean()
    assert coder.error == pytest.approx(float(error), rel=0.4)
