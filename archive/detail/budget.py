"""One budget of bytes for many details: each byte goes where it helps most.

While a detail is written, how far the estimate ẑ₀ is from z₀ is known after every step: a curve of
bytes and remaining energy |z₀ − ẑ₀|². Of each curve's lower convex hull, the steepest segments of
all curves are taken until the bytes are spent (Shoham & Gersho 1988: one slope for all).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from archive.detail.schedule import CODEWORD_BYTES

Curve = Sequence[tuple[int, float]]
"""(bytes, energy that remains), bytes ascending from 0."""


def share(curves: Mapping[int, Curve], total_bytes: int) -> dict[int, int]:
    """Curves by image → the bytes of each one's detail, at most `total_bytes` in all."""
    segments = [
        (slope, image, length)
        for image, curve in curves.items()
        for slope, length in _hull_segments(curve)
    ]
    shares = dict.fromkeys(curves, 0)
    for _, image, length in sorted(segments, reverse=True):  # a hull's are in order
        taken = min(length, total_bytes - total_bytes % CODEWORD_BYTES)  # a prefix is as good
        if taken <= 0:
            break
        shares[image] += taken
        total_bytes -= taken
    return shares


def _hull_segments(curve: Curve) -> list[tuple[float, int]]:
    """The lower convex hull's segments: energy saved per byte, and their bytes; steepest first."""
    hull: list[tuple[int, float]] = []
    for point in curve:
        while len(hull) > 1 and _slope(hull[-2], hull[-1]) <= _slope(hull[-1], point):
            hull.pop()
        hull.append(point)
    return [(_slope(*pair), pair[1][0] - pair[0][0]) for pair in pairwise(hull)]


def _slope(first: tuple[int, float], last: tuple[int, float]) -> float:
    return (first[1] - last[1]) / (last[0] - first[0])
