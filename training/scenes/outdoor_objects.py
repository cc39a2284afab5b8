"""Toys, tools and small things of the open air: one unit tall, standing on y = 0."""

from __future__ import annotations

import math

from training.scenes.colors import INK, WHITE, Color, darker, lighter, mix
from training.scenes.dice import Dice
from training.scenes.pen import Pen
from training.scenes.shapes import (
    arch,
    box,
    curve,
    ellipse,
    leaf,
    points,
    ribbon,
    rounded_box,
    smooth,
)

STICK: Color = (150, 112, 78)
CREAM: Color = (252, 246, 232)


def ball(pen: Pen, color: Color, dice: Dice) -> None:
    """A beach ball with cream panels."""
    turned = pen.at(0, 0.5, turn=dice.between(-0.6, 0.6))
    disc = ellipse(0, 0, 0.5, corners=40)
    turned.solid(color, disc, depth=0.34)
    inside = turned.inside(disc)
    for lean in (-0.34, 0.3):
        inside.solid(
            CREAM,
            smooth(
                (0, 0.52), (lean, 0.3), (lean * 1.3, 0.0), (lean, -0.3), (0, -0.52),
                (lean * 0.55, -0.2), (lean * 0.62, 0.1),
            ),
            depth=0.26,
        )  # fmt: skip
    inside.flat(CREAM, ellipse(0, 0.47, 0.1, 0.05))
    pen.inside(ellipse(0, 0.5, 0.5)).soft(
        WHITE, ellipse(0.18 * pen.sunny, 0.7, 0.12, 0.1), blur=0.05, opacity=0.6
    )
    pen.inside(ellipse(0, 0.5, 0.5)).soft(
        INK, ribbon(curve((-0.5, 0.2), (0, 0.0), (0.5, 0.2)), 0.12), blur=0.07, opacity=0.3
    )


def umbrella(pen: Pen, color: Color, dice: Dice) -> None:
    """An open parasol planted in the ground, panels in the color and cream."""
    leaned = pen.at(0, 0, turn=dice.between(-0.2, 0.2))
    leaned.solid(STICK, ribbon([(0, 0), (0, 0.95)], 0.028), depth=0.3)
    shade = arch(-0.62, 0.62, 1.0, 0.4)
    edge = [
        smooth((x, 0.71), (x + 0.124, 0.745), (x + 0.248, 0.71), (x + 0.124, 0.68))
        for x in (-0.62, -0.372, -0.124, 0.124, 0.372)
    ]
    leaned.solid(color, shade, *edge, depth=0.3)
    inside = leaned.inside(shade, *edge)
    for left, right in ((-0.372, -0.124), (0.124, 0.372)):
        inside.solid(
            CREAM,
            smooth(
                (left, 0.62), (left * 0.75, 0.86), (0, 1.02), (right * 0.75, 0.86), (right, 0.62)
            ),
            depth=0.25,
        )
    leaned.line(STICK, [(0, 0.98), (0, 1.05)], 0.03, 0.015)


def kite(pen: Pen, color: Color, dice: Dice) -> None:
    """A diamond kite with a tail of bows, flying."""
    pen = pen.at(-0.15, 0)
    tail = curve((0.1, 0.5), (-0.06, 0.38), (0.06, 0.22), (-0.08, 0.1), (0.02, 0.0))
    pen.flat(INK, ribbon(tail, 0.01))
    turned = pen.at(0.1, 0.5, turn=-0.35)
    for corner, tone in (
        ((-0.24, 0.3), darker(color, 0.12)),
        ((0.24, 0.3), lighter(color, 0.12)),
    ):
        turned.solid(tone, points((0, 0), corner, (0, 0.52)), depth=0.16)
    turned.solid(
        mix(color, CREAM, 0.75), points((0, 0), (-0.12, 0.15), (0, 0.3), (0.12, 0.15)), depth=0.16
    )
    turned.flat(
        darker(color, 0.45),
        ribbon([(0, 0), (0, 0.52)], 0.012),
        ribbon([(-0.24, 0.3), (0.24, 0.3)], 0.012),
    )
    for index in (5, 11, 17, 22):
        x, y = tail[index].tolist()
        pen.flat(
            color if index % 2 else CREAM,
            points((x, y), (x + 0.06, y + 0.035), (x + 0.06, y - 0.035)),
            points((x, y), (x - 0.06, y + 0.035), (x - 0.06, y - 0.035)),
        )


def sandcastle(pen: Pen, color: Color, dice: Dice) -> None:
    """Three towers of sand with a flag in the color."""
    sand: Color = (222, 184, 122)
    for x, wide, tall in ((-0.5, 0.2, 0.52), (0.5, 0.2, 0.52), (0, 0.26, 0.74)):
        body = points(
            (x - wide * 1.15, 0), (x + wide * 1.15, 0), (x + wide, tall), (x - wide, tall)
        )
        teeth = [
            box(x + wide * k - 0.05, tall - 0.01, x + wide * k + 0.05, tall + 0.08)
            for k in (-0.75, 0, 0.75)
        ]
        pen.solid(sand, body, *teeth, depth=0.34)
        pen.flat(
            darker(sand, 0.45),
            rounded_box(x - 0.045, tall * 0.5, x + 0.045, tall * 0.5 + 0.15, 0.045),
        )
    pen.solid(lighter(sand, 0.05), box(-0.6, 0, 0.6, 0.24), depth=0.28)
    pen.flat(darker(sand, 0.5), rounded_box(-0.1, 0, 0.1, 0.2, 0.1))
    pen.line(STICK, [(0, 0.8), (0, 1.06)], 0.022)
    pen.flat(color, points((0.0, 1.06), (0.24, 0.98), (0.0, 0.9)))


