"""Frames: where a thing's own coordinates lie on the canvas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.scenes.shapes import Outline, Point


@dataclass(frozen=True)
class Frame:
    """x' = a·x + c·y + e, y' = b·x + d·y + f."""

    a: float
    b: float
    c: float
    d: float
    e: float
    f: float

    def __matmul__(self, inner: Frame) -> Frame:
        """First the inner frame, then this one."""
        return Frame(
            self.a * inner.a + self.c * inner.b,
            self.b * inner.a + self.d * inner.b,
            self.a * inner.c + self.c * inner.d,
            self.b * inner.c + self.d * inner.d,
            self.a * inner.e + self.c * inner.f + self.e,
            self.b * inner.e + self.d * inner.f + self.f,
        )

    def point(self, x: float, y: float) -> Point:
        """One point."""
        return (self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f)

    def outline(self, outline: Outline) -> Outline:
        """Many points."""
        x = outline[:, 0]
        y = outline[:, 1]
        moved = np.empty_like(outline)
        moved[:, 0] = self.a * x + (self.c * y + self.e)
        moved[:, 1] = self.b * x + (self.d * y + self.f)
        return moved
