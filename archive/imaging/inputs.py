"""Images as callers hold them → pixels: files, encoded bytes, Pillow images, arrays."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from archive.arrays import Pixels
from archive.errors import UsageError
from archive.imaging.decode import decode_picture, load_picture

if TYPE_CHECKING:
    from PIL import Image

PNG_MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")
Picture: TypeAlias = "Image.Image | npt.NDArray[np.generic] | bytes | Path"


def pixels_of(image: object, *, at_least: int) -> Pixels:
    """An image file, encoded bytes, Pillow image or (H, W, 3) uint8 array → (H, W, 3) uint8 sRGB.

    `at_least`: pixels on the short side, where the image has them. Raises Unreadable, UsageError for anything else.
    """
    from PIL import Image

    if isinstance(image, np.ndarray):
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            raise UsageError(
                f"an image array must be (height, width, 3) uint8, not {image.dtype} {image.shape}"
            )
        return np.ascontiguousarray(image)
    if isinstance(image, Path):
        return load_picture(image, at_least=at_least).pixels
    if isinstance(image, Image.Image):
        image = _encoded(image)
    if isinstance(image, bytes):
        return decode_picture(io.BytesIO(image), at_least=at_least).pixels
    raise UsageError(
        f"{type(image).__name__} is not an image; give a Path, bytes, a PIL image or a (H, W, 3) uint8 array"
    )


def to_pillow(pixels: Pixels) -> Image.Image:
    """(H, W, 3) uint8 → RGB image."""
    from PIL import Image

    return Image.fromarray(pixels)


def open_rgb(path: Path) -> Image.Image:
    """An image file written by coldframe → RGB image."""
    from PIL import Image

    with Image.open(path) as image:
        return image.convert("RGB")


def _encoded(image: Image.Image) -> bytes:
    """Losslessly encoded, so that every mode goes through the same decoder as files do."""
    file = io.BytesIO()
    if image.mode == "HSV":  # no file format stores it
        image = image.convert("RGB")
    if image.mode in PNG_MODES:
        image.save(file, "PNG", compress_level=1, exif=image.getexif())
    else:
        image.save(file, "TIFF")
    return file.getvalue()
