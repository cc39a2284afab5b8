"""Fitting a dictionary: the shape for a rate, the weights of its atoms."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from archive.codecs.coders.sparse_fit import Shape, fit_rate, learn_atoms, shape_for

PAGE = Path(__file__).resolve().parents[2] / "docs" / "smic.md"
BOLD_SHAPE = re.compile(r"^" + r"\| \*\*(\d+)\*\* " * 4, re.MULTILINE)


def test_the_shapes_are_the_bold_rows_of_the_page() -> None:
    rows = [tuple(map(int, row)) for row in BOLD_SHAPE.findall(PAGE.read_text())]
    assert len(rows) == 6
    for *shape, bits in rows:
        if bits == 16:  # as the page says
            shape[0] = 256
        assert shape_for(bits) == Shape(*shape)


@pytest.mark.parametrize(
    ("bits", "like"), [(5, 6), (7.9, 6), (15, 8), (23.9, 16), (31, 24), (47, 32), (55, 48)]
)
def test_the_shape_is_that_of_the_highest_rate_within_the_bits(bits: float, like: int) -> None:
    assert shape_for(bits) == shape_for(like)


def test_an_atom_weighs_as_much_as_its_odds() -> None:
    """Eight orthogonal atoms: one in 19 of 20 rows, and one of the others in each."""
    rng = np.random.default_rng(0)
    rows = np.zeros((2000, 8), np.float32)
    rows[:, 0] = 3 * (np.arange(2000) % 20 > 0)
    rows[np.arange(2000), rng.integers(1, 8, 2000)] = 2
    learned = replace(
        learn_atoms(rows, Shape(8, 2, 1)),
        mean=np.zeros(8, np.float32),
        unit=np.array(1 / 31),
        atoms=np.eye(8, dtype=np.int8) * 31,
    )
    weights = fit_rate(learned, rows, 20, 4).weights.astype(float)
    assert weights[0] / weights[1:] == pytest.approx((0.95 / 0.05) / (1 / 6), rel=0.3)
