"""Pixels to pixels of another size."""

from __future__ import annotations

import numpy as np
from PIL import Image

from archive.arrays import Pixels


def resize(pixels: Pixels, width: int, height: int) -> Pixels:
    """(h, w, 3) uint8 → (height, width, 3) uint8, Lanczos."""
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS))


def smooth(pixels: Pixels, width: int, height: int) -> Pixels:
    """(h, w, 3) uint8 → (height, width, 3) uint8, bicubic: soft where Lanczos would ring."""
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC))


def to_square(pixels: Pixels, side: int) -> Pixels:
    """(H, W, 3) uint8 → (side, side, 3) uint8, bilinear with antialiasing.

    The aspect ratio is dropped: this is how color maps are made and compared.
    """
    return np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.BILINEAR))


def fitted(width: int, height: int, side: int) -> tuple[int, int]:
    """A size of this aspect ratio whose long side is `side`, or what it is if that is less."""
    scale = min(1.0, side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))
