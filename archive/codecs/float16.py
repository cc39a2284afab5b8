"""`float16`: vectors as they are, to wait in until there are enough of them to fit a codec to.

    clip_code     D half-precision numbers, little-endian                 16·D bits
    color_code    1.5 n² samples of eight bits, as coclico's

Its parameters say what it waits for: the codec to be fitted, and at which rates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from archive.arrays import Vectors
from archive.codecs.coclico import ScalarMaps
from archive.codecs.codec import Codec, PendingCodec
from archive.codecs.coders.scalar import rows_of
from archive.codecs.coders.serialization import Arrays


def float16_codec(dimension: int, pending: PendingCodec, *, map_side: int = 8) -> Codec:
    """The waiting room of a codec."""
    return Codec("float16", Float16Vectors(dimension, pending), ScalarMaps(map_side, 8))


def open_float16(parameters: Mapping[str, Any], _: Mapping[str, Any]) -> Codec:
    """From a codec row. Raises KeyError where something is missing."""
    pending = PendingCodec(
        parameters["pending"], parameters["pending_bits"], parameters["pending_map_bits"]
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
        return 16 * self.dimension

    def parameters(self) -> dict[str, Any]:
        name = self.pending.name
        bits = self.pending.bits
        map_bits = self.pending.map_bits
        return {
            "dimension": self.dimension,
            "pending": name,
            "pending_bits": bits,
            "pending_map_bits": map_bits,
        }

    def arrays(self) -> Arrays:
        return {}

    def encode(self, vectors: Vectors) -> list[bytes]:
        """(N, D) float32 → N codes of 2·D bytes."""
        return [row.tobytes() for row in vectors.astype("<f2")]

    def decode(self, codes: list[bytes]) -> Vectors:
        """N codes → (N, D) float32. Raises BadCode on a wrong length."""
        rows = rows_of(codes, 2 * self.dimension)
        return rows.view("<f2").astype(np.float32)
