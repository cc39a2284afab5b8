"""Land: hills, mountains, dunes and what covers them, painted from far to near.

Colors are those of a white noon; the stage tints them and lets distance take them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from training.scenes.canvas import Fade, Stencil
from training.scenes.colors import Color, darker, lighter, mix
from training.scenes.dice import Dice
from training.scenes.shapes import Outline, curve, ellipse, points, ribbon, shifted
from training.scenes.stage import Stage

SNOW: Color = (240, 245, 252)


@dataclass(frozen=True)
class Crest:
    """The upper edge of a piece of land: pixels down, at even steps across the width."""

    line: Outline

    def down(self, x: float) -> float:
        """Pixels down at pixel x."""
        return float(np.interp(x, self.line[:, 0], self.line[:, 1]))

    def below(self, bottom: float) -> Outline:
        """The area from the crest down to the bottom."""
        left = float(self.line[0, 0])
        right = float(self.line[-1, 0])
        return np.vstack([self.line, points((right, bottom), (left, bottom))])


def rolling(stage: Stage, dice: Dice, down: float, rise: float, *, waves: float = 1.6) -> Crest:
    """A soft crest around that share of the height, rising and falling by `rise` units."""
    across = np.linspace(-0.02, 1.02, 73)
    level = np.zeros_like(across)
    for octave in range(3):
        turns = (waves * (1.0, 2.1, 3.7)[octave]) * dice.between(0.8, 1.2)
        level += (
            np.sin((across * turns + dice.between(0, 1)) * 2 * math.pi) * (1.0, 0.34, 0.12)[octave]
        )
    return Crest(
        np.stack([across * stage.width, down * stage.height - level * rise * stage.unit], axis=1)
    )


def jagged(
    dice: Dice, start: tuple[float, float], end: tuple[float, float], rough: float, steps: int = 9
) -> Outline:
    """A broken line from start to end, leaving the straight by up to `rough` of its length."""
    x0, y0 = start
    x1, y1 = end
    dx = x1 - x0
    dy = y1 - y0
    corners = [start]
    for step in range(1, steps):
        along = step / steps + dice.between(-0.3, 0.3) / steps
        aside = dice.between(-1, 1) * rough * math.sin(math.pi * step / steps)
        corners.append((x0 + dx * along - dy * aside, y0 + dy * along + dx * aside))
    return points(*corners, end)


def paint_hill(
    stage: Stage, crest: Crest, color: Color, *, distance: float = 0.0, depth: float = 0.4
) -> Stencil | None:
    """One hill, sunlit along the crest; `depth`: how far below it, a share of the height."""
    top = stage.land(lighter(color, 0.12), distance)
    bottom = stage.land(darker(color, 0.34), distance * 0.85)
    reach = float(crest.line[:, 1].max()) + depth * stage.height
    body = stage.canvas.stencil([crest.below(reach)])
    stage.canvas.paint(body, Fade(top, bottom, grain=0.6))
    edge = stage.canvas.stencil(
        [ribbon(shifted(crest.line, 0, 0.004 * stage.unit), 0.008 * stage.unit)]
    )
    stage.canvas.paint(
        edge,
        mix(top, stage.light.glow, 0.3),
        opacity=(0.2 if stage.light.dark else 0.45) * (1 - distance),
        clip=body,
    )
    return body


def paint_patches(
    stage: Stage,
    dice: Dice,
    crest: Crest,
    body: Stencil | None,
    color: Color,
    *,
    distance: float = 0.0,
) -> None:
    """Light and shadow lying across a hill, following its crest."""
    for index in range(4):
        drop = (0.05 + 0.09 * index) * stage.height
        sway = dice.between(0.01, 0.03) * stage.unit
        phase = dice.between(0, 6.3)
        wave = np.sin(crest.line[:, 0] / stage.width * dice.between(5, 9) + phase) * sway
        upper = crest.line + np.stack([np.zeros_like(wave), drop + wave], axis=1)
        lower = upper + np.stack(
            [
                np.zeros_like(wave),
                np.abs(np.sin(crest.line[:, 0] / stage.width * 7 + phase)) * 0.05 * stage.height,
            ],
            axis=1,
        )
        tone = lighter(color, 0.16) if index % 2 == 0 else darker(color, 0.22)
        band = stage.canvas.stencil([np.vstack([upper, lower[::-1]])], blur=0.004 * stage.unit)
        stage.canvas.paint(band, stage.land(tone, distance), opacity=0.4, clip=body)


def paint_tufts(
    stage: Stage,
    dice: Dice,
    top: float,
    bottom: float,
    color: Color,
    *,
    count: int = 120,
    size: float = 0.03,
) -> None:
    """Tufts of three grass blades, larger toward the viewer; top, bottom: shares of the height."""
    bunches: tuple[list[Outline], list[Outline]] = ([], [])
    for index in range(count):
        near = (index + 1) / count
        x = dice.between(-0.02, 1.02) * stage.width
        y = (top + (bottom - top) * near**1.2) * stage.height
        tall = size * stage.unit * (0.25 + 0.75 * near)
        lean = dice.between(-0.2, 0.2)
        high = dice.between(0.75, 1.0)
        corners = (
            (-0.12, 0), (lean - 0.5, 0.62), (-0.04, 0.16), (lean + 0.04, high), (0.04, 0.16),
            (lean + 0.46, 0.7), (0.12, 0),
        )  # fmt: skip
        bunches[index % 3 == 0].append(
            np.array([(x + dx * tall, y - dy * tall) for dx, dy in corners])
        )
    stage.wash(bunches[0], stage.land(darker(color, 0.28)), opacity=0.75)
    stage.wash(bunches[1], stage.land(lighter(color, 0.22)), opacity=0.8)


def paint_specks(
    stage: Stage,
    dice: Dice,
    top: float,
    bottom: float,
    colors: tuple[Color, ...],
    *,
    count: int,
    size: float,
) -> None:
    """Small dots, flattened by the slant of the ground: petals, pebbles, fallen leaves."""
    share = count // len(colors)
    for color in colors:
        dots = []
        for index in range(share):
            near = (index + 1) / share
            down = (top + (bottom - top) * near**1.3) * stage.height
            radius = size * stage.unit * (0.25 + 0.75 * near) * dice.between(0.6, 1.2)
            dots.append(
                ellipse(
                    dice.between(-0.02, 1.02) * stage.width, down, radius, radius * 0.7, corners=8
                )
            )
        stage.wash(dots, stage.land(color))


def paint_dune(stage: Stage, dice: Dice, crest: Crest, color: Color, *, distance: float) -> None:
    """A dune: sunlit slope; from each summit a sharp shadow winds down away from the sun."""
    body = paint_hill(stage, crest, color, distance=distance, depth=0.3)
    line = crest.line
    summits = [i for i in range(3, len(line) - 3) if line[i, 1] == line[i - 3 : i + 4, 1].min()]
    for i in summits:
        x = float(line[i, 0])
        y = float(line[i, 1])
        away = -stage.light.side
        tall = dice.between(0.16, 0.24) * stage.unit
        spine = curve(
            (x, y), (x - away * tall * 0.18, y + tall * 0.3),
            (x + away * tall * 0.12, y + tall * 0.62), (x - away * tall * 0.12, y + tall * 0.95),
            (x - away * tall * 0.5, y + tall * 1.3),
        )  # fmt: skip
        far = [(x + away * tall * 3.4, y + tall * 1.5), (x + away * tall * 3.0, y - tall)]
        shade = stage.canvas.stencil([np.vstack([spine, points(*far)])], blur=0.0015 * stage.unit)
        start = stage.land(darker(color, 0.42), distance)
        end = stage.land(darker(color, 0.05), distance)
        stage.canvas.paint(shade, Fade(start, end, across=away, grain=0.5), clip=body, opacity=0.85)


def grass_of(stage: Stage) -> Color:
    """The meadow's color in the season."""
    fresh = {
        "summer": (122, 170, 74),
        "spring": (142, 190, 84),
        "autumn": (176, 160, 78),
        "winter": SNOW,
    }
    return mix(
        fresh[stage.season],
        (96, 158, 88),
        stage.dice.between(0, 0.5) if stage.season != "winter" else 0.0,
    )
