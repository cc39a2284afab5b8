"""A row's checksum: CRC-32 (zlib's, polynomial 0x04C11DB7) of clip_code followed by color_code.

Computed when the codes are written, checked by `verify`. Many codecs decode any bytes of the right
length, so that only the checksum reveals a damaged code.
"""

from __future__ import annotations

import zlib


def row_crc32(clip_code: bytes, color_code: bytes) -> int:
    """CRC-32 of both codes, one after the other, 0 … 2³² − 1."""
    return zlib.crc32(color_code, zlib.crc32(clip_code))
