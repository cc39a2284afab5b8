"""Size and orientation of a JPEG XL image, from its first bytes (ISO/IEC 18181-1, annex D).

    SizeHeader      height and width, or height and a ratio
    ImageMetadata   1 bit, 1: all as by default; else 1 bit, 1: extra fields, the first of which is
                    the orientation as EXIF counts it, less one, in 3 bits

The decoder tells a size only after it has decoded everything, however large, and never whether it
has turned the pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image

CODESTREAM = b"\xff\x0a"
CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n"
HEADER_BYTES = 16  # of the codestream; what is read takes at most 12
SIZE_BITS = (9, 13, 18, 30)
RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))  # width : height, from 1 on


class _Bits:
    """Bits of a header, the least significant first."""

    def __init__(self, content: bytes) -> None:
        self._rest = int.from_bytes(content, "little")

    def read(self, count: int) -> int:
        value = self._rest & ((1 << count) - 1)
        self._rest >>= count
        return value

    def side(self, is_small: bool) -> int:
        """A width or height in pixels."""
        if is_small:
            return 8 * (self.read(5) + 1)
        return self.read(SIZE_BITS[self.read(2)]) + 1


@dataclass(frozen=True)
class JxlHeader:
    """What the codestream says of the image."""

    width: int  # pixels, as stored
    height: int
    orientation: int  # 1 … 8, as in EXIF


def jxl_header(file: BinaryIO) -> JxlHeader | None:
    """An open file → its header; None if it is no JPEG XL."""
    header = _codestream(file)
    if header is None:
        return None
    bits = _Bits(header[len(CODESTREAM) :])
    width, height = _size(bits)
    has_fields = not bits.read(1) and bits.read(1)
    return JxlHeader(width, height, 1 + bits.read(3) if has_fields else 1)


def is_turned_by_decoder(image: Image.Image, file: BinaryIO) -> bool:
    """Whether an opened image's pixels are upright already, whatever its EXIF says.

    The decoder obeys the codestream, except where it gives back the JPEG that was packed into it.
    """
    if image.format != "JXL" or getattr(image, "jpeg", False):
        return False
    header = jxl_header(file)
    return header is not None and header.orientation != 1


def _size(bits: _Bits) -> tuple[int, int]:
    """SizeHeader → (width, height)."""
    is_small = bool(bits.read(1))
    height = bits.side(is_small)
    ratio = bits.read(3)
    if ratio == 0:
        return bits.side(is_small), height
    across, down = RATIOS[ratio - 1]
    return height * across // down, height


def _codestream(file: BinaryIO) -> bytes | None:
    """The first bytes of the codestream, which may be in a container of boxes."""
    file.seek(0)
    head = file.read(len(CONTAINER))
    if head.startswith(CODESTREAM):
        file.seek(0)
        return file.read(HEADER_BYTES)
    if head != CONTAINER:
        return None
    while len(header := file.read(8)) == 8:
        size = int.from_bytes(header[:4])
        length = 8
        if size == 1:
            size = int.from_bytes(file.read(8))
            length = 16
        if header[4:] == b"jxlc":
            return file.read(HEADER_BYTES)
        if header[4:] == b"jxlp":
            return file.read(4 + HEADER_BYTES)[4:]
        if size < length:
            break  # 0: to the end of the file
        file.seek(size - length, 1)
    return None
