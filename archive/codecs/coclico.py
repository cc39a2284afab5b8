"""`coclico`: one-bit embedding and tiny colour map (Bachard, Bordin, Maugey, PCS 2024); `clip`: the embedding alone.

    clip_code    D levels of b bits, packed                  b = 1 … 8
    color_code   1.5 n² levels of b_c bits, packed           n = 4 … 32, even; b_c = 1 … 8

No header and no fitted state: the codec row holds (D, b, n, b_c). At the paper's point, D = 768, b = 1, n = 8, b_c = 2,
a row is 96 + 24 bytes. `clip` (Bachard & Maugey, IEEE Access 2024) has n = 0 and no colour code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from archive.codecs.colormap import (
    Pixels,
    dequantize_samples,
    from_samples,
    quantize_samples,
    sample_count,
    to_samples,
)
from archive.codecs.quantize import Vectors, dequantize, pack, packed_bytes, quantize, rows_of, unpack
from archive.errors import UsageError

BITS = range(1, 9)
MAP_SIDES = range(4, 33, 2)


@dataclass(frozen=True)
class Coclico:
    """Scalar quantiser for (N, dimension) vectors and (N, map_side, map_side, 3) maps; map_side 0 is `clip`."""

    dimension: int
    bits: int = 1
    map_side: int = 8
    map_bits: int = 2

    def __post_init__(self) -> None:
        if self.dimension < 1:
            raise UsageError(f"an embedding of {self.dimension} dimensions cannot be coded; give at least 1")
        if self.bits not in BITS:
            raise UsageError(f"{self.bits} bits a dimension cannot be coded; choose 1 to 8")
        if self.map_side and (self.map_side not in MAP_SIDES or self.map_bits not in BITS):
            wanted = f"a colour map of side {self.map_side} at {self.map_bits} bits"
            raise UsageError(f"{wanted} cannot be coded; the side is even, 4 to 32, and the bits 1 to 8")

    @property
    def name(self) -> str:
        return "coclico" if self.map_side else "clip"

    @property
    def clip_bits(self) -> int:
        """Payload bits of a vector."""
        return self.dimension * self.bits

    @property
    def color_bits(self) -> int:
        """Payload bits of a map."""
        return sample_count(self.map_side) * self.map_bits if self.map_side else 0

    def parameters(self) -> Mapping[str, int]:
        """What the codec row stores beside the name."""
        map_parameters = {"map_side": self.map_side, "map_bits": self.map_bits} if self.map_side else {}
        return {"dimension": self.dimension, "bits": self.bits} | map_parameters

    def encode_vectors(self, vectors: Vectors) -> list[bytes]:
        """(N, D) float32 → N codes of ceil(D·b/8) bytes."""
        return [row.tobytes() for row in pack(quantize(vectors, self.bits), self.bits)]

    def decode_vectors(self, codes: list[bytes]) -> Vectors:
        """N codes → vector_hat (N, D) float32. Raises BadCode on a wrong length."""
        rows = rows_of(codes, packed_bytes(self.dimension, self.bits))
        return dequantize(unpack(rows, self.bits, self.dimension), self.bits)

    def encode_maps(self, maps: Pixels) -> list[bytes]:
        """(N, n, n, 3) uint8 RGB → N codes; empty ones for `clip`."""
        if not self.map_side:
            return [b""] * len(maps)
        levels = quantize_samples(to_samples(maps), self.map_bits)
        return [row.tobytes() for row in pack(levels, self.map_bits)]

    def decode_maps(self, codes: list[bytes]) -> Pixels:
        """N codes → colors_hat (N, n, n, 3) uint8 RGB; n = 0 for `clip`. Raises BadCode on a wrong length."""
        count = sample_count(self.map_side)
        rows = rows_of(codes, packed_bytes(count, self.map_bits) if self.map_side else 0)
        if not self.map_side:
            return np.zeros((len(codes), 0, 0, 3), np.uint8)
        return from_samples(dequantize_samples(unpack(rows, self.map_bits, count), self.map_bits), self.map_side)
