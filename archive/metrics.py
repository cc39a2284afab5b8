"""Distances between images.

color_score   mean squared difference of two color maps, samples 0 … 1
              (CoCliCo, PCS 2024, section IV)
psnr          −10 log₁₀ of the mean squared difference of the pixels, dB
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
MIN_SQUARED_ERROR = 1e-10  # identical images have a PSNR of 100 dB


def color_score(image: Pixels, reference: Pixels) -> float:
    """Two (H, W, 3) uint8 images of one size → their mean squared difference, samples 0 … 1."""
    return float(np.square(image / 255.0 - reference / 255.0).mean())


def psnr(image: Pixels, reference: Pixels) -> float:
    """Two (H, W, 3) uint8 images of one size → dB, at most 100."""
    return -10 * math.log10(max(color_score(image, reference), MIN_SQUARED_ERROR))
