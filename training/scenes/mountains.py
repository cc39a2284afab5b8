"""Mountains: every peak has a sunlit face, a shaded face and, where it is high enough, snow.

The two faces meet along a spine that wanders down from the summit; the snow line is independent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.scenes.canvas import Fade, Stencil
from training.scenes.colors import Color, darker, lighter, mix
from training.scenes.dice import Dice
from training.scenes.land import SNOW, jagged
from training.scenes.shapes import Outline, Point, box, points, ribbon
from training.scenes.stage import Stage


@dataclass(frozen=True)
class Peak:
    """A summit and the two feet of its slopes, in pixels."""

    top: Point
    left: Point
    right: Point

    @property
    def tall(self) -> float:
        return self.left[1] - self.top[1]


def paint_range(
    stage: Stage,
    dice: Dice,
    foot: float,
    tall: float,
    rock: Color,
    *,
    count: int,
    distance: float,
    snow: float = 0.4,
) -> None:
    """A row of peaks: foot and snow as shares, of the picture's height and of the peak's."""
    order = dice.shuffled(range(count))
    for place, index in enumerate(
        sorted(order, key=lambda i: abs(i - (count - 1) / 2) * 0.3 + order[i] * 0.1)
    ):
        high = tall * stage.unit * dice.between(0.62, 1.0) * (1.0 if place else 1.1)
        x = (index + 0.5 + dice.between(-0.28, 0.28)) / count * stage.width
        spread = max(stage.width / count * 0.95, high * 0.8)
        base = foot * stage.height
        peak = Peak(
            (x, base - high), (x - spread * dice.between(0.8, 1.25), base),
            (x + spread * dice.between(0.8, 1.25), base),
        )  # fmt: skip
        _paint_peak(stage, dice, peak, rock, distance=distance, snow=snow)
    low = stage.land(rock, min(1.0, distance + 0.3))
    stage.fill(
        low, low, box(-2, foot * stage.height - 1, stage.width + 2, (foot + 0.08) * stage.height)
    )


def _paint_peak(
    stage: Stage, dice: Dice, peak: Peak, rock: Color, *, distance: float, snow: float
) -> None:
    left = jagged(dice, peak.top, peak.left, 0.05)
    right = jagged(dice, peak.top, peak.right, 0.05)
    swing = dice.between(-0.25, 0.25) * peak.tall
    spine = jagged(dice, peak.top, (peak.top[0] + swing, peak.left[1]), 0.09, steps=11)
    sunny, shady = (right, left) if stage.light.side > 0 else (left, right)
    bright = mix(lighter(rock, 0.06), stage.light.glow, 0.06)
    dim = darker(rock, 0.4)
    foot = stage.land(rock, min(1.0, distance + 0.3))
    faces: list[tuple[Outline, Color, Color]] = [
        (np.vstack([shady, spine[::-1]]), dim, darker(SNOW, 0.24)),
        (np.vstack([sunny, spine[::-1]]), bright, SNOW),
    ]
    for outline, tone, white in faces:
        face = stage.canvas.stencil([outline])
        stage.canvas.paint(face, Fade(stage.land(tone, distance), foot, grain=0.5))
        _paint_gullies(stage, dice, peak, face, darker(tone, 0.25), distance=distance)
        if snow > 0:
            cap = stage.canvas.stencil([_cap(dice, peak, snow)])
            stage.canvas.paint(cap, stage.land(white, distance * 0.4), clip=face)


def _cap(dice: Dice, peak: Peak, share: float) -> Outline:
    """The part of the peak above its snow line, tongues of snow reaching down."""
    line = peak.top[1] + peak.tall * share
    half = (peak.right[0] - peak.left[0]) * share * 0.6
    corners: list[Point] = []
    for step in range(11):
        x = peak.top[0] - half + 2 * half * step / 10
        tongue = dice.between(0.12, 0.4) if step % 2 == 0 else -dice.between(0.05, 0.3)
        corners.append((x + dice.between(-0.3, 0.3) * half / 10, line + tongue * peak.tall * share))
    high = peak.top[1] - peak.tall * 0.2
    return points(*corners, (peak.top[0] + half, high), (peak.top[0] - half, high))


def _paint_gullies(
    stage: Stage, dice: Dice, peak: Peak, face: Stencil | None, color: Color, *, distance: float
) -> None:
    """A few furrows running down the face."""
    furrows = []
    for _ in range(5):
        x = peak.top[0] + dice.between(-0.5, 0.5) * peak.tall
        y = peak.top[1] + dice.between(0.15, 0.5) * peak.tall
        lean = (x - peak.top[0]) * 0.5
        path = jagged(
            dice, (x, y), (x + lean, y + dice.between(0.2, 0.4) * peak.tall), 0.1, steps=5
        )
        furrows.append(ribbon(path, peak.tall * 0.035, 0.5))
    stage.wash(furrows, stage.land(color, distance), opacity=0.35, clip=face)
