"""Things on the water: one unit tall, the waterline at y = 0."""

from __future__ import annotations

from training.scenes.colors import INK, WHITE, Color, darker, lighter
from training.scenes.dice import Dice
from training.scenes.pen import Pen
from training.scenes.shapes import (
    box,
    curve,
    ellipse,
    leaf,
    points,
    ribbon,
    rounded_box,
    smooth,
)

WOOD: Color = (150, 104, 66)
SAILCLOTH: Color = (250, 244, 230)


def sailing_boat(pen: Pen, color: Color, dice: Dice) -> None:
    """Hull and mainsail in the color, a cream jib."""
    full = dice.between(0.05, 0.1)
    pen.line(darker(WOOD, 0.2), [(0.0, 0.1), (0.0, 0.99)], 0.022, 0.014)
    main = points(
        (-0.02, 0.24), *curve((-0.02, 0.95), (-0.1 - full, 0.62), (-0.3 - full, 0.25)).tolist()
    )
    pen.solid(lighter(color, 0.06), main, depth=0.22)
    pen.inside(main).flat(
        darker(color, 0.25),
        *[ribbon(curve((0.0, y), (-0.2, y - 0.03), (-0.5, y)), 0.008) for y in (0.42, 0.6, 0.77)],
        opacity=0.5,
    )
    jib = points(
        (0.02, 0.9), *curve((0.03, 0.9), (0.17 + full, 0.55), (0.33, 0.22)).tolist(), (0.04, 0.26)
    )
    pen.solid(SAILCLOTH, jib, depth=0.2)
    pen.inside(jib).flat(
        darker(SAILCLOTH, 0.2),
        ribbon([(0, 0.34), (0.4, 0.3)], 0.008),
        ribbon([(0, 0.5), (0.4, 0.47)], 0.008),
    )
    pen.line(darker(WOOD, 0.25), [(-0.36, 0.22), (0.02, 0.22)], 0.016)
    hull = smooth(
        (-0.4, 0.15), (-0.36, 0.03), (-0.26, -0.03), (0.2, -0.03), (0.34, 0.05), (0.45, 0.17),
        (0.2, 0.135), (-0.15, 0.125),
    )  # fmt: skip
    pen.solid(color, hull, depth=0.32)
    within = pen.inside(hull)
    within.flat(WHITE, ribbon(curve((-0.42, 0.125), (0.0, 0.1), (0.46, 0.145)), 0.022))
    within.flat(darker(color, 0.5), box(-0.5, -0.1, 0.5, 0.022), opacity=0.55)
    pen.flat((236, 88, 70), points((0.0, 0.99), (0.1, 0.965), (0.0, 0.94)))


def rowing_boat(pen: Pen, color: Color, dice: Dice) -> None:
    """A small open boat with its oars shipped."""
    inner = smooth(
        (-0.95, 0.36), (-0.5, 0.44), (0.5, 0.44), (0.98, 0.38), (0.5, 0.27), (-0.5, 0.27)
    )
    hull = smooth(
        (-1.0, 0.4),
        (-0.9, 0.1),
        (-0.62, -0.06),
        (0.62, -0.06),
        (0.9, 0.1),
        (1.05, 0.42),
        (0.5, 0.28),
        (-0.5, 0.28),
    )
    pen.solid(darker(WOOD, 0.35), inner)
    pen.flat(lighter(WOOD, 0.15), box(-0.42, 0.3, -0.28, 0.4), box(0.28, 0.3, 0.42, 0.4))
    pen.line(lighter(WOOD, 0.3), [(-0.75, 0.56), (0.55, 0.24)], 0.045)
    pen.solid(color, hull, depth=0.4)
    within = pen.inside(hull)
    within.flat(
        lighter(color, 0.5),
        ribbon(curve((-1.0, 0.36), (-0.5, 0.245), (0.5, 0.245), (1.05, 0.38)), 0.055),
    )
    within.flat(
        darker(color, 0.4),
        ribbon(curve((-0.95, 0.17), (0, 0.08), (1.0, 0.19)), 0.025),
        box(-1.2, -0.2, 1.2, 0.0),
        opacity=0.6,
    )
    pen.line(lighter(WOOD, 0.3), [(0.1, 0.34), (1.0, 0.0)], 0.045)
    pen.flat(lighter(WOOD, 0.2), leaf((0.85, 0.07), (1.28, -0.12), 0.13))


