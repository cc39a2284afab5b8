"""Uniform scalar quantizer and bit packing (CoCliCo, PCS 2024, equation 3).

    index = clip(floor(x / q), −2^(b−1), 2^(b−1) − 1)        q = 2 · 2^−b
    x̂     = index · q + q / 2                                 b bits per value

Stored is level = index + 2^(b−1), 0 … 2^b − 1. One bit is the sign (x ≥ 0 → 1), decoded to ±0.5.
Inside [−1, 1) the error is at most q / 2. The paper's rate, −log2 q with q = 2^−b, counts b bits
for 2^(b+1) levels; this is the consistent reading.

Packed, a row of n levels is ceil(n · b / 8) bytes, most significant bit first, the last byte filled
with zeros:

    b = 1, levels 1 0 1 1 0 0 0 0 1   →   10110000 10000000
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from archive.arrays import Vectors
from archive.errors import BadCode

Levels = npt.NDArray[np.uint8]


def quantize(values: Vectors, bits: int) -> Levels:
    """(…) float32, clamped to [−1, 1] → (…) uint8 levels 0 … 2^bits − 1.

    Raises ValueError for a value that is not finite: a NaN would be stored as a number.
    """
    if not np.isfinite(values).all():
        raise ValueError("a vector with values that are not finite cannot be quantized")
    step = _step(bits)
    half = 1 << (bits - 1)
    index = np.clip(np.floor(np.clip(values, -1, 1) / step), -half, half - 1)
    levels: Levels = (index + half).astype(np.uint8)
    return levels


def dequantize(levels: Levels, bits: int) -> Vectors:
    """(…) uint8 levels → (…) float32, the middle of each cell, within (−1, 1)."""
    step = _step(bits)
    half = 1 << (bits - 1)
    return ((levels.astype(np.float32) - half) * step + step / 2).astype(np.float32)


def packed_bytes(count: int, bits: int) -> int:
    """Bytes of one packed row of `count` levels."""
    return (count * bits + 7) // 8


def pack(levels: Levels, bits: int) -> npt.NDArray[np.uint8]:
    """(N, n) uint8 → (N, ceil(n·bits/8)) uint8, most significant bit first."""
    digits = (levels[:, :, None] >> np.arange(bits - 1, -1, -1, dtype=np.uint8)) & 1
    return np.packbits(digits.reshape(len(levels), levels.shape[1] * bits), axis=1)


def unpack(packed: npt.NDArray[np.uint8], bits: int, count: int) -> Levels:
    """(N, ceil(count·bits/8)) uint8 → (N, count) uint8 levels."""
    digits = np.unpackbits(packed, axis=1, count=count * bits).reshape(len(packed), count, bits)
    weights = (1 << np.arange(bits - 1, -1, -1)).astype(np.uint16)
    levels: Levels = (digits * weights).sum(axis=2).astype(np.uint8)
    return levels


def stack_codes(codes: list[bytes], width: int) -> npt.NDArray[np.uint8]:
    """N codes of `width` bytes → (N, width) uint8. Raises BadCode for a code of another length."""
    for code in codes:
        if len(code) != width:
            raise BadCode(
                f"a code of {len(code)} bytes cannot be decoded, this codec writes {width}: "
                f"the row is damaged"
            )
    return np.frombuffer(b"".join(codes), np.uint8).reshape(len(codes), width)


def _step(bits: int) -> float:
    return float(2.0 ** (1 - bits))
