"""The size of an AVIF image, from its properties (ISO/IEC 23008-12, 6.5.3: ispe).

The decoder calls images of more than 268 million pixels damaged, and does not tell their size.
"""

from __future__ import annotations

import re
from typing import BinaryIO

from archive.imaging.formats import HEAD_BYTES, content_of

PROPERTIES_BYTES = 1 << 20  # at the start of a file; thousands of tiles have their properties there
EXTENT = re.compile(rb"\0\0\0\x14ispe\0{4}(.{4})(.{4})", re.DOTALL)  # a whole box


def avif_size(file: BinaryIO) -> tuple[int, int] | None:
    """An open file → (width, height) of its largest item in pixels; None if it is no AVIF."""
    file.seek(0)
    head = file.read(HEAD_BYTES)
    if content_of(head)[0] != "AVIF":
        return None
    properties, _, _ = (head + file.read(PROPERTIES_BYTES)).partition(b"mdat")
    sizes = [(int.from_bytes(w), int.from_bytes(h)) for w, h in EXTENT.findall(properties)]
    return max(sizes, key=lambda size: size[0] * size[1], default=None)
