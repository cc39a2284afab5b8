"""Projected images have the colors their map says."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.codecs.coders.colormap import to_samples
from archive.imaging.resize import resize, to_square
from archive.restore.color_projection import project_colors


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1), st.sampled_from([8.0, 32.0]))
def test_projected_colors_are_in_the_cells_of_the_map(seed: int, quantization_error: float) -> None:
    rng = np.random.default_rng(seed)
    blocks = rng.integers(40, 216, (4, 4, 3), dtype=np.uint8).repeat(16, 0).repeat(16, 1)
    color_map = to_square(blocks, 8)
    image = resize(rng.integers(0, 256, (12, 12, 3), dtype=np.uint8), 128, 96)

    def excess(pixels: np.ndarray) -> np.ndarray:
        error = np.abs(to_samples(to_square(pixels, 8)[None]) - to_samples(color_map[None]))
        return np.asarray(np.maximum(error - quantization_error, 0))

    projected = project_colors(image, color_map, quantization_error)
    assert excess(projected).mean() < 0.2 * excess(image).mean() + 1
    own_map = to_square(projected, 8)
    assert np.array_equal(project_colors(projected, own_map, quantization_error), projected)
