"""Direction first: books, then a trellis, and the norm in a few bits."""

from __future__ import annotations

import numpy as np
import pytest

from archive.arrays import Vectors, cosine, unit
from archive.codecs.coders.additive import Additive, equalize, norm_levels
from archive.codecs.coders.additive_fit import Plan, fit_additive
from archive.codecs.coders.books import BeamSearch
from archive.codecs.coders.books_fit import learn_books
from archive.errors import BadCode

DIMENSION = 24


def draw(count: int, *, seed: int) -> Vectors:
    """(count, DIMENSION): twenty clusters around a mean; norms differ by a factor of two."""
    shape = np.random.default_rng(0)
    rng = np.random.default_rng(seed)
    spectrum = np.arange(1, DIMENSION + 1) ** -0.6
    centers = shape.normal(size=(20, DIMENSION)) * spectrum
    noise = 0.5 * rng.normal(size=(count, DIMENSION)) * spectrum
    directions = unit(1 + centers[rng.integers(20, size=count)] + noise)
    return np.asarray(directions * rng.uniform(3, 6, (count, 1)), np.float32)


def bits_of(coder: Additive, rows: Vectors) -> Vectors:
    """(N,) bits of the messages."""
    return np.array([8 * len(message) for message in coder.encode(rows)], np.float32)


@pytest.fixture(scope="module")
def coder() -> Additive:
    return fit_additive(draw(4000, seed=1), 56)


def test_it_spends_the_bits_asked_for_whatever_the_norm(coder: Additive) -> None:
    rows = draw(1000, seed=2)
    bits = bits_of(coder, rows)
    assert bits.mean() == pytest.approx(56, rel=0.05)
    norms = np.linalg.norm(rows, axis=1)
    assert bits[norms < 4].mean() == pytest.approx(bits[norms > 5].mean(), rel=0.03)


def test_a_short_vector_comes_back_as_well_as_a_long_one(coder: Additive) -> None:
    rows = draw(1000, seed=2)
    short = coder.decode(coder.encode(rows / np.float32(2)))
    usual = coder.decode(coder.encode(rows))
    assert cosine(short, rows).mean() == pytest.approx(cosine(usual, rows).mean(), abs=0.001)


def test_norms_come_back_in_a_few_levels(coder: Additive) -> None:
    rows = draw(1000, seed=2)
    norms = np.linalg.norm(rows, axis=1)
    norms_hat = np.linalg.norm(coder.decode(coder.encode(rows)), axis=1)
    assert len(coder.norms) == 4
    assert np.abs(norms_hat / norms - 1).mean() < 0.12


def test_vectors_of_one_norm_spend_no_bit_on_it() -> None:
    rows = np.float32(10) * unit(draw(2500, seed=1))
    coder = fit_additive(rows, 24)
    assert len(coder.norms) == 1
    assert set(bits_of(coder, rows[:200])) == {24}
    assert np.linalg.norm(coder.decode(coder.encode(rows)), axis=1).mean() == pytest.approx(10, 0.1)


def test_zero_vectors_are_coded_too(coder: Additive) -> None:
    rows = np.zeros((2, DIMENSION), np.float32)
    assert np.isfinite(coder.decode(coder.encode(rows))).all()
    assert coder.decode([]).shape == (0, DIMENSION)
    assert coder.encode(rows[:0]) == []


@pytest.mark.parametrize(
    ("bits", "rows", "plan"),
    [
        (6, 5000, Plan(1, 64, False, 1)),
        (16, 5000, Plan(2, 256, False, 1)),
        (16, 64, Plan(3, 8, True, 1)),
        (60, 10_000, Plan(6, 256, True, 4)),
        (64, 10_000, Plan(7, 256, True, 4)),
        (120, 5000, Plan(4, 256, True, 8)),
        (512, 64, Plan(4, 8, True, 8)),
    ],
)
def test_a_code_is_made_up_by_bits_and_sample(bits: int, rows: int, plan: Plan) -> None:
    assert Plan.of(bits, (rows, 512), True) == plan


def test_vectors_of_one_norm_may_fill_a_code_with_books() -> None:
    assert Plan.of(64, (10_000, 512), False) == Plan(8, 256, False, 1)
    assert Plan.of(64, (10_000, 768), False) == Plan(5, 256, True, 1)  # of a mebibyte


def test_books_fit_other_rows_better_with_more_of_them() -> None:
    sample = unit(draw(3000, seed=1))
    fresh = unit(draw(500, seed=2))
    errors = []
    for count in (1, 2, 4):
        books = learn_books(sample, count, 64)
        decoded = books.reconstruct(books.quantize(fresh, 4))
        errors.append(float(np.square(decoded - fresh).sum(axis=1).mean()))
    assert errors[0] > 1.2 * errors[1] > 1.4 * errors[2]


def test_a_wider_beam_is_never_worse_on_average() -> None:
    rng = np.random.default_rng(0)
    books = rng.normal(size=(3, 16, 8)).astype(np.float32)
    rows = 2 * rng.normal(size=(200, 8)).astype(np.float32)

    def error(beam: int) -> float:
        indices = BeamSearch(books)(rows, beam)
        decoded = sum(book[indices[:, place]] for place, book in enumerate(books))
        return float(np.square(rows - decoded).sum())

    assert error(1) > error(4) > error(16)


def test_equal_lengths_change_no_direction_from_the_mean() -> None:
    rng = np.random.default_rng(0)
    mean = np.full(DIMENSION, 0.15, np.float32)
    directions = (mean + 0.1 * rng.normal(size=(50, DIMENSION))).astype(np.float32)
    equal = equalize(directions, mean, 0.9)
    assert np.linalg.norm(equal, axis=1) == pytest.approx(0.9, rel=1e-3)
    assert cosine(equal - mean, directions - mean) == pytest.approx(1, abs=1e-4)


def test_the_nearest_norm_is_taken() -> None:
    levels = np.array([1, 2, 4], np.float32)
    norms = np.array([0, 1.4, 1.6, 3.1, 9], np.float32)
    assert norm_levels(norms, levels).tolist() == [0, 0, 1, 2, 2]


def test_a_damaged_code_of_bytes_is_refused() -> None:
    coder = fit_additive(np.float32(10) * unit(draw(800, seed=1)), 6)
    with pytest.raises(BadCode):
        coder.decode([b"\xff"])
    with pytest.raises(BadCode):
        coder.decode([b""])
