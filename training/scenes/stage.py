"""The stage: what every place is painted on, and its coordinates.

`across` is a share of the width, `down` a share of the height, sizes are in units of the shorter
side, so that one scene fits every format.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from training.scenes.canvas import Canvas, Fade, Paint, Stencil
from training.scenes.colors import Color, mix, tinted
from training.scenes.dice import Dice
from training.scenes.frame import Frame
from training.scenes.light import Light
from training.scenes.pen import Pen
from training.scenes.shapes import Outline


@dataclass(frozen=True)
class Stage:
    """Canvas, light and random stream of a scene; horizon: share of the height where sky ends."""

    canvas: Canvas
    light: Light
    dice: Dice
    horizon: float = 0.6
    season: str = "summer"  # or spring, autumn, winter: colors of leaves and grass
    without: frozenset[str] = frozenset()  # families that the caption counts: not in the backdrop

    @property
    def width(self) -> float:
        return float(self.canvas.width)

    @property
    def height(self) -> float:
        return float(self.canvas.height)

    @property
    def unit(self) -> float:
        return self.canvas.unit

    def land(self, color: Color, distance: float = 0.0) -> Color:
        """The color of ground in this light, faded by distance 0..1."""
        return mix(tinted(color, self.light.land), self.light.haze, distance)

    def fill(
        self, top: Color, bottom: Color, *outlines: Outline, grain: float = 0.5, blur: float = 0.0
    ) -> None:
        """Pixel outlines, painted from the top color to the bottom one."""
        self.canvas.paint(self.canvas.stencil(outlines, blur=blur), Fade(top, bottom, grain=grain))

    def wash(
        self,
        outlines: Sequence[Outline],
        paint: Paint,
        *,
        blur: float = 0.0,
        opacity: float = 1.0,
        clip: Stencil | None = None,
    ) -> None:
        """Pixel outlines as one area, the paint untinted."""
        self.canvas.paint(
            self.canvas.stencil(outlines, blur=blur), paint, opacity=opacity, clip=clip
        )

    def pen(
        self, across: float, down: float, size: float, *, haze: float = 0.0, flip: bool = False
    ) -> Pen:
        """A pen at that point; its unit is `size` times the shorter side."""
        scale = size * self.unit
        frame = Frame(
            -scale if flip else scale, 0, 0, -scale, across * self.width, down * self.height
        )
        return Pen(self.canvas, self.light, frame, haze)

    def growing(
        self, across: float, down: float, size: float, *, haze: float = 0.0, flip: bool = False
    ) -> Pen:
        """A pen for plants of the landscape: tinted almost like the ground they grow on."""
        pen = self.pen(across, down, size, haze=haze, flip=flip)
        between = mix(self.light.land, self.light.things, 0.25)
        return replace(pen, light=replace(self.light, things=between))
