"""Pixels ⇄ Pillow images."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from archive.arrays import Pixels


def to_pillow(pixels: Pixels) -> Image.Image:
    """(H, W, 3) uint8 → RGB image."""
    return Image.fromarray(pixels)


def open_rgb(path: Path) -> Image.Image:
    """An image file that coldframe wrote → RGB image."""
    with Image.open(path) as image:
        return image.convert("RGB")
