"""The tiny color map: n × n pixels in YCbCr 4:2:0 (CoCliCo, PCS 2024, section III-C).

    Y  = 0.299 R + 0.587 G + 0.114 B                     (BT.601, full range, as JPEG)
    Cb = 128 − 0.168736 R − 0.331264 G + 0.5 B
    Cr = 128 + 0.5 R − 0.418688 G − 0.081312 B

Chroma is the mean of 2 × 2 cells, so n is even and a map has 1.5 n² samples: Y row by row, then Cb,
then Cr. A sample of 0 … 255 is quantized uniformly to b bits and decoded to the middle of its cell:

    level = min(floor(s · 2^b / 256), 2^b − 1)     ŝ = (level + ½) · 256 / 2^b
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from archive.arrays import Pixels
from archive.codecs.coders.scalar import Levels

Samples = npt.NDArray[np.float32]

TO_YCBCR = np.array(
    [
        [0.299, 0.587, 0.114],
        [-0.168736, -0.331264, 0.5],
        [0.5, -0.418688, -0.081312],
    ],
    np.float32,
)
TO_RGB = np.array([[1, 0, 1.402], [1, -0.344136, -0.714136], [1, 1.772, 0]], np.float32)
CHROMA_ZERO = np.array([0, 128, 128], np.float32)


def sample_count(side: int) -> int:
    """Samples of a map of side n: 1.5 n²."""
    return side * side * 3 // 2


def to_samples(maps: Pixels) -> Samples:
    """(N, n, n, 3) uint8 RGB → (N, 1.5 n²) float32 of 0 … 255."""
    count = len(maps)
    side = maps.shape[1]
    half = side // 2
    ycbcr: Samples = maps.astype(np.float32) @ TO_YCBCR.T + CHROMA_ZERO
    chroma = ycbcr[..., 1:].reshape(count, half, 2, half, 2, 2).mean(axis=(2, 4))
    planes = [ycbcr[..., 0], chroma[..., 0], chroma[..., 1]]
    flat = [plane.reshape(count, plane.shape[1] * plane.shape[2]) for plane in planes]
    return np.concatenate(flat, axis=1)


def from_samples(samples: Samples, side: int) -> Pixels:
    """(N, 1.5 n²) float32 → (N, n, n, 3) uint8 RGB; each chroma sample fills its 2 × 2 cells."""
    count = len(samples)
    luma_count = side * side
    luma = samples[:, :luma_count].reshape(count, side, side)
    halved = samples[:, luma_count:].reshape(count, 2, side // 2, side // 2)
    chroma = halved.repeat(2, axis=2).repeat(2, axis=3)
    ycbcr = np.stack([luma, chroma[:, 0], chroma[:, 1]], axis=-1)
    rgb = (ycbcr - CHROMA_ZERO) @ TO_RGB.T
    pixels: Pixels = np.clip(np.rint(rgb), 0, 255).astype(np.uint8)
    return pixels


def quantize_samples(samples: Samples, bits: int) -> Levels:
    """(N, k) float32 of 0 … 255 → (N, k) uint8 levels 0 … 2^bits − 1."""
    count = 1 << bits
    levels = np.clip(np.floor(samples * (count / 256)), 0, count - 1)
    return np.asarray(levels, np.uint8)


def dequantize_samples(levels: Levels, bits: int) -> Samples:
    """(N, k) uint8 levels → (N, k) float32, the middle of each cell."""
    return ((levels.astype(np.float32) + 0.5) * (256 / (1 << bits))).astype(np.float32)
