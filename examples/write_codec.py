"""A codec of your own: every coordinate is one byte, color maps are coded as CoCliCo's."""

from dataclasses import dataclass

import numpy as np

from archive.codecs.coclico import ScalarMaps
from coldframe import Codec


@dataclass(frozen=True)
class ByteVectors:
    """clip_code: the scale, float32 little-endian, then D levels −127 … 127, int8."""

    dimension: int
    scan_bits = None  # no packed levels that an index could scan as they are
    linear_decoder = None  # every level is decoded by itself
    pending = None  # nothing has to be fitted first

    @property
    def payload_bits(self) -> int:
        return 32 + 8 * self.dimension

    def parameters(self) -> dict[str, int]:
        return {"dimension": self.dimension}

    def arrays(self) -> dict[str, np.ndarray]:
        return {}

    def encode(self, vectors: np.ndarray) -> list[bytes]:
        scales = (np.abs(vectors).max(axis=1, keepdims=True) / 127 + 1e-12).astype("<f4")
        levels = np.rint(vectors / scales).astype(np.int8)
        return [s.tobytes() + row.tobytes() for s, row in zip(scales, levels, strict=True)]

    def decode(self, codes: list[bytes]) -> np.ndarray:
        rows = np.frombuffer(b"".join(codes), np.uint8).reshape(-1, 4 + self.dimension)
        return rows[:, :4].copy().view("<f4") * rows[:, 4:].view(np.int8)


codec = Codec("byte", ByteVectors(512), ScalarMaps(8, 2))  # 516 bytes, and 24 of colors
