"""`coclico` (Bachard, Bordin, Maugey, PCS 2024) and `clip` (Bachard & Maugey, IEEE Access 2024).

A one-bit embedding and a tiny color map; `clip` is the embedding alone.

    clip_code    D levels of b bits, packed                  b = 1 … 8
    color_code   1.5 n² levels of b_c bits, packed           n = 4 … 32, even; b_c = 1 … 8

No header: the codec row holds (D, b, n, b_c), and the state of a linear decoder
(archive.codecs.coders.linear_decoder) if vectors are decoded by one. At the paper's point, D = 768,
b = 1, n = 8, b_c = 2, a row is 96 + 24 bytes. `clip` has n = 0 and an empty color_code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from archive.arrays import Pixels, Vectors
from archive.codecs.codec import Codec
from archive.codecs.coders.colormap import (
    dequantize_samples,
    from_samples,
    quantize_samples,
    sample_count,
    to_samples,
)
from archive.codecs.coders.linear_decoder import LinearDecoder
from archive.codecs.coders.scalar import (
    Levels,
    dequantize,
    pack,
    packed_bytes,
    quantize,
    stack_codes,
    unpack,
)
from archive.codecs.coders.serialization import Arrays
from archive.errors import UsageError

BITS = range(1, 9)
MAP_SIDES = range(4, 33, 2)


def coclico(dimension: int, *, bits: int = 1, map_side: int = 8, map_bits: int = 2) -> Codec:
    """The codec of the paper; map_side 0 makes it `clip`.

    `bits` are per dimension, `map_bits` per sample. Raises UsageError for parameters out of range.
    """
    name = "coclico" if map_side else "clip"
    return Codec(name, ScalarVectors(dimension, bits), ScalarMaps(map_side, map_bits))


def open_coclico(parameters: Mapping[str, Any], arrays: Mapping[str, Any]) -> Codec:
    """From a codec row. Raises KeyError where something is missing."""
    rates = {name: value for name, value in parameters.items() if name != "least_squares"}
    codec = coclico(**rates)
    if not parameters.get("least_squares"):
        return codec
    decoder = LinearDecoder.open(arrays)
    return replace(codec, vectors=ScalarVectors(codec.dimension, rates["bits"], decoder))


def open_clip(parameters: Mapping[str, Any], arrays: Mapping[str, Any]) -> Codec:
    """From a codec row. Raises KeyError where something is missing."""
    return open_coclico({**parameters, "map_side": 0}, arrays)


def with_linear_decoder(codec: Codec, vectors: Vectors) -> Codec:
    """The same codes, decoded by least squares fitted to (N, D) embeddings.

    Raises UsageError for codes that are not scalar.
    """
    bits = codec.vectors.scan_bits
    if bits is None:
        raise UsageError(f"{codec.name} cannot be decoded by least squares; coclico and clip can")
    scalar = ScalarVectors(codec.dimension, bits)
    return replace(codec, vectors=scalar.with_linear_decoder(vectors)).with_alignment(vectors)


@dataclass(frozen=True)
class ScalarVectors:
    """Every coordinate on its own, uniformly quantized."""

    dimension: int
    bits: int = 1  # per dimension
    linear_decoder: LinearDecoder | None = None
    pending = None

    def __post_init__(self) -> None:
        if self.dimension < 1:
            raise UsageError(
                f"an embedding of {self.dimension} dimensions cannot be coded; give at least 1"
            )
        if self.bits not in BITS:
            raise UsageError(f"{self.bits} bits per dimension cannot be coded; choose 1 to 8")

    @property
    def payload_bits(self) -> int:
        """Bits of every code."""
        return self.dimension * self.bits

    @property
    def scan_bits(self) -> int:
        """Bits per dimension."""
        return self.bits

    def parameters(self) -> dict[str, Any]:
        """Numbers for the codec row."""
        rates = {"dimension": self.dimension, "bits": self.bits}
        return {**rates, "least_squares": True} if self.linear_decoder else rates

    def arrays(self) -> Arrays:
        """The state of the linear decoder; empty without one."""
        return self.linear_decoder.arrays() if self.linear_decoder else {}

    def with_linear_decoder(self, vectors: Vectors) -> ScalarVectors:
        """The same codes, decoded by least squares fitted to (N, D) embeddings."""
        signs = self._signs(quantize(vectors, self.bits))
        return replace(self, linear_decoder=LinearDecoder.fit(vectors, signs))

    def encode(self, vectors: Vectors) -> list[bytes]:
        """(N, D) float32 → N codes of ceil(D·b/8) bytes."""
        return [row.tobytes() for row in pack(quantize(vectors, self.bits), self.bits)]

    def decode(self, codes: list[bytes]) -> Vectors:
        """N codes → (N, D) float32. Raises BadCode for a wrong length."""
        rows = stack_codes(codes, packed_bytes(self.dimension, self.bits))
        levels = unpack(rows, self.bits, self.dimension)
        if self.linear_decoder is None:
            return dequantize(levels, self.bits)
        return self.linear_decoder.reconstruct(self._signs(levels))

    def _signs(self, levels: Levels) -> Vectors:
        """Levels 0 … 2^b − 1 → odd integers −2^b + 1 … 2^b − 1; ±1 for one bit."""
        return 2 * levels.astype(np.float32) - np.float32((1 << self.bits) - 1)


@dataclass(frozen=True)
class ScalarMaps:
    """Every sample on its own, uniformly quantized; side 0 stores no map."""

    side: int = 8
    bits: int = 2  # per sample

    def __post_init__(self) -> None:
        if self.side and (self.side not in MAP_SIDES or self.bits not in BITS):
            raise UsageError(
                f"a color map of side {self.side} at {self.bits} bits per sample cannot be coded; "
                f"the side is even, 4 to 32, and the bits are 1 to 8"
            )

    @property
    def payload_bits(self) -> int:
        """Bits of every code."""
        return sample_count(self.side) * self.bits

    @property
    def quantization_error(self) -> float:
        """Half a cell, 0 … 255."""
        return 128 / (1 << self.bits)

    @property
    def predicted(self) -> bool:
        """False: vectors play no part."""
        return False

    def parameters(self) -> dict[str, int]:
        """Numbers for the codec row; empty without maps."""
        return {"map_side": self.side, "map_bits": self.bits} if self.side else {}

    def arrays(self) -> Arrays:
        """Empty: nothing is fitted."""
        return {}

    def encode(self, maps: Pixels, vectors_hat: Vectors) -> list[bytes]:
        """(N, n, n, 3) uint8 RGB → N codes of ceil(1.5·b_c·n²/8) bytes."""
        if not self.side:
            return [b""] * len(maps)
        levels = quantize_samples(to_samples(maps), self.bits)
        return [row.tobytes() for row in pack(levels, self.bits)]

    def decode(self, codes: list[bytes], vectors_hat: Vectors) -> Pixels:
        """N codes → (N, n, n, 3) uint8 RGB. Raises BadCode for a wrong length."""
        count = sample_count(self.side)
        rows = stack_codes(codes, packed_bytes(count, self.bits))
        if not self.side:
            return np.zeros((len(codes), 0, 0, 3), np.uint8)
        levels = unpack(rows, self.bits, count)
        return from_samples(dequantize_samples(levels, self.bits), self.side)