def _superstructure(pen: Pen, color: Color) -> None:
    """Smoke, funnel, decks with their windows, mast."""
    for index in range(4):
        pen.soft(
            (210, 212, 220),
            ellipse(
                -0.2 - index * 0.2, 1.05 + index * 0.09, 0.09 + index * 0.04, 0.06 + index * 0.02
            ),
            blur=0.03,
            opacity=0.5,
        )
    pen.solid(
        darker(color, 0.05),
        points((-0.16, 0.55), (0.06, 0.55), (0.04, 0.98), (-0.14, 0.98)),
        depth=0.4,
    )
    pen.flat(WHITE, points((-0.15, 0.78), (0.05, 0.78), (0.045, 0.87), (-0.145, 0.87)))
    pen.solid(
        WHITE,
        rounded_box(-0.8, 0.28, 0.72, 0.46, 0.03),
        rounded_box(-0.55, 0.44, 0.55, 0.6, 0.03),
        box(0.24, 0.55, 0.46, 0.72),
        depth=0.22,
    )
    pen.flat(
        (82, 120, 160),
        *[
            rounded_box(x, 0.495, x + 0.07, 0.55, 0.02)
            for x in (-0.46, -0.33, -0.2, -0.07, 0.06, 0.19, 0.32)
        ],
    )
    pen.flat(
        (82, 120, 160),
        box(0.27, 0.63, 0.45, 0.69),
        *[ellipse(-0.7 + 0.14 * i, 0.37, 0.024) for i in range(10)],
    )
    pen.line(INK, [(0.7, 0.4), (0.7, 0.9)], 0.018)


def ship(pen: Pen, color: Color, dice: Dice) -> None:
    """A steamer: hull and funnel band in the color, white decks, smoke."""
    _superstructure(pen, color)
    hull = points(
        (-1.05, 0.32), (-0.98, -0.03), (0.86, -0.03), (1.2, 0.36), (0.8, 0.29), (-0.8, 0.28)
    )
    pen.solid(color, hull, depth=0.34)
    within = pen.inside(hull)
    within.flat(darker(color, 0.45), box(-1.3, -0.1, 1.3, 0.06), opacity=0.7)
    within.flat(WHITE, ribbon(curve((-1.1, 0.27), (0, 0.235), (0.85, 0.245), (1.2, 0.32)), 0.03))
    if pen.light.dark:
        pen.lamp(
            (255, 226, 150),
            *[
                rounded_box(x, 0.495, x + 0.07, 0.55, 0.02)
                for x in (-0.46, -0.2, -0.07, 0.19, 0.32)
            ],
        )
        pen.glow((255, 214, 140), 0, 0.5, 0.7, 0.3)


def buoy(pen: Pen, color: Color, dice: Dice) -> None:
    """A channel mark with a lantern."""
    tilt = pen.at(0, 0, turn=dice.between(-0.14, 0.14))
    body = points((-0.26, -0.05), (0.26, -0.05), (0.1, 0.6), (-0.1, 0.6))
    tilt.solid(color, body, depth=0.4)
    tilt.inside(body).flat(WHITE, box(-0.4, 0.2, 0.4, 0.38))
    tilt.line(INK, [(0, 0.6), (0, 0.86)], 0.04)
    tilt.lamp((255, 226, 120), ellipse(0, 0.9, 0.075))
    tilt.glow((255, 220, 120), 0, 0.9, 0.5, 0.5 if pen.light.dark else 0.1)


def submarine(pen: Pen, color: Color, dice: Dice) -> None:
    """A small round submarine with portholes."""
    pen.line(darker(color, 0.3), [(0.1, 0.8), (0.1, 1.0), (0.22, 1.0)], 0.05)
    pen.solid(
        darker(color, 0.06),
        rounded_box(-0.2, 0.6, 0.3, 0.86, 0.06),
        points((-0.8, 0.4), (-1.05, 0.66), (-0.98, 0.4), (-1.05, 0.12)),
        depth=0.3,
    )
    body = smooth(
        (0.95, 0.4),
        (0.7, 0.64),
        (0.0, 0.72),
        (-0.6, 0.6),
        (-0.9, 0.4),
        (-0.6, 0.18),
        (0.0, 0.06),
        (0.7, 0.14),
    )
    pen.fade(lighter(color, 0.2), darker(color, 0.26), body, grain=0.8)
    pen.inside(body).flat(
        lighter(color, 0.5),
        ribbon(curve((-0.9, 0.3), (0, 0.22), (0.95, 0.32)), 0.035),
        opacity=0.8,
    )
    for x in (-0.4, 0.0, 0.4):
        pen.flat(darker(color, 0.4), ellipse(x, 0.44, 0.125))
        pen.lamp((255, 236, 170), ellipse(x, 0.44, 0.09))
