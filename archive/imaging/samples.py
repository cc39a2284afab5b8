"""Gray samples of more than 8 bits → 8 bits, by what the file says about them.

white      2^bits − 1 of unsigned integers, 2^(bits − 1) − 1 of signed ones, or TIFF's
           MaxSampleValue or SMaxSampleValue; where that would leave the image all but black
           (under 1/16), the largest value of the fewest bits that hold every sample: scanners
           store 12 bits in 16 and say nothing. Of floats 1, or their largest finite value if
           that is more
black      0; what is negative or no number is black
inverted   TIFF's PhotometricInterpretation WhiteIsZero, where Pillow has not inverted yet
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

BITS_PER_SAMPLE = 258  # tags of TIFF 6.0
PHOTOMETRIC = 262
MAX_SAMPLE = 281
SAMPLE_FORMAT = 339
SMAX_SAMPLE = 341
BAND_PIXELS = 4_000_000  # looked at or converted at a time
UNSIGNED = 1
SIGNED = 2
WHITE_IS_ZERO = 0
DEPTHS = (8, 10, 12, 14, 16, 24)  # bits that devices count with
DARK = 16  # an image whose largest sample is this many times less than white is all but black
Samples = npt.NDArray[np.float32]


@dataclass(frozen=True)
class SampleScale:
    """How an image's samples become gray levels."""

    white: float  # the sample that is white
    bits: int  # of an integer sample; 0 for floats
    is_signed: bool
    is_inverted: bool
    transparent: int | None  # a sample that stands for nothing, laid on white

    def gray(self, band: Image.Image) -> Image.Image:
        """Rows of the image → mode L."""
        stored = np.asarray(band)
        samples = self._numbers(stored)
        levels = np.nan_to_num(samples * np.float32(255 / self.white), nan=0, posinf=255, neginf=0)
        levels = np.clip(levels, 0, 255)
        if self.is_inverted:
            levels = 255 - levels
        if self.transparent is not None:
            levels[stored == self.transparent] = 255
        return Image.fromarray(levels.round().astype(np.uint8))

    def _numbers(self, stored: npt.NDArray[Any]) -> Samples:
        """Pillow's samples → the file's: it reads all integers of 32 bits as signed ones."""
        if self.bits == 32 and not self.is_signed:
            stored = stored.view(np.uint32)
        elif self.bits == 16 and self.is_signed and stored.dtype == np.uint16:
            stored = stored.view(np.int16)
        return stored.astype(np.float32)


def sample_scale(image: Image.Image) -> SampleScale | None:
    """A loaded image → its scale if it is gray with more than 8 bits, else None."""
    if image.mode == "F":
        white = max(1.0, _largest(image, np.dtype(np.float32)))
        return SampleScale(white, 0, True, _is_inverted(image), None)
    if not image.mode.startswith("I"):
        return None
    tags: Any = getattr(image, "tag_v2", {})
    bits = int(_first(tags.get(BITS_PER_SAMPLE), 32 if image.format == "TIFF" else 16))
    is_signed = int(_first(tags.get(SAMPLE_FORMAT), UNSIGNED)) == SIGNED
    largest = float(2 ** (bits - is_signed) - 1)
    stated = float(_first(tags.get(SMAX_SAMPLE), _first(tags.get(MAX_SAMPLE), largest)))
    white = stated if 0 < stated < largest else _white(image, largest, bits, is_signed)
    transparent = image.info.get("transparency")
    is_color = isinstance(transparent, int)
    return SampleScale(
        white, bits, is_signed, _is_inverted(image), transparent if is_color else None
    )


def _white(image: Image.Image, largest: float, bits: int, is_signed: bool) -> float:
    """`largest`, or less where that would leave the image all but black."""
    used = _largest(image, np.dtype(np.uint32) if bits == 32 and not is_signed else None)
    fitting = [2.0**depth - 1 for depth in DEPTHS if used < 2**depth]
    return min(fitting) if 0 < DARK * used < largest and fitting else largest


def _largest(image: Image.Image, kind: np.dtype[Any] | None) -> float:
    """The largest finite sample, or 0 if that is more; in bands of rows, to copy few at a time."""
    largest = 0.0
    rows = max(1, BAND_PIXELS // image.width)
    for top in range(0, image.height, rows):
        band = np.asarray(image.crop((0, top, image.width, min(image.height, top + rows))))
        samples = band if kind is None else band.view(kind)
        largest = max(largest, float(samples[np.isfinite(samples)].max(initial=0)))
    return largest


def _is_inverted(image: Image.Image) -> bool:
    """Pillow inverts WhiteIsZero for 8 bits and fewer only."""
    tags: Any = getattr(image, "tag_v2", {})
    return image.format == "TIFF" and _first(tags.get(PHOTOMETRIC), 1) == WHITE_IS_ZERO


def _first(value: Any, default: Any) -> Any:
    """A tag's value, or the first of several; `default` if there is none."""
    if isinstance(value, tuple):
        return value[0] if value else default
    return default if value is None else value
