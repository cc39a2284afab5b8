"""The last word on colours: a drawn picture's own map is brought into the cells of the stored one.

    s = samples of the picture's map        ŝ = the stored ones, each right to ± h        d = clip(s, ŝ − h, ŝ + h) − s
    picture ← picture + d, enlarged smoothly                                              a few times: enlarging blurs d

What lies within a cell is left alone: nothing is known against it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from archive.codecs.coders.colormap import TO_RGB, to_samples
from archive.imaging.resize import resize, to_square

Pixels = npt.NDArray[np.uint8]
ROUNDS = 3
NEAR = 0.5  # grey levels: near enough


def project(pixels: Pixels, colors_hat: Pixels, quantization_error: float) -> Pixels:
    """(H, W, 3), (n, n, 3) uint8 and h in grey levels → (H, W, 3) uint8."""
    height, width, _ = pixels.shape
    side = len(colors_hat)
    wanted = to_samples(colors_hat[None])
    drawn = pixels.astype(np.float32)
    for _ in range(ROUNDS):
        seen = to_samples(to_square(_rounded(drawn), side)[None])
        missing = np.clip(seen, wanted - quantization_error, wanted + quantization_error) - seen
        if np.abs(missing).max() < NEAR:
            break
        drawn += resize(_rounded(128 + _rgb(missing, side)), width, height).astype(np.float32) - 128
    return _rounded(drawn)


def _rgb(samples: npt.NDArray[np.float32], side: int) -> npt.NDArray[np.float32]:
    """(1, 1.5 n²) differences of YCbCr samples → (n, n, 3) of RGB."""
    luma = samples[0, : side * side].reshape(side, side)
    chroma = (
        samples[0, side * side :]
        .reshape(2, side // 2, side // 2)
        .repeat(2, axis=1)
        .repeat(2, axis=2)
    )
    rgb: npt.NDArray[np.float32] = np.stack([luma, *chroma], axis=-1) @ TO_RGB.T
    return rgb


def _rounded(pixels: npt.NDArray[np.float32]) -> Pixels:
    rounded: Pixels = np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
    return rounded
