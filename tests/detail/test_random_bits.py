"""The generator's numbers: details are read with them, so they must never change."""

from __future__ import annotations

import numpy as np
import pytest

from archive.detail.random_bits import gaussians, words

GOLDEN_WORDS: dict[tuple[int, ...], list[int]] = {
    (): [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F, 0xF88BB8A8724C81EC],
    (0,): [0xA706DD2F4D197E6F, 0xB382A305F4414F5E, 0x631A9154FBABF717, 0xA80ABA8C86640906],
    (1, 5, 2): [0x06DD4ABFDA8A0637, 0x86E3C3B435465B74, 0x806EA19DB234ED0E, 0xC7F689C160050188],
    (2, 3): [0x7D0A63DE773FD22D, 0xD087B48789E6761F, 0x0D12BAD091F5B6D2, 0x46837EDB9947AB7C],
}
GOLDEN_GAUSSIANS: dict[tuple[int, ...], list[float]] = {
    (): [0.25, 0.75, -2.25, -0.5, -0.5, 0.75, -0.5, -0.75],
    (0,): [1.25, -0.5, 1.0, -2.25, 0.0, -1.25, 1.0, 0.5],
    (3, 7, 1): [-1.5, -0.5, -1.0, 1.0, -1.25, 0.5, 0.0, -1.5],
}


@pytest.mark.parametrize("stream", GOLDEN_WORDS)
def test_words_never_change(stream: tuple[int, ...]) -> None:
    drawn = words(stream, 4)
    assert drawn.dtype == np.uint64
    assert drawn.tolist() == GOLDEN_WORDS[stream]
    assert np.array_equal(words(stream, 1000)[:4], drawn)


@pytest.mark.parametrize("stream", GOLDEN_GAUSSIANS)
def test_gaussians_never_change(stream: tuple[int, ...]) -> None:
    drawn = gaussians(stream, 8)
    assert drawn.dtype == np.float32
    assert drawn.tolist() == GOLDEN_GAUSSIANS[stream]


def test_gaussians_have_the_moments_of_noise() -> None:
    drawn = gaussians((9,), 100_000).astype(np.float64)
    assert drawn.mean() == pytest.approx(0, abs=0.02)
    assert drawn.var() == pytest.approx(1, abs=0.02)
    assert (drawn**4).mean() == pytest.approx(2.97, abs=0.1)


def test_streams_share_nothing() -> None:
    streams = [(), (0,), (0, 0), (0, 1), (1, 0), (1,), (10,), (1, 0, 0)]
    drawn = np.stack([gaussians(stream, 4000) for stream in streams])
    correlations = np.corrcoef(drawn) - np.eye(len(streams))
    assert np.abs(correlations).max() < 0.08
