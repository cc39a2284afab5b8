"""Outlines: (N, 2) float64 points, closed unless said otherwise. No pixels here.

Things are drawn in their own frame: x to the right, y up, the foot at (0, 0), about one unit tall.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Outline = NDArray[np.float64]
Point = tuple[float, float]


@lru_cache(maxsize=64)
def _circle(corners: int) -> Outline:
    turns = [2 * math.pi * i / corners for i in range(corners)]
    return np.array([(math.cos(t), math.sin(t)) for t in turns])


@lru_cache(maxsize=8)
def _spline(steps: int) -> NDArray[np.float64]:
    """(steps, 4) weights of a Catmull-Rom piece over its four points."""
    t = np.arange(steps) / steps
    return np.stack(
        [
            -0.5 * t + t * t - 0.5 * t * t * t,
            1 - 2.5 * t * t + 1.5 * t * t * t,
            0.5 * t + 2 * t * t - 1.5 * t * t * t,
            -0.5 * t * t + 0.5 * t * t * t,
        ],
        axis=1,
    )


def points(*corners: Point) -> Outline:
    """Straight edges through the corners."""
    return np.array(corners, dtype=np.float64)


def box(left: float, bottom: float, right: float, top: float) -> Outline:
    """A rectangle."""
    return points((left, bottom), (right, bottom), (right, top), (left, top))


def ellipse(
    x: float, y: float, across: float, up: float | None = None, *, corners: int = 36
) -> Outline:
    """Radii across and up; one radius makes a circle."""
    return shifted(_circle(corners) * (across, across if up is None else up), x, y)


def shifted(outline: Outline, x: float, y: float) -> Outline:
    """The outline moved by (x, y)."""
    return np.add(outline, (x, y), dtype=np.float64)


def slanted(outline: Outline, angle: float, x: float = 0.0, y: float = 0.0) -> Outline:
    """The outline turned by the angle (radians, against the clock) about (x, y)."""
    cos = math.cos(angle)
    sin = math.sin(angle)
    dx = outline[:, 0] - x
    dy = outline[:, 1] - y
    return np.stack([x + dx * cos - dy * sin, y + dx * sin + dy * cos], axis=1)


def arch(
    left: float, right: float, top: float, bottom: float, *, start: float = 0.0, end: float = 180.0
) -> Outline:
    """An arc of the ellipse in that box, degrees, closed by a straight edge."""
    x = (left + right) / 2
    y = (top + bottom) / 2
    turns = np.radians(np.linspace(start, end, 20))
    return np.stack(
        [x + np.cos(turns) * (right - left) / 2, y + np.sin(turns) * (top - bottom) / 2], axis=1
    )


def rounded_box(left: float, bottom: float, right: float, top: float, radius: float) -> Outline:
    """A rectangle with quarter circles for corners."""
    r = min(radius, (right - left) / 2, (top - bottom) / 2)
    ring = _circle(24) * r
    quarters = [ring[0:7], ring[6:13], ring[12:19], np.vstack([ring[18:24], ring[:1]])]
    centers = [
        (right - r, top - r),
        (left + r, top - r),
        (left + r, bottom + r),
        (right - r, bottom + r),
    ]
    return np.vstack([quarter + center for quarter, center in zip(quarters, centers, strict=True)])


def smooth(*corners: Point, steps: int = 6) -> Outline:
    """A closed round curve through every spot (Catmull-Rom)."""
    knots = np.array(corners, dtype=np.float64)
    around = np.stack([np.roll(knots, shift, axis=0) for shift in (1, 0, -1, -2)])
    around_curve: Outline = np.einsum("sk,knd->nsd", _spline(steps), around).reshape(-1, 2)
    return around_curve


def curve(*corners: Point, steps: int = 6) -> Outline:
    """An open round curve through every spot: a path, not an area."""
    knots = np.array([corners[0], *corners, corners[-1]], dtype=np.float64)
    around = np.stack([knots[:-3], knots[1:-2], knots[2:-1], knots[3:]])
    pieces = np.einsum("sk,knd->nsd", _spline(steps), around).reshape(-1, 2)
    return np.vstack([pieces, knots[-1:]])


def ribbon(path: Outline | Sequence[Point], start: float, end: float | None = None) -> Outline:
    """An open path made an area, its width running from start to end."""
    last = start if end is None else end
    if len(path) == 2:
        return _bar(tuple(path[0]), tuple(path[1]), start / 2, last / 2)
    way = np.asarray(path, dtype=np.float64)
    step = np.empty_like(way)
    step[1:-1] = way[2:] - way[:-2]
    step[0] = way[1] - way[0]
    step[-1] = way[-1] - way[-2]
    half = np.linspace(start / 2, last / 2, len(way)) / (
        np.sqrt(step[:, 0] ** 2 + step[:, 1] ** 2) + 1e-9
    )
    area = np.empty((2 * len(way), 2))
    aside_x = -step[:, 1] * half
    aside_y = step[:, 0] * half
    area[: len(way), 0] = way[:, 0] + aside_x
    area[: len(way), 1] = way[:, 1] + aside_y
    area[len(way) :, 0] = (way[:, 0] - aside_x)[::-1]
    area[len(way) :, 1] = (way[:, 1] - aside_y)[::-1]
    return area


def _bar(first: tuple[float, ...], second: tuple[float, ...], start: float, end: float) -> Outline:
    """A ribbon with one straight piece: most of them are."""
    x0 = float(first[0])
    y0 = float(first[1])
    x1 = float(second[0])
    y1 = float(second[1])
    length = math.hypot(x1 - x0, y1 - y0) + 1e-9
    dx = -(y1 - y0) / length
    dy = (x1 - x0) / length
    return np.array(
        (
            (x0 + dx * start, y0 + dy * start), (x1 + dx * end, y1 + dy * end),
            (x1 - dx * end, y1 - dy * end), (x0 - dx * start, y0 - dy * start),
        ),
    )  # fmt: skip


_LEAF_ALONG = np.array([0.0, 0.12, 0.3, 0.5, 0.7, 0.88, 1.0, 0.88, 0.7, 0.5, 0.3, 0.12])
_LEAF_ASIDE = np.array([0.0, 0.56, 0.93, 1.0, 0.8, 0.4, 0.0, -0.4, -0.8, -1.0, -0.93, -0.56])


def leaf(root: Point, tip: Point, width: float) -> Outline:
    """A pointed oval from root to tip: leaf, petal, flame, feather."""
    x0, y0 = root
    x1, y1 = tip
    dx = x1 - x0
    dy = y1 - y0
    half = width / 2 / (math.hypot(dx, dy) + 1e-9)
    area = np.empty((12, 2))
    area[:, 0] = x0 + dx * _LEAF_ALONG - dy * half * _LEAF_ASIDE
    area[:, 1] = y0 + dy * _LEAF_ALONG + dx * half * _LEAF_ASIDE
    return area


def star(x: float, y: float, outer: float, inner: float, arms: int = 5) -> Outline:
    """A star standing on two arms."""
    turns = [math.pi / 2 + math.pi * i / arms for i in range(2 * arms)]
    radii = [outer if i % 2 == 0 else inner for i in range(2 * arms)]
    return np.array(
        [(x + math.cos(t) * r, y + math.sin(t) * r) for t, r in zip(turns, radii, strict=True)]
    )
