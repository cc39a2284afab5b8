"""Benches and street lamps: one unit tall, standing on y = 0."""

from __future__ import annotations

from training.scenes.colors import INK, Color
from training.scenes.dice import Dice
from training.scenes.pen import Pen
from training.scenes.shapes import points, ribbon, rounded_box


def bench(pen: Pen, color: Color, dice: Dice) -> None:
    """A park bench."""
    pen.flat(
        INK,
        *[
            ribbon(path, 0.05)
            for x in (-0.75, 0.75)
            for path in ([(x, 0.0), (x, 0.5)], [(x + 0.12, 0.0), (x, 0.5), (x - 0.06, 0.98)])
        ],
    )
    pen.solid(
        color, *[rounded_box(-0.95, y, 0.95, y + 0.1, 0.03) for y in (0.44, 0.66, 0.82)], depth=0.3
    )


def street_lamp(pen: Pen, color: Color, dice: Dice) -> None:
    """A lantern on an iron post."""
    pen.solid(
        color,
        ribbon([(0, 0), (0, 0.84)], 0.035, 0.02),
        rounded_box(-0.04, 0, 0.04, 0.07, 0.02),
        ribbon([(-0.06, 0.76), (0.06, 0.76)], 0.012),
    )
    pen.lamp(
        (255, 236, 170) if pen.light.dark else (246, 240, 220),
        points((-0.035, 0.84), (0.035, 0.84), (0.055, 0.95), (-0.055, 0.95)),
    )
    pen.flat(color, points((-0.065, 0.945), (0.065, 0.945), (0.0, 1.0)))
    if pen.light.dark:
        pen.glow((255, 226, 150), 0, 0.9, 0.36, 0.8)
