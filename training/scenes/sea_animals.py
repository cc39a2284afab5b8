"""Animals in the sea: one unit tall; whales at the waterline, the rest free in the water."""

from __future__ import annotations

import math

from training.scenes.animals import eye
from training.scenes.colors import INK, WHITE, Color, darker, lighter, mix
from training.scenes.dice import Dice
from training.scenes.pen import Pen
from training.scenes.shapes import (
    curve,
    ellipse,
    leaf,
    ribbon,
    slanted,
    smooth,
    star,
)


def whale(pen: Pen, color: Color, dice: Dice) -> None:
    """A whale's back and fluke above the surface, blowing."""
    for side in (-1, 1):
        spout = curve(
            (0.52, 0.5),
            (0.52 + side * 0.05, 0.8),
            (0.52 + side * 0.25, 0.82),
            (0.52 + side * 0.3, 0.7),
        )
        pen.flat((236, 246, 252), ribbon(spout, 0.05, 0.02), opacity=0.9)
    back = smooth(
        (-0.75, -0.03),
        (-0.4, 0.22),
        (0.1, 0.46),
        (0.6, 0.48),
        (0.95, 0.24),
        (1.0, -0.03),
        (0.2, -0.05),
    )
    pen.solid(color, back, depth=0.4)
    within = pen.inside(back)
    within.flat(lighter(color, 0.6), smooth((0.3, -0.1), (0.5, 0.05), (0.98, 0.14), (1.1, -0.1)))
    within.flat(
        darker(color, 0.2),
        *[ribbon(curve((0.5, y), (0.75, y + 0.06), (1.0, y + 0.07)), 0.012) for y in (-0.02, 0.03)],
    )
    pen.flat(INK, ellipse(0.7, 0.22, 0.028))
    tail = smooth(
        (-0.95, -0.02), (-1.02, 0.2), (-1.3, 0.44), (-1.05, 0.47), (-0.93, 0.36), (-0.78, 0.5),
        (-0.58, 0.42), (-0.82, 0.2), (-0.8, -0.02),
    )  # fmt: skip
    pen.solid(darker(color, 0.1), tail, depth=0.3)


def fish(pen: Pen, color: Color, dice: Dice) -> None:
    """A round bright fish, swimming."""
    body = smooth(
        (0.7, 0.5), (0.4, 0.78), (-0.1, 0.84), (-0.5, 0.56), (-0.5, 0.44), (-0.1, 0.16), (0.4, 0.22)
    )
    fin = mix(darker(color, 0.1), (255, 230, 150), 0.25)
    pen.solid(
        fin,
        smooth((-0.42, 0.5), (-0.9, 0.86), (-0.78, 0.5), (-0.9, 0.14)),
        smooth((0.3, 0.76), (0.0, 1.02), (-0.34, 0.92), (-0.3, 0.7)),
        smooth((0.1, 0.2), (-0.14, 0.0), (-0.34, 0.08), (-0.24, 0.26)),
    )
    pen.fade(darker(color, 0.05), lighter(color, 0.12), body, grain=0.6)
    within = pen.inside(body)
    stripes = [
        smooth(
            (x, 0.95), (x + 0.12, 0.5), (x, 0.05), (x - 0.1, 0.05), (x + 0.02, 0.5), (x - 0.1, 0.95)
        )
        for x in (0.26, -0.06, -0.36)
    ]
    within.flat(lighter(color, 0.75) if dice.chance(0.6) else darker(color, 0.4), *stripes)
    scales = [
        arc
        for x in (0.1, -0.18)
        for y in (0.35, 0.5, 0.65)
        for arc in [ribbon(curve((x, y + 0.05), (x - 0.05, y), (x, y - 0.05)), 0.012)]
    ]
    within.flat(darker(color, 0.3), *scales, opacity=0.5)
    pen.solid(fin, leaf((0.16, 0.42), (-0.16, 0.3), 0.16))
    pen.flat(WHITE, ellipse(0.46, 0.58, 0.085))
    pen.flat(INK, ellipse(0.48, 0.58, 0.05))
    pen.flat(WHITE, ellipse(0.5, 0.605, 0.018))


def jellyfish(pen: Pen, color: Color, dice: Dice) -> None:
    """A drifting bell with trailing arms; its arms' ends at y = 0."""
    for index in range(7):
        x = -0.24 + index * 0.08
        sway = dice.between(0.03, 0.07)
        path = curve(
            (x, 0.66), (x + sway, 0.45), (x - sway, 0.22), (x + sway * 0.5, dice.between(0, 0.12))
        )
        pen.flat(lighter(color, 0.3), ribbon(path, 0.034, 0.01), opacity=0.75)
    bell = smooth(
        (-0.34, 0.62), (-0.32, 0.8), (-0.16, 0.96), (0.16, 0.96), (0.32, 0.8), (0.34, 0.62),
        (0.2, 0.68), (0.1, 0.62), (0, 0.68), (-0.1, 0.62), (-0.2, 0.68),
    )  # fmt: skip
    pen.fade(lighter(color, 0.3), color, bell, opacity=0.92)
    pen.inside(bell).flat(
        lighter(color, 0.7),
        ellipse(-0.12, 0.84, 0.07, 0.04),
        ellipse(0.03, 0.88, 0.03, 0.02),
        opacity=0.8,
    )


def starfish(pen: Pen, color: Color, dice: Dice) -> None:
    """A starfish lying on the sand, 1 unit across."""
    turned = pen.at(0, 0.32, turn=dice.between(0, 1.2), tall=0.8)
    arms = star(0, 0, 0.5, 0.2)
    turned.solid(color, smooth(*[(float(x), float(y)) for x, y in arms]), depth=0.35)
    dots = [
        ellipse(math.cos(a) * r, math.sin(a) * r, 0.026)
        for a in (1.57, 2.83, 4.08, 5.34, 6.6)
        for r in (0.1, 0.2, 0.3)
    ]
    turned.flat(lighter(color, 0.55), *dots)


def turtle(pen: Pen, color: Color, dice: Dice) -> None:
    """A sea turtle seen from the side, swimming."""
    skin = mix(lighter(color, 0.3), (220, 210, 150), 0.3)
    pen.solid(
        darker(skin, 0.2),
        leaf((-0.5, 0.36), (-0.86, 0.2), 0.16),
        slanted(leaf((0.1, 0.3), (-0.3, -0.02), 0.2), 0.1),
    )
    pen.solid(
        skin,
        smooth((0.5, 0.4), (0.64, 0.62), (0.84, 0.64), (0.92, 0.5), (0.8, 0.4), (0.6, 0.32)),
        depth=0.3,
    )
    shell = smooth(
        (-0.66, 0.3), (-0.5, 0.6), (-0.1, 0.86), (0.3, 0.76), (0.58, 0.46), (0.54, 0.3), (0.0, 0.22)
    )
    pen.solid(color, shell, depth=0.4)
    inside = pen.inside(shell)
    plates = [
        ellipse(x, y, 0.13, 0.12, corners=6)
        for x, y in (
            (-0.36, 0.46), (-0.08, 0.64), (-0.06, 0.4), (0.22, 0.56), (0.26, 0.36), (-0.5, 0.3)
        )
    ]  # fmt: skip
    inside.flat(lighter(color, 0.32), *plates, opacity=0.7)
    inside.flat(darker(color, 0.35), ribbon(curve((-0.7, 0.32), (0, 0.24), (0.6, 0.34)), 0.06))
    pen.solid(skin, leaf((0.3, 0.34), (-0.06, -0.06), 0.22), depth=0.3)
    eye(pen, 0.78, 0.55, 0.03)
