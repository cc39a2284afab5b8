"""One budget for many details."""

from __future__ import annotations

import itertools

import numpy as np

from archive.detail.budget import Curve, share


def energy(curve: Curve, length: int) -> float:
    """What remains of a curve at one of its lengths."""
    return dict(curve)[length]


def test_shares_are_the_best_that_the_bytes_can_buy() -> None:
    rng = np.random.default_rng(0)
    lengths = [0, 2, 4, 6]
    # convex curves: any order of steepest segments is optimal
    curves: dict[int, Curve] = {
        image: list(zip(lengths, np.cumsum(np.sort(rng.random(4)))[::-1].tolist(), strict=True))
        for image in range(4)
    }
    for budget in (0, 2, 8, 14, 24):
        shares = share(curves, budget)
        spent = sum(energy(curves[image], length) for image, length in shares.items())
        choices = itertools.product(lengths, repeat=4)
        best = min(
            sum(energy(curves[image], length) for image, length in enumerate(choice))
            for choice in choices
            if sum(choice) <= budget
        )
        assert sum(shares.values()) <= budget
        assert np.isclose(spent, best)


def test_a_poor_picture_gets_more_than_a_good_one() -> None:
    shares = share({1: [(0, 100.0), (10, 50.0), (20, 30.0)], 2: [(0, 9.0), (10, 5.0)]}, 20)
    assert shares == {1: 20, 2: 0}


def test_a_step_that_does_not_help_counts_with_the_one_beyond_it() -> None:
    curves: dict[int, Curve] = {
        1: [(0, 10.0), (10, 10.0), (20, 2.0)],
        2: [(0, 10.0), (10, 7.0), (20, 6.0)],
    }
    assert share(curves, 20) == {1: 20, 2: 0}
    assert share(curves, 30) == {1: 20, 2: 10}


def test_what_seems_to_do_harm_comes_last() -> None:
    assert share({1: [(0, 10.0), (10, 11.0)], 2: [(0, 9.0), (10, 8.9)]}, 14) == {1: 4, 2: 10}
