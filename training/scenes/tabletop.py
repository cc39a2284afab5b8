"""Things for a table: one unit tall, standing on y = 0."""

from __future__ import annotations

from training.scenes.colors import INK, WHITE, Color, darker, lighter
from training.scenes.dice import Dice
from training.scenes.flowers import bloom
from training.scenes.pen import Pen
from training.scenes.shading import roundness, shine
from training.scenes.shapes import box, curve, ellipse, leaf, ribbon, rounded_box, smooth

GREEN: Color = (92, 150, 70)


def cup(pen: Pen, color: Color, dice: Dice) -> None:
    """A cup on its saucer, steaming."""
    for x in (-0.12, 0.1):
        steam = curve((x, 0.95), (x + 0.08, 1.15), (x - 0.06, 1.3), (x + 0.04, 1.5))
        pen.soft(WHITE, ribbon(steam, 0.07, 0.02), blur=0.03, opacity=0.45)
    pen.solid(lighter(color, 0.25), ellipse(0, 0.07, 0.66, 0.075), depth=0.25)
    pen.flat(darker(color, 0.2), ellipse(0, 0.085, 0.4, 0.04), opacity=0.6)
    handle = curve((0.38, 0.72), (0.66, 0.74), (0.66, 0.42), (0.32, 0.34))
    pen.solid(darker(color, 0.08), ribbon(handle, 0.085), depth=0.25)
    body = smooth(
        (-0.46, 0.9),
        (-0.44, 0.5),
        (-0.26, 0.14),
        (0, 0.1),
        (0.26, 0.14),
        (0.44, 0.5),
        (0.46, 0.9),
        (0, 0.86),
    )
    roundness(pen, body, color, (0, 0.5), 0.44)
    pen.flat(lighter(color, 0.4), ellipse(0, 0.895, 0.465, 0.085))
    pen.flat((92, 58, 42), ellipse(0, 0.885, 0.4, 0.06))
    pen.flat(
        (150, 106, 74), ribbon(curve((-0.34, 0.88), (-0.1, 0.86), (0.1, 0.87)), 0.02), opacity=0.7
    )
    shine(pen, body, (0.26, 0.58), 0.05, 0.16)


def vase(pen: Pen, color: Color, dice: Dice) -> None:
    """A round-bellied vase with a bunch of flowers in kinds and colors of their own."""
    petals: tuple[Color, ...] = dice.pick(
        (
            ((242, 240, 232), (250, 214, 110)), ((238, 120, 150), (250, 238, 230)),
            ((250, 196, 80), (240, 130, 70)), ((160, 120, 200), (236, 226, 244)),
        ),
    )  # fmt: skip
    heads = [
        (-0.34, 0.78),
        (0.36, 0.8),
        (-0.15, 0.7),
        (0.17, 0.69),
        (-0.22, 0.96),
        (0.2, 0.98),
        (0.0, 0.86),
    ]
    pen.flat(
        darker(GREEN, 0.15),
        *[ribbon(curve((x * 0.12, 0.42), (x * 0.5, 0.6), (x, y)), 0.016) for x, y in heads],
    )
    pen.solid(
        GREEN,
        *[leaf((x * 0.2, 0.5), (x * 1.1, y - 0.16), 0.1) for x, y in heads[:2]],
        leaf((0, 0.5), (-0.32, 0.6), 0.09),
        leaf((0, 0.5), (0.3, 0.58), 0.09),
    )
    for index, (x, y) in enumerate(heads):
        bloom(pen.at(x, y, 0.16), petals[index % 2], dice, kind=("daisy", "rose")[index % 2])
    body = smooth(
        (-0.1, 0.5), (-0.09, 0.43), (-0.2, 0.32), (-0.23, 0.17), (-0.13, 0.02), (0.13, 0.02),
        (0.23, 0.17), (0.2, 0.32), (0.09, 0.43), (0.1, 0.5),
    )  # fmt: skip
    roundness(pen, body, color, (0, 0.2), 0.22)
    inside = pen.inside(body)
    inside.flat(
        lighter(color, 0.45),
        ribbon(curve((-0.3, 0.24), (0, 0.2), (0.3, 0.24)), 0.022),
        ribbon(curve((-0.3, 0.16), (0, 0.12), (0.3, 0.16)), 0.01),
    )
    pen.solid(lighter(color, 0.14), ellipse(0, 0.5, 0.115, 0.025))
    pen.flat(darker(color, 0.6), ellipse(0, 0.502, 0.09, 0.016))
    shine(pen, body, (0.11, 0.26), 0.03, 0.06)


