"""Pixels → image files without provenance: for the demo and the baselines, never restorations."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from archive.arrays import Pixels

LONGEST_SIDES = {"JPEG": 65_500, "PNG": 2**31 - 1, "WEBP": 16_383}  # pixels, in Pillow
SAVED_QUALITY = 90  # of JPEG and WebP files
SMALLEST = 6  # WebP's slowest method, which writes the smallest files


def save_image(path: Path, pixels: Pixels) -> None:
    """(H, W, 3) uint8 → an image file; the suffix selects the format."""
    Image.fromarray(pixels).save(path, quality=SAVED_QUALITY)


def can_encode(image_format: str) -> bool:
    """Whether this Pillow build writes a format, e.g. "AVIF"."""
    Image.init()
    return image_format in Image.SAVE


def recompress(pixels: Pixels, image_format: str, quality: int) -> tuple[int, Pixels]:
    """(H, W, 3) uint8 → size in bytes when compressed lossily, and the decoded pixels."""
    file = io.BytesIO()
    image = Image.fromarray(pixels)
    image.save(file, image_format, quality=quality, optimize=True, method=SMALLEST)
    return file.tell(), np.asarray(Image.open(file).convert("RGB"))


def encoded(pixels: Pixels, image_format: str) -> bytes:
    """(H, W, 3) uint8 → an image file in memory; "PNG" or "JPEG", as Pillow calls them."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, image_format, quality=SAVED_QUALITY)
    return file.getvalue()
