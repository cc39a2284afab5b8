"""Whether a file is whole, where decoders do not say.

HEIF, AVIF   the file is shorter than its boxes (ISO/IEC 14496-12, 4.2). Cameras append bytes that
             are no box; these are passed over
JPEG         only the end marker is missing. Decoders wait for it; two different endings then give
             the same pixels exactly if no pixel depended on what is missing
"""

from __future__ import annotations

import io
from typing import BinaryIO

from archive.errors import Unreadable

BOX_HEADER = 16  # bytes: 32-bit size, type, 64-bit size
BOXES = frozenset(  # at the top level of the formats that are read
    b"ftyp meta mdat moov moof free skip wide uuid idat mfra sidx styp prft pdin ssix mini".split()
)
JPEG_END = b"\xff\xd9"
FILLERS = (b"\x55" * 64, b"\xaa" * 64)  # different bits wherever the decoder still needs some


def check_boxes(file: BinaryIO) -> None:
    """Raises Unreadable if a HEIC or AVIF file is shorter than its boxes."""
    end = file.seek(0, io.SEEK_END)
    position = 0
    while position < end:
        file.seek(position)
        header = file.read(BOX_HEADER).ljust(BOX_HEADER, b"\0")
        size = int.from_bytes(header[:4])
        if header[4:8] not in BOXES:
            return  # what a camera appended
        if size == 1:
            size = int.from_bytes(header[8:])
        position = position + size if size >= 8 else end  # 0: to the end of the file
    if position > end:
        raise Unreadable("truncated", f"the file should have {position:,} bytes but has {end:,}")


def with_endings(file: BinaryIO) -> list[io.BytesIO]:
    """A JPEG file → copies with two endings; none if it has an end marker."""
    file.seek(0)
    content = file.read()
    if not content.startswith(b"\xff\xd8") or content.rstrip(b"\0").endswith(JPEG_END):
        return []
    whole = content.rstrip(b"\xff")  # half an end marker
    return [io.BytesIO(whole + filler + JPEG_END) for filler in FILLERS]
