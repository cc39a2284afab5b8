"""Codes that searches decoded last, and their vectors: decoding a code costs a tenth of a
millisecond, and the rows that many queries come near are few.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from archive.arrays import Vectors
from archive.codecs import Codec
from archive.index.layouts import decode_or_zero

MOST_BYTES = 64_000_000  # of vectors that are remembered


class DecodedVectors:
    """(codec id, clip_code) → vector_hat. One thread at a time may ask."""

    def __init__(self) -> None:
        self._vectors: OrderedDict[tuple[int, bytes], Vectors] = OrderedDict()

    def of(self, codec_id: int, codec: Codec, codes: Sequence[bytes]) -> Vectors:
        """N codes of a codec → (N, D) float32; a code that cannot be decoded is 0."""
        missing = [code for code in dict.fromkeys(codes) if (codec_id, code) not in self._vectors]
        decoded = decode_or_zero(codec, missing)
        for code, vector in zip(missing, decoded, strict=True):
            self._vectors[codec_id, code] = vector
        vectors = np.zeros((len(codes), codec.dimension), np.float32)
        for place, code in enumerate(codes):
            self._vectors.move_to_end((codec_id, code))
            vectors[place] = self._vectors[codec_id, code]
        while len(self._vectors) * 4 * codec.dimension > MOST_BYTES:
            self._vectors.popitem(last=False)
        return vectors
