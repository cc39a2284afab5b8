"""Which timesteps the denoiser's training draws."""

from __future__ import annotations

import numpy as np
import pytest

from training.denoiser import draw_timesteps

COUNT = 200_000


def test_timesteps_are_logit_normal() -> None:
    drawn = draw_timesteps(np.random.default_rng(0), COUNT, first=0)
    assert drawn.dtype == np.int64
    assert drawn.min() >= 0
    assert drawn.max() <= 999
    quantiles = 1000 / (1 + np.exp(-np.array([-1, 0, 1])))  # a standard deviation on either side, and the middle
    assert np.quantile(drawn, [0.1587, 0.5, 0.8413]) == pytest.approx(quantiles, abs=5)


def test_noisy_ones_only_keep_their_proportions() -> None:
    every = draw_timesteps(np.random.default_rng(0), COUNT, first=0)
    noisy = draw_timesteps(np.random.default_rng(1), COUNT, first=500)
    assert noisy.min() >= 500
    assert (noisy > 750).mean() == pytest.approx((every[every >= 500] > 750).mean(), abs=0.01)
