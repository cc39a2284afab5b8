"""Things in the air and in space: one unit tall, the lowest point at (0, 0)."""

from __future__ import annotations

import math

import numpy as np

from training.scenes.colors import INK, WHITE, Color, darker, lighter, mix
from training.scenes.dice import Dice
from training.scenes.pen import Pen
from training.scenes.shapes import box, curve, ellipse, leaf, points, ribbon, rounded_box, smooth

CREAM: Color = (252, 246, 232)
STEEL: Color = (226, 230, 236)
GLASS: Color = (196, 224, 238)


def balloon(pen: Pen, color: Color, dice: Dice) -> None:
    """A hot-air balloon: gores of the color, one cream band, a wicker basket."""
    bag = smooth(
        (0, 1.0), (-0.25, 0.95), (-0.38, 0.74), (-0.33, 0.52), (-0.16, 0.29), (-0.08, 0.21),
        (0.08, 0.21), (0.16, 0.29), (0.33, 0.52), (0.38, 0.74), (0.25, 0.95),
    )  # fmt: skip
    pen.flat(
        (120, 100, 84),
        *[ribbon([(x, 0.22), (x * 0.7, 0.1)], 0.008) for x in (-0.075, -0.03, 0.03, 0.075)],
    )
    pen.solid(color, bag, depth=0.34)
    inside = pen.inside(bag)
    for reach in (0.38, 0.14):
        gore = np.vstack([
            curve((0, 1.02), (reach, 0.7), (0.02 + reach * 0.2, 0.2)),
            curve((-0.02 - reach * 0.2, 0.2), (-reach, 0.7), (0, 1.02)),
        ])  # fmt: skip
        inside.flat(darker(color, 0.3) if reach > 0.2 else lighter(color, 0.22), gore, opacity=0.32)
    band = [smooth((-0.42, 0.66), (0, 0.58), (0.42, 0.66), (0.42, 0.76), (0, 0.69), (-0.42, 0.76))]
    inside.solid(CREAM, *band, depth=0.3)
    inside.soft(WHITE, ellipse(0.16 * pen.sunny, 0.84, 0.08, 0.09), blur=0.05, opacity=0.5)
    pen.solid(
        darker(color, 0.35),
        points((-0.085, 0.225), (0.085, 0.225), (0.075, 0.195), (-0.075, 0.195)),
    )
    pen.solid((176, 124, 76), rounded_box(-0.065, 0.0, 0.065, 0.105, 0.02), depth=0.34)
    pen.flat(
        (112, 76, 50),
        box(-0.068, 0.085, 0.068, 0.105),
        *[ribbon([(-0.06, y), (0.06, y)], 0.006) for y in (0.025, 0.05)],
    )
    pen.lamp((255, 214, 110), leaf((0, 0.13), (0, 0.2), 0.03))


def plane(pen: Pen, color: Color, dice: Dice) -> None:
    """An airliner in the color with a cream stripe."""
    pen.solid(darker(color, 0.2), points((0.1, 0.56), (-0.22, 0.92), (-0.36, 0.92), (-0.16, 0.54)))
    pen.solid(color, points((-0.98, 0.52), (-1.28, 1.0), (-1.08, 1.0), (-0.66, 0.58)), depth=0.2)
    body = smooth(
        (1.2, 0.46), (1.0, 0.58), (0.6, 0.64), (-0.7, 0.62), (-1.22, 0.6), (-0.8, 0.4),
        (-0.2, 0.34), (0.7, 0.32), (1.1, 0.38),
    )  # fmt: skip
    pen.fade(lighter(color, 0.2), darker(color, 0.12), body)
    inside = pen.inside(body)
    inside.flat(CREAM, ribbon(curve((-1.3, 0.5), (-0.4, 0.43), (1.3, 0.41)), 0.05))
    inside.flat(
        mix(GLASS, color, 0.1),
        *[rounded_box(-0.62 + 0.15 * i, 0.51, -0.55 + 0.15 * i, 0.57, 0.02) for i in range(10)],
        smooth((0.92, 0.52), (1.0, 0.57), (1.12, 0.52), (1.0, 0.49)),
    )
    pen.solid(color, points((0.26, 0.42), (-0.5, 0.0), (-0.72, 0.02), (-0.24, 0.42)), depth=0.3)
    pen.solid(darker(STEEL, 0.15), rounded_box(-0.26, 0.12, 0.06, 0.26, 0.06), depth=0.4)
    pen.solid(color, points((-0.9, 0.52), (-1.3, 0.36), (-1.42, 0.38), (-1.14, 0.54)), depth=0.3)


def rocket(pen: Pen, color: Color, dice: Dice) -> None:
    """A rocket in the color with a cream nose, flying on a flame."""
    turned = pen.at(0, 0.2, turn=dice.between(-0.7, 0.7))
    turned.glow((255, 190, 100), 0, -0.06, 0.36, 0.6)
    turned.lamp((255, 150, 60), leaf((0, 0.08), (0, -0.28), 0.2))
    turned.lamp((255, 236, 160), leaf((0, 0.08), (0, -0.14), 0.11))
    for side in (-1, 1):
        turned.solid(
            darker(color, 0.2),
            smooth(
                (side * 0.1, 0.26), (side * 0.25, 0.12), (side * 0.25, -0.02), (side * 0.1, 0.08)
            ),
            depth=0.3,
        )
    body = smooth(
        (0, 0.86),
        (-0.13, 0.62),
        (-0.15, 0.36),
        (-0.1, 0.07),
        (0.1, 0.07),
        (0.15, 0.36),
        (0.13, 0.62),
    )
    turned.solid(color, body, depth=0.34)
    turned.inside(body).solid(
        CREAM, box(-0.3, 0.66, 0.3, 0.9), box(-0.3, 0.24, 0.3, 0.29), depth=0.34
    )
    turned.flat(STEEL, ellipse(0, 0.46, 0.078))
    turned.fade((170, 214, 236), (70, 118, 166), ellipse(0, 0.46, 0.056))
    turned.solid(darker(color, 0.25), leaf((0, -0.02), (0, 0.24), 0.05))


