"""Predictions of color maps: few parameters, and none that do not help."""

from __future__ import annotations

import numpy as np
import pytest

from archive.codecs.coders.map_prediction import RANK, fit_prediction

SAMPLES = 24


def related(count: int, dimension: int) -> tuple[np.ndarray, np.ndarray]:
    """Vectors (N, D) and gray levels (N, SAMPLES) that depend on them linearly, but for noise."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(count, dimension)).astype(np.float32)
    weights = rng.normal(size=(dimension, SAMPLES))
    samples = 128 + 20 * vectors @ weights / dimension**0.5 + rng.normal(size=(count, SAMPLES))
    return vectors, samples.astype(np.float32)


@pytest.mark.parametrize(("dimension", "rank"), [(5, 5), (20, RANK), (30, RANK)])
def test_a_prediction_has_few_directions_and_no_more_than_there_are(
    dimension: int, rank: int
) -> None:
    vectors, samples = related(500, dimension)
    prediction = fit_prediction(vectors, samples)
    assert prediction is not None
    assert prediction.down.shape == (dimension, rank)
    assert prediction.up.shape == (rank, SAMPLES)
    residual = samples - samples.mean(axis=0) - prediction(vectors)
    assert residual.var() < 0.2 * samples.var(axis=0).mean()


def test_there_is_no_prediction_from_vectors_that_tell_nothing() -> None:
    vectors, samples = related(500, 20)
    assert fit_prediction(vectors[::-1].copy(), samples) is None


def test_a_vector_far_out_of_the_sample_is_predicted_with_finite_numbers() -> None:
    vectors, samples = related(500, 20)
    prediction = fit_prediction(vectors, samples)
    assert prediction is not None
    assert np.isfinite(prediction(vectors * np.float32(1e30))).all()