def bowl(pen: Pen, color: Color, dice: Dice) -> None:
    """A wide bowl; its contents are drawn before its front."""
    body = smooth(
        (-1.0, 0.8),
        (-0.86, 0.42),
        (-0.46, 0.1),
        (0.0, 0.04),
        (0.46, 0.1),
        (0.86, 0.42),
        (1.0, 0.8),
        (0.0, 0.74),
    )
    pen.solid(darker(color, 0.2), rounded_box(-0.36, 0.0, 0.36, 0.14, 0.05))
    roundness(pen, body, color, (0, 0.44), 0.8)
    inside = pen.inside(body)
    inside.flat(
        lighter(color, 0.55), ribbon(curve((-1.0, 0.7), (0.0, 0.6), (1.0, 0.7)), 0.05), opacity=0.9
    )
    inside.flat(
        lighter(color, 0.4),
        *[ellipse(x, 0.42 + 0.07 * abs(x), 0.05) for x in (-0.6, -0.36, -0.12, 0.12, 0.36, 0.6)],
    )
    pen.line(
        lighter(color, 0.3),
        curve((-1.0, 0.8), (-0.5, 0.755), (0.0, 0.745), (0.5, 0.755), (1.0, 0.8)),
        0.05,
    )


def book(pen: Pen, color: Color, dice: Dice) -> None:
    """A thick book lying on its side."""
    pen.flat((244, 236, 218), rounded_box(-0.9, 0.1, 0.9, 0.9, 0.06))
    pen.flat(
        (206, 196, 178), *[ribbon([(-0.8, y), (0.9, y)], 0.02) for y in (0.28, 0.44, 0.6, 0.74)]
    )
    pen.solid(
        color,
        rounded_box(-1.0, 0.0, 0.96, 0.14, 0.05),
        rounded_box(-1.0, 0.86, 0.96, 1.0, 0.05),
        rounded_box(-1.04, 0.0, -0.78, 1.0, 0.1),
        depth=0.3,
    )
    pen.flat((246, 214, 130), box(-1.0, 0.3, -0.82, 0.36), box(-1.0, 0.64, -0.82, 0.7))


def candle(pen: Pen, color: Color, dice: Dice) -> None:
    """A burning candle in a brass holder; the wax in the color."""
    pen.solid((206, 168, 84), ellipse(0, 0.05, 0.3, 0.05), box(-0.13, 0.05, 0.13, 0.14))
    pen.solid(color, rounded_box(-0.09, 0.1, 0.09, 0.74, 0.03), depth=0.3)
    pen.solid(
        lighter(color, 0.2),
        smooth(
            (-0.09, 0.74), (-0.085, 0.6), (-0.05, 0.66), (-0.02, 0.56), (0.02, 0.7), (0.09, 0.74)
        ),
    )
    pen.line(INK, [(0, 0.74), (0.005, 0.8)], 0.014)
    pen.glow((255, 206, 120), 0, 0.86, 0.75, 0.55)
    pen.lamp((255, 186, 70), leaf((0, 0.76), (0.01, 1.02), 0.11))
    pen.lamp((255, 244, 190), leaf((0, 0.77), (0.0, 0.93), 0.06))


def teapot(pen: Pen, color: Color, dice: Dice) -> None:
    """A round teapot."""
    pen.solid(
        darker(color, 0.1),
        ribbon(curve((-0.44, 0.66), (-0.86, 0.7), (-0.8, 0.3), (-0.42, 0.26)), 0.09),
    )
    pen.solid(
        darker(color, 0.05),
        smooth(
            (0.36, 0.2), (0.62, 0.34), (0.72, 0.66), (0.9, 0.76), (0.84, 0.8), (0.62, 0.76),
            (0.5, 0.56), (0.34, 0.5),
        ),
    )  # fmt: skip
    body = smooth(
        (-0.46, 0.62),
        (-0.52, 0.34),
        (-0.34, 0.04),
        (0.34, 0.04),
        (0.52, 0.34),
        (0.46, 0.62),
        (0.22, 0.8),
        (-0.22, 0.8),
    )
    roundness(pen, body, color, (0, 0.42), 0.46)
    pen.inside(body).flat(
        lighter(color, 0.55), *[ellipse(x, 0.42, 0.045) for x in (-0.36, -0.18, 0.0, 0.18, 0.36)]
    )
    pen.solid(lighter(color, 0.12), ellipse(0, 0.82, 0.26, 0.07), ellipse(0, 0.95, 0.06))
    shine(pen, body, (0.24, 0.6), 0.07, 0.09)
