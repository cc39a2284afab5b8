"""The pen: draws a thing in its own frame, in the light of the scene.

A frame maps a thing's coordinates (x right, y up, foot at (0, 0)) to canvas pixels. Colors are
given as in white light; the pen tints them for the hour and fades them with distance, so that the
code of a thing deals with neither.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image

from training.scenes.canvas import Canvas, Fade, Stencil
from training.scenes.colors import Color, darker, lighter, mix, tinted
from training.scenes.frame import Frame
from training.scenes.light import Light
from training.scenes.shapes import Outline, Point, ribbon

GRAIN = 0.7  # how sprayed a rounded surface looks
NOWHERE = Stencil(Image.new("L", (1, 1)), 0, 0)


@dataclass(frozen=True)
class Pen:
    """Draws with tint and haze; `ink` replaces every color when only the silhouette is wanted."""

    canvas: Canvas
    light: Light
    frame: Frame
    haze: float = 0.0  # 0 near .. 1 lost in the distance
    clip: Stencil | None = None
    ink: Color | None = None

    @property
    def scale(self) -> float:
        """Pixels to one unit of the frame."""
        return math.sqrt(abs(self.frame.a * self.frame.d - self.frame.b * self.frame.c))

    @property
    def sunny(self) -> int:
        """+1 when light comes from the frame's right, -1 from its left."""
        return self.light.side if self.frame.a >= 0 else -self.light.side

    def at(
        self,
        x: float,
        y: float,
        size: float = 1.0,
        *,
        turn: float = 0.0,
        flip: bool = False,
        tall: float = 1.0,
    ) -> Pen:
        """A pen with its frame at (x, y) of this one: scaled, rotated, mirrored, stretched."""
        cos = math.cos(turn) * size
        sin = math.sin(turn) * size
        mirror = -1.0 if flip else 1.0
        return replace(
            self,
            frame=self.frame @ Frame(cos * mirror, sin * mirror, -sin * tall, cos * tall, x, y),
        )

    def lit(self, color: Color) -> Color:
        """The color as it looks here and now."""
        if self.ink is not None:
            return self.ink
        return mix(tinted(color, self.light.things), self.light.haze, self.haze)

    def _stencil(self, outlines: Sequence[Outline], blur: float = 0.0) -> Stencil | None:
        return self.canvas.stencil(outlines, blur=blur * self.scale, frame=self.frame)

    def flat(self, color: Color, *outlines: Outline, opacity: float = 1.0) -> None:
        """One even color."""
        self.canvas.paint(self._stencil(outlines), self.lit(color), opacity=opacity, clip=self.clip)

    def soft(self, color: Color, *outlines: Outline, blur: float, opacity: float = 1.0) -> None:
        """A blurred area: shadow, steam, a blush. blur in units of the frame."""
        self.canvas.paint(
            self._stencil(outlines, blur), self.lit(color), opacity=opacity, clip=self.clip
        )

    def fade(
        self,
        top: Color,
        bottom: Color,
        *outlines: Outline,
        grain: float = 0.3,
        opacity: float = 1.0,
    ) -> None:
        """From one color above to another below."""
        paint = Fade(self.lit(top), self.lit(bottom), grain=grain)
        self.canvas.paint(self._stencil(outlines), paint, clip=self.clip, opacity=opacity)

    def solid(self, color: Color, *outlines: Outline, depth: float = 0.3) -> None:
        """A rounded body: lit on the sun's side, shaded on the other."""
        bright = self.lit(lighter(color, depth * 0.35))
        dim = self.lit(darker(color, depth))
        paint = Fade(bright, dim, across=-self.light.side, grain=GRAIN)
        self.canvas.paint(self._stencil(outlines), paint, clip=self.clip)

    def line(
        self, color: Color, path: Outline | Sequence[Point], start: float, end: float | None = None
    ) -> None:
        """A stroke along a path, its width running from start to end."""
        self.flat(color, ribbon(path, start, end))

    def lamp(self, color: Color, *outlines: Outline, opacity: float = 1.0) -> None:
        """Something that shines: neither tinted nor hidden by the night."""
        shine = self.ink if self.ink is not None else mix(color, self.light.haze, self.haze * 0.5)
        self.canvas.paint(self._stencil(outlines), shine, clip=self.clip, opacity=opacity)

    def glow(self, color: Color, x: float, y: float, radius: float, strength: float = 0.6) -> None:
        """Light in the air around (x, y)."""
        if self.ink is None and self.clip is None:
            point = self.frame.point(x, y)
            self.canvas.glow(*point, radius * self.scale, color, strength * (1 - self.haze * 0.6))

    def inside(self, *outlines: Outline) -> Pen:
        """A pen that only paints inside the outlines."""
        return replace(self, clip=self._stencil(outlines) or NOWHERE)