def snowman(pen: Pen, color: Color, dice: Dice) -> None:
    """Three balls of snow, a hat, and a scarf in the color."""
    snow: Color = (250, 252, 255)
    pen.line(STICK, curve((-0.2, 0.5), (-0.38, 0.6), (-0.5, 0.72)), 0.024, 0.012)
    pen.line(STICK, curve((0.2, 0.5), (0.38, 0.56), (0.52, 0.56)), 0.024, 0.012)
    for y, radius in ((0.2, 0.27), (0.5, 0.2), (0.75, 0.145)):
        pen.solid(snow, ellipse(0, y, radius, radius * 0.94), depth=0.28)
    pen.solid(
        color,
        smooth((-0.16, 0.65), (0, 0.6), (0.16, 0.65), (0.16, 0.7), (0, 0.66), (-0.16, 0.7)),
        depth=0.2,
    )
    pen.solid(
        darker(color, 0.12),
        points((0.04, 0.64), (0.14, 0.62), (0.17, 0.42), (0.09, 0.42)),
        depth=0.2,
    )
    pen.flat(
        INK,
        ellipse(-0.05, 0.79, 0.017),
        ellipse(0.05, 0.79, 0.017),
        *[ellipse(0, y, 0.018) for y in (0.56, 0.48, 0.4)],
    )
    pen.solid((240, 136, 50), points((0, 0.77), (0.16, 0.74), (0, 0.735)))
    pen.solid(
        INK,
        rounded_box(-0.16, 0.855, 0.16, 0.885, 0.015),
        rounded_box(-0.1, 0.86, 0.1, 1.02, 0.02),
        depth=0.3,
    )
    pen.flat(color, box(-0.1, 0.885, 0.1, 0.915))


def mushroom(pen: Pen, color: Color, dice: Dice) -> None:
    """A toadstool with white spots."""
    pen.solid(
        (244, 236, 220),
        smooth((-0.14, 0.0), (-0.1, 0.3), (-0.09, 0.6), (0.09, 0.6), (0.1, 0.3), (0.14, 0.0)),
        depth=0.32,
    )
    cap = smooth(
        (-0.5, 0.5),
        (-0.42, 0.8),
        (-0.14, 0.98),
        (0.14, 0.98),
        (0.42, 0.8),
        (0.5, 0.5),
        (0.2, 0.47),
        (-0.2, 0.47),
    )
    pen.solid(color, cap, depth=0.36)
    inside = pen.inside(cap)
    inside.flat(
        CREAM,
        *[
            ellipse(x, y, r, r * 0.8)
            for x, y, r in (
                (-0.26, 0.72, 0.075), (0.02, 0.85, 0.08), (0.28, 0.7, 0.07), (-0.05, 0.62, 0.06),
                (0.13, 0.57, 0.04),
            )
        ],
    )  # fmt: skip
    pen.flat(
        (224, 208, 190), smooth((-0.14, 0.42), (0, 0.38), (0.14, 0.42), (0.1, 0.48), (-0.1, 0.48))
    )


def pumpkin(pen: Pen, color: Color, dice: Dice) -> None:
    """A ribbed pumpkin."""
    for x, wide in ((-0.36, 0.26), (0.36, 0.26), (-0.18, 0.28), (0.18, 0.28), (0, 0.24)):
        pen.solid(
            mix(color, darker(color, 0.3), abs(x) * 1.2), ellipse(x, 0.4, wide, 0.4), depth=0.3
        )
    pen.solid((104, 128, 66), points((-0.05, 0.76), (0.05, 0.76), (0.1, 0.98), (0.0, 0.98)))
    pen.flat(
        lighter(color, 0.5),
        leaf((0.05 * pen.sunny, 0.56), (0.09 * pen.sunny, 0.74), 0.05),
        opacity=0.6,
    )


def campfire(pen: Pen, color: Color, dice: Dice) -> None:
    """Burning logs; gives light at night."""
    pen.glow((255, 170, 80), 0, 0.4, 2.6 if pen.light.dark else 1.2, 0.6 if pen.light.dark else 0.3)
    pen.solid(
        (104, 74, 56),
        ribbon([(-0.5, 0.06), (0.45, 0.2)], 0.13),
        ribbon([(0.5, 0.06), (-0.45, 0.2)], 0.13),
        depth=0.4,
    )
    for tone, size in (((238, 94, 50), 1.0), ((250, 160, 60), 0.74), ((255, 226, 130), 0.45)):
        flames = [
            smooth(
                (x - 0.2 * size, 0.12), (x - 0.16 * size, 0.4 * size),
                (x + lean, (0.12 + tall) * size + 0.1), (x + 0.16 * size, 0.4 * size),
                (x + 0.2 * size, 0.12),
            )
            for x, lean, tall in ((-0.14, -0.03, 0.5), (0.14, 0.05, 0.56), (0, 0.0, 0.8))
        ]  # fmt: skip
        pen.lamp(tone, *flames)
    pen.lamp(
        (255, 200, 110),
        *[ellipse(math.sin(i * 2.1) * 0.3, 0.95 + 0.12 * i, 0.016) for i in range(4)],
    )


def fence(pen: Pen, color: Color, dice: Dice) -> None:
    """A length of picket fence, six pales."""
    pen.solid(darker(color, 0.12), box(-1.6, 0.24, 1.6, 0.36), box(-1.6, 0.6, 1.6, 0.72), depth=0.1)
    pales = [
        points((x, 0), (x + 0.26, 0), (x + 0.26, 0.84), (x + 0.13, 1.0), (x, 0.84))
        for x in (-1.46, -0.93, -0.4, 0.13, 0.66, 1.19)
    ]
    pen.fade(lighter(color, 0.1), darker(color, 0.14), *pales)