def planet(pen: Pen, color: Color, dice: Dice) -> None:
    """A banded planet, with a ring half the time."""
    ringed = dice.chance(0.5)
    lean = dice.between(-0.4, 0.4)
    disc = ellipse(0, 0.5, 0.42 if ringed else 0.5, corners=56)
    pen.glow(color, 0, 0.5, 0.86, 0.35)
    if ringed:
        _ring(pen.at(0, 0.5, turn=lean), darker(color, 0.2), 0.0, 1.0)
    pen.solid(color, disc, depth=0.2)
    inside = pen.inside(disc)
    turned = pen.inside(disc).at(0, 0.5, turn=lean)
    for index in range(5):
        y = -0.36 + index * 0.18 + dice.between(-0.04, 0.04)
        tall = dice.between(0.03, 0.09)
        band = smooth(
            (-0.6, y), (-0.2, y + 0.02), (0.2, y - 0.02), (0.6, y), (0.6, y + tall),
            (0.1, y + tall + 0.02), (-0.6, y + tall),
        )  # fmt: skip
        turned.flat(lighter(color, 0.3) if index % 2 else darker(color, 0.24), band, opacity=0.6)
    inside.soft(darker(color, 0.85), ellipse(-0.42 * pen.sunny, 0.32, 0.42), blur=0.12, opacity=0.7)
    inside.soft(WHITE, ellipse(0.2 * pen.sunny, 0.7, 0.12), blur=0.08, opacity=0.4)
    if ringed:
        _ring(pen.at(0, 0.5, turn=lean), color, 1.0, 2.0)


def _ring(pen: Pen, color: Color, start: float, end: float) -> None:
    """Part of a tilted ring; start, end in half turns: 0..1 behind the planet, 1..2 in front."""
    turns = np.linspace(start * math.pi, end * math.pi, 40)
    for radius, wide, tone in (
        (0.62, 0.05, lighter(color, 0.55)),
        (0.55, 0.025, lighter(color, 0.3)),
    ):
        pen.flat(
            tone,
            ribbon(np.stack([np.cos(turns) * radius, np.sin(turns) * radius * 0.28], axis=1), wide),
        )


def comet(pen: Pen, color: Color, dice: Dice) -> None:
    """A bright head and a long tail."""
    turned = pen.at(0.55, 0.7, turn=dice.between(0.25, 0.6))
    for length, wide, opacity in ((2.0, 0.5, 0.2), (1.6, 0.34, 0.3), (1.1, 0.2, 0.45)):
        turned.soft(
            color,
            points((0.1, -wide / 2), (0.1, wide / 2), (-length, 0.02), (-length, -0.02)),
            blur=0.05,
            opacity=opacity,
        )
    turned.glow(color, 0, 0, 0.6, 0.8)
    turned.lamp((255, 255, 246), ellipse(0.0, 0, 0.16))


def saucer(pen: Pen, color: Color, dice: Dice) -> None:
    """A flying saucer with a lit dome."""
    tilted = pen.at(0, 0.4, turn=dice.between(-0.25, 0.25))
    tilted.flat(
        (190, 240, 220),
        points((-0.3, -0.1), (0.3, -0.1), (0.66, -1.0), (-0.66, -1.0)),
        opacity=0.16,
    )
    tilted.fade(
        (206, 240, 246),
        (110, 170, 190),
        smooth((-0.4, 0.12), (-0.32, 0.42), (0, 0.6), (0.32, 0.42), (0.4, 0.12)),
    )
    tilted.solid(
        color,
        smooth((-1.0, 0.0), (-0.5, 0.22), (0.5, 0.22), (1.0, 0.0), (0.5, -0.22), (-0.5, -0.22)),
        depth=0.4,
    )
    tilted.lamp(
        (255, 236, 150),
        *[ellipse(x, -0.02 - 0.1 * (1 - x * x), 0.055) for x in (-0.7, -0.35, 0.0, 0.35, 0.7)],
    )


def satellite(pen: Pen, color: Color, dice: Dice) -> None:
    """A satellite: a body with two panels in the color."""
    turned = pen.at(0, 0.5, turn=dice.between(-0.6, 0.6))
    turned.line(STEEL, [(-0.4, 0), (0.4, 0)], 0.04)
    for left in (-1.0, 0.36):
        panel = box(left, -0.22, left + 0.64, 0.22)
        turned.fade(lighter(color, 0.15), darker(color, 0.2), panel)
        turned.inside(panel).flat(
            CREAM,
            *[ribbon([(left + x, -0.3), (left + x, 0.3)], 0.014) for x in (0.16, 0.32, 0.48)],
            ribbon([(left, 0), (left + 1, 0)], 0.014),
        )
    turned.solid(STEEL, rounded_box(-0.24, -0.28, 0.24, 0.28, 0.06), depth=0.4)
    turned.line(STEEL, [(0, 0.28), (0, 0.44)], 0.03)
    turned.solid(mix(STEEL, INK, 0.1), smooth((-0.2, 0.5), (0, 0.4), (0.2, 0.5), (0, 0.46)))
