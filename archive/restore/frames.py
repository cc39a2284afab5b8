"""Sizes: the frame a row is sampled in, and the image that is written.

A frame has the decoder's native area and the original's aspect ratio, as nearly as the decoder's
multiple allows. The written image has exactly the original's aspect ratio, and is never larger than
the original.
"""

from __future__ import annotations

import math

AREA_BAND = (0.7, 1.3)  # a frame's area as a share of the decoder's native area
MAX_ASPECT = 4.0  # more elongated originals are sampled at 4 : 1


def frame_size(aspect: float, pixels: int, multiple: int) -> tuple[int, int]:
    """Aspect ratio (width / height) → (width, height) the decoder can sample.

    Of all sizes divisible by `multiple` with an area within AREA_BAND of `pixels`, the nearest in
    aspect ratio, then in area. Raises ValueError if there is none.
    """
    aspect = min(max(aspect, 1 / MAX_ASPECT), MAX_ASPECT)
    longest = int(2 * math.sqrt(pixels * AREA_BAND[1])) // multiple
    sides = range(1, longest + 1)
    smallest, largest = (pixels * share / multiple**2 for share in AREA_BAND)
    sizes = [(w, h) for w in sides for h in sides if smallest <= w * h <= largest]

    def distance(size: tuple[int, int]) -> tuple[float, float]:
        width, height = size
        area_error = abs(math.log(width * height * multiple**2 / pixels))
        return abs(math.log(width / height / aspect)), area_error

    width, height = min(sizes, key=distance)
    return width * multiple, height * multiple


def scaled_size(
    width: int, height: int, pixels: int, *, longest: float = math.inf
) -> tuple[int, int]:
    """(width, height) scaled down to about `pixels`, and to sides of at most `longest`, at the same
    aspect ratio; never scaled up. Not even a line has a side of more than `pixels`.
    """
    longest = min(longest, pixels)
    scale = min(1.0, math.sqrt(pixels / (width * height)), longest / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))
