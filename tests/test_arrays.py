"""Unit vectors and cosines, zero vectors included."""

from __future__ import annotations

import numpy as np
import pytest

from archive.arrays import cosine, unit

VECTORS = np.array([[3, 4], [0, 0], [-1, 1]], np.float32)


def test_unit_vectors_have_length_one_and_zero_stays_zero() -> None:
    assert np.linalg.norm(unit(VECTORS), axis=1) == pytest.approx([1, 0, 1])
    assert unit(VECTORS).dtype == np.float32
    assert unit(VECTORS[0]) == pytest.approx([0.6, 0.8])


def test_cosines_are_row_by_row_or_against_a_single_vector() -> None:
    assert cosine(VECTORS, VECTORS) == pytest.approx([1, 0, 1])
    assert cosine(VECTORS, -2 * VECTORS[:1]) == pytest.approx([-1, 0, -0.2 / 2**0.5])
