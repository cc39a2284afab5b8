"""Least squares: what depends linearly on the signs comes back, and queries rank as decoded."""

from __future__ import annotations

import numpy as np
import pytest

from archive.arrays import Vectors
from archive.codecs.coders.linear_decoder import LinearDecoder

DIMENSION = 12


@pytest.fixture
def signs(rng: np.random.Generator) -> Vectors:
    return np.where(rng.random((400, DIMENSION)) < 0.3, -1, 1).astype(np.float32)


@pytest.fixture
def vectors(rng: np.random.Generator, signs: Vectors) -> Vectors:
    """A mean, and a linear function of the signs."""
    matrix = rng.normal(size=(DIMENSION, DIMENSION)) / DIMENSION**0.5
    return np.asarray(0.3 + signs @ matrix.T, np.float32)


def test_a_linear_function_of_the_signs_comes_back(signs: Vectors, vectors: Vectors) -> None:
    decoder = LinearDecoder.fit(vectors, signs)
    assert decoder.reconstruct(signs) == pytest.approx(vectors, abs=0.02)
    opened = LinearDecoder.open(decoder.arrays())
    assert np.array_equal(opened.reconstruct(signs), decoder.reconstruct(signs))


def test_a_query_has_the_dot_products_of_the_decoded(
    signs: Vectors, vectors: Vectors, rng: np.random.Generator
) -> None:
    decoder = LinearDecoder.fit(vectors, signs)
    queries = rng.normal(size=(5, DIMENSION)).astype(np.float32)
    products = queries @ (decoder.reconstruct(signs) - decoder.mean).T
    assert decoder.query(queries) @ signs.T == pytest.approx(products, abs=1e-4)
