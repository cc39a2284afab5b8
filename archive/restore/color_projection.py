"""Holds a sampled image to its stored color map: each sample of its own map is moved into the
stored one's cell.

    s = samples of the image's map     ŝ = stored samples, exact to ± h
    d = clip(s, ŝ − h, ŝ + h) − s
    image ← image + d, enlarged smoothly; ROUNDS times, because enlarging blurs d

Samples already within their cell are left alone: the row says nothing against them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from archive.arrays import Pixels
from archive.codecs.coders.colormap import TO_RGB, to_samples
from archive.imaging.resize import resize, to_square

ROUNDS = 3
TOLERANCE = 0.5  # gray levels


def project_colors(pixels: Pixels, colors_hat: Pixels, quantization_error: float) -> Pixels:
    """(H, W, 3), (n, n, 3) uint8, and h in gray levels → (H, W, 3) uint8."""
    height, width, _ = pixels.shape
    side = len(colors_hat)
    target = to_samples(colors_hat[None])
    image = pixels.astype(np.float32)
    for _ in range(ROUNDS):
        samples = to_samples(to_square(_rounded(image), side)[None])
        lowest = target - quantization_error
        correction = np.clip(samples, lowest, target + quantization_error) - samples
        if np.abs(correction).max() < TOLERANCE:
            break
        offset = _rounded(128 + _to_rgb(correction, side))
        image += resize(offset, width, height).astype(np.float32) - 128
    return _rounded(image)


def _to_rgb(samples: npt.NDArray[np.float32], side: int) -> npt.NDArray[np.float32]:
    """(1, 1.5 n²) differences of YCbCr samples → (n, n, 3) differences of RGB."""
    luma = samples[0, : side * side].reshape(side, side)
    chroma = samples[0, side * side :].reshape(2, side // 2, side // 2)
    chroma = chroma.repeat(2, axis=1).repeat(2, axis=2)
    rgb: npt.NDArray[np.float32] = np.stack([luma, *chroma], axis=-1) @ TO_RGB.T
    return rgb


def _rounded(pixels: npt.NDArray[np.float32]) -> Pixels:
    rounded: Pixels = np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
    return rounded
