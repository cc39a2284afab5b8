"""A row → what its codes say, or why they cannot be read."""

from __future__ import annotations

from collections.abc import Mapping

from archive.arrays import Pixels, Vectors
from archive.codecs import Codec
from archive.errors import BadCode
from archive.records import Row

MISMATCH = "its checksum does not match"  # what is wrong with a damaged row


def decode_row(row: Row, codecs: Mapping[int, Codec]) -> tuple[Vectors, Pixels]:
    """→ vector_hat (D,) float32, colors_hat (n, n, 3) uint8, n ≥ 0.

    Raises BadCode for a damaged row, one without its codec, and a code that is no code.
    """
    if not row.intact:
        raise BadCode(MISMATCH)
    if row.codec_id not in codecs:
        raise BadCode(f"there is no codec {row.codec_id}")
    vectors_hat, colors_hat = codecs[row.codec_id].decode([row.clip_code], [row.color_code])
    return vectors_hat[0], colors_hat[0]
