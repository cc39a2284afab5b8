"""Images that are not files: encoded bytes, pixel arrays and Pillow images.

Each is given the bytes of the file that it would be, so that it has a digest and is decoded as
files are:

    bytes     themselves: a JPEG in memory and the same JPEG on disk have one digest
    array     (H, W, 3) uint8 sRGB → binary PPM, "P6\\n{W} {H}\\n255\\n" and the rows of pixels
    image     upright, on white, in sRGB → the same PPM

Equal pixels therefore have one digest, as an array, as a Pillow image or as a .ppm file.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from archive.errors import Unreadable, UsageError
from archive.imaging.decode import (
    DecodeOptions,
    Picture,
    animation_flag,
    check_image,
    decode_picture,
    load_picture,
    upright_pixels,
)
from archive.imaging.decoder_errors import decoder_errors
from archive.imaging.metadata import exif_of, taken_at
from archive.imaging.quiet import quiet
from archive.records import Flag

ImageInput = Image.Image | npt.NDArray[np.generic] | bytes  # arrays must be (H, W, 3) uint8


@dataclass(frozen=True)
class MemoryImage:
    """The bytes of the file that an image would be, and what they do not say."""

    content: bytes
    taken_at: datetime | None = None
    flags: Flag = Flag.NONE

    def decode(self, *, at_least: int) -> Picture:
        """→ Picture, as `load_picture`. Raises Unreadable."""
        if not self.content:
            raise Unreadable("empty", "the image has no bytes")
        picture = decode_picture(io.BytesIO(self.content), DecodeOptions(at_least))
        taken = picture.taken_at or self.taken_at
        return replace(picture, taken_at=taken, flags=picture.flags | self.flags)


def memory_image(image: ImageInput) -> MemoryImage:
    """Bytes, pixels or Pillow image → MemoryImage.

    Raises Unreadable if a Pillow image does not decode, UsageError for anything that is no image.
    """
    if isinstance(image, bytes):
        return MemoryImage(image)
    if isinstance(image, Image.Image):
        return _from_pillow(image)
    if isinstance(image, np.ndarray):
        return MemoryImage(_ppm(image))
    raise UsageError(
        f"{type(image).__name__} is not an image; "
        "give bytes, a Pillow image or an (H, W, 3) uint8 array"
    )


def read_picture(source: str | os.PathLike[str] | ImageInput, *, at_least: int) -> Picture:
    """A path, or an image in memory → Picture. Raises Unreadable and UsageError."""
    if isinstance(source, str | os.PathLike):
        return load_picture(Path(source), at_least=at_least)
    return memory_image(source).decode(at_least=at_least)


def _from_pillow(image: Image.Image) -> MemoryImage:
    with quiet(), decoder_errors():
        check_image(image)
        exif = exif_of(image)
        content = _ppm(upright_pixels(image))
        return MemoryImage(content, taken_at(image, exif), animation_flag(image))


def _ppm(pixels: npt.NDArray[np.generic]) -> bytes:
    """(H, W, 3) uint8 → a binary PPM file. Raises UsageError for another shape or type."""
    is_rgb = pixels.ndim == 3 and pixels.shape[2] == 3 and pixels.size > 0
    if not is_rgb or pixels.dtype != np.uint8:
        given = f"{pixels.dtype} {pixels.shape}"
        raise UsageError(f"an image array must be (H, W, 3) uint8, not {given}")
    height, width, _ = pixels.shape
    return b"P6\n%d %d\n255\n" % (width, height) + pixels.tobytes()
