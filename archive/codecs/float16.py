"""`float16`: vectors in half precision, while rows wait for another codec to be fitted to them.

    clip_code     D half-precision numbers, little-endian                 16·D bits
    color_code    1.5 n² samples of eight bits, as coclico's

Its parameters name the pending codec and its rates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from archive.arrays import Vectors
from archive.codecs.coclico import ScalarMaps
from archive.codecs.codec import Codec, PendingCodec
from archive.codecs.coders.scalar import stack_codes
from archive.codecs.coders.serialization import Arrays

MAP_BITS = 8  # per sample: lossless


def float16_codec(dimension: int, pending: PendingCodec, *, map_side: int = 8) -> Codec:
    """The codec of rows that wait for `pending`. Raises UsageError for a side that cannot be."""
    return Codec("float16", Float16Vectors(dimension, pending), ScalarMaps(map_side, MAP_BITS))


def open_float16(parameters: Mapping[str, Any], _: Mapping[str, Any]) -> Codec:
    """From a codec row. Raises KeyError where something is missing."""
    pending = PendingCodec(
        parameters["pending"],
        parameters["pending_bits"],
        parameters["pending_map_bits"],
    )
    return float16_codec(parameters["dimension"], pending, map_side=parameters.get("map_side", 0))


@dataclass(frozen=True)
class Float16Vectors:
    """Every coordinate in half precision."""

    dimension: int
    pending: PendingCodec
    scan_bits = None
    linear_decoder = None

    @property
    def payload_bits(self) -> int:
        """Bits of every code."""
        return 16 * self.dimension

    def parameters(self) -> dict[str, Any]:
        """Numbers for the codec row."""
        return {
            "dimension": self.dimension,
            "pending": self.pending.name,
            "pending_bits": self.pending.bits,
            "pending_map_bits": self.pending.map_bits,
        }

    def arrays(self) -> Arrays:
        """Empty: nothing is fitted."""
        return {}

    def encode(self, vectors: Vectors) -> list[bytes]:
        """(N, D) float32 → N codes of 2·D bytes."""
        return [row.tobytes() for row in vectors.astype("<f2")]

    def decode(self, codes: list[bytes]) -> Vectors:
        """N codes → (N, D) float32. Raises BadCode for a wrong length."""
        rows = stack_codes(codes, 2 * self.dimension)
        return rows.view("<f2").astype(np.float32)
