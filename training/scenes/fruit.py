"""Fruit, one unit across, lying on y = 0, and bowls of it."""

from __future__ import annotations

import math
from collections.abc import Callable

from training.scenes.colors import Color, darker, lighter, mix
from training.scenes.dice import Dice
from training.scenes.pen import Pen
from training.scenes.shading import roundness, shine
from training.scenes.shapes import curve, ellipse, leaf, points, ribbon, slanted, smooth
from training.scenes.tabletop import bowl

STALK: Color = (104, 74, 48)
GREEN: Color = (92, 150, 70)


def apple(pen: Pen, color: Color, dice: Dice) -> None:
    """An apple with a leaf."""
    body = smooth(
        (0, 0.82), (-0.26, 0.9), (-0.48, 0.7), (-0.46, 0.36), (-0.26, 0.04), (-0.08, 0.0),
        (0, 0.03), (0.08, 0.0), (0.26, 0.04), (0.46, 0.36), (0.48, 0.7), (0.26, 0.9),
    )  # fmt: skip
    roundness(pen, body, color, (0, 0.45), 0.46)
    pen.inside(body).soft(
        mix(color, (250, 220, 110), 0.6), ellipse(0, 0.84, 0.2, 0.08), blur=0.06, opacity=0.6
    )
    pen.line(STALK, curve((0, 0.8), (0.02, 0.94), (0.08, 1.04)), 0.04, 0.05)
    pen.solid(GREEN, leaf((0.05, 0.94), (0.36, 1.08), 0.16))
    shine(pen, body, (0.24, 0.66), 0.1, 0.13)


def orange(pen: Pen, color: Color, dice: Dice) -> None:
    """An orange: a ball with pores."""
    body = ellipse(0, 0.46, 0.47, 0.46)
    roundness(pen, body, color, (0, 0.46), 0.46)
    pores = [
        ellipse(
            math.cos(i * 2.4) * 0.06 * i**0.5,
            0.46 + math.sin(i * 2.4) * 0.06 * i**0.5,
            0.011,
            corners=6,
        )
        for i in range(4, 52)
    ]
    pen.inside(body).flat(darker(color, 0.25), *pores, opacity=0.5)
    pen.flat((96, 130, 62), ellipse(0.03, 0.87, 0.05, 0.025))
    shine(pen, body, (0.2, 0.62), 0.1, 0.1)


def lemon(pen: Pen, color: Color, dice: Dice) -> None:
    """A lemon on its side."""
    body = slanted(
        smooth(
            (-0.6, 0.36), (-0.46, 0.42), (-0.24, 0.66), (0.2, 0.66), (0.44, 0.46), (0.58, 0.38),
            (0.58, 0.3), (0.44, 0.24), (0.2, 0.04), (-0.24, 0.04), (-0.46, 0.28),
        ),
        dice.between(-0.2, 0.2),
        0,
        0.3,
    )  # fmt: skip
    roundness(pen, body, color, (0, 0.35), 0.34)
    shine(pen, body, (0.14, 0.5), 0.1, 0.06)


def pear(pen: Pen, color: Color, dice: Dice) -> None:
    """A pear standing up."""
    body = smooth(
        (0, 1.0), (-0.12, 0.96), (-0.18, 0.76), (-0.34, 0.54), (-0.42, 0.28), (-0.26, 0.03),
        (0, 0.0), (0.26, 0.03), (0.42, 0.28), (0.34, 0.54), (0.18, 0.76), (0.12, 0.96),
    )  # fmt: skip
    roundness(pen, body, color, (0, 0.32), 0.38)
    pen.line(STALK, curve((0, 0.98), (0.01, 1.08), (0.07, 1.15)), 0.035, 0.045)
    pen.inside(body).flat(
        darker(color, 0.35),
        *[
            ellipse(
                math.cos(i * 2.4) * 0.05 * i**0.5,
                0.3 + math.sin(i * 2.4) * 0.05 * i**0.5,
                0.009,
                corners=6,
            )
            for i in range(30)
        ],
        opacity=0.5,
    )
    shine(pen, body, (0.16, 0.44), 0.07, 0.1)


def banana(pen: Pen, color: Color, dice: Dice) -> None:
    """Two bananas grown together are one bunch; this is a single one, lying."""
    body = smooth(
        (-0.62, 0.62), (-0.5, 0.28), (-0.16, 0.04), (0.24, 0.06), (0.54, 0.28), (0.64, 0.5),
        (0.5, 0.42), (0.2, 0.3), (-0.14, 0.3), (-0.42, 0.46), (-0.54, 0.66),
    )  # fmt: skip
    pen.fade(lighter(color, 0.14), darker(color, 0.24), body, grain=0.7)
    inside = pen.inside(body)
    inside.flat(
        darker(color, 0.2),
        ribbon(curve((-0.58, 0.6), (-0.3, 0.22), (0.1, 0.14), (0.5, 0.34)), 0.03),
        opacity=0.6,
    )
    inside.flat(
        lighter(color, 0.6),
        ribbon(curve((-0.46, 0.48), (-0.14, 0.26), (0.2, 0.26)), 0.03),
        opacity=0.7,
    )
    pen.solid(
        (116, 92, 46),
        points((-0.64, 0.6), (-0.62, 0.76), (-0.54, 0.76), (-0.53, 0.63)),
        ellipse(0.63, 0.49, 0.035),
    )


def _heap(pen: Pen, fruit: Callable[[Pen, Color, Dice], None], color: Color, dice: Dice) -> None:
    """Six fruits in a pyramid that a bowl will hide the foot of."""
    for x, y in ((-0.56, 0.64), (0.56, 0.64), (0.0, 0.62), (-0.3, 0.98), (0.3, 0.98), (0.0, 1.3)):
        fruit(pen.at(x, y, 0.58), color, dice)


def bowl_of_apples(pen: Pen, color: Color, dice: Dice) -> None:
    """A bowl in the color, heaped with red apples."""
    _heap(pen, apple, (206, 48, 46), dice)
    bowl(pen, color, dice)


def bowl_of_oranges(pen: Pen, color: Color, dice: Dice) -> None:
    """A bowl in the color, heaped with oranges."""
    _heap(pen, orange, (244, 142, 40), dice)
    bowl(pen, color, dice)


def bowl_of_lemons(pen: Pen, color: Color, dice: Dice) -> None:
    """A bowl in the color, heaped with lemons."""
    _heap(pen, lemon, (248, 208, 70), dice)
    bowl(pen, color, dice)


def bowl_of_pears(pen: Pen, color: Color, dice: Dice) -> None:
    """A bowl in the color, heaped with green pears."""
    _heap(pen, pear, (140, 178, 70), dice)
    bowl(pen, color, dice)
