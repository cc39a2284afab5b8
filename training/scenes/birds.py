"""Birds and butterflies: one unit tall."""

from __future__ import annotations

from training.scenes.colors import INK, WHITE, Color, darker, lighter
from training.scenes.dice import Dice
from training.scenes.pen import Pen
from training.scenes.shapes import (
    curve,
    ellipse,
    leaf,
    points,
    ribbon,
    smooth,
)


def duck(pen: Pen, color: Color, dice: Dice) -> None:
    """A swimming duck."""
    body = smooth(
        (-0.72, 0.38),
        (-0.5, 0.1),
        (0.0, -0.04),
        (0.4, 0.04),
        (0.55, 0.26),
        (0.36, 0.46),
        (-0.1, 0.44),
        (-0.45, 0.36),
    )
    pen.solid(
        color,
        body,
        smooth(
            (0.2, 0.3), (0.24, 0.62), (0.3, 0.86), (0.5, 0.97), (0.68, 0.84), (0.66, 0.66),
            (0.52, 0.46), (0.5, 0.2),
        ),
        depth=0.32,
    )  # fmt: skip
    pen.flat((240, 150, 50), smooth((0.64, 0.8), (0.86, 0.74), (0.9, 0.69), (0.66, 0.68)))
    pen.flat(
        darker(color, 0.3),
        smooth((-0.5, 0.34), (-0.2, 0.12), (0.2, 0.16), (0.22, 0.32), (-0.1, 0.38)),
        opacity=0.6,
    )
    pen.flat(lighter(color, 0.25), leaf((-0.4, 0.32), (0.2, 0.28), 0.1), opacity=0.7)
    pen.flat(INK, ellipse(0.53, 0.81, 0.035))
    pen.flat(WHITE, ellipse(0.54, 0.825, 0.012))


def bird(pen: Pen, color: Color, dice: Dice) -> None:
    """A bird on the wing, its middle at (0, 0.4)."""
    lift = dice.between(0.75, 1.0)
    body = smooth((0.62, 0.42), (0.4, 0.52), (0.0, 0.5), (-0.4, 0.4), (-0.1, 0.26), (0.34, 0.28))
    pen.solid(
        darker(color, 0.24),
        smooth(
            (0.16, 0.44), (0.34, 0.8 * lift), (0.62, 1.0 * lift), (0.3, 0.94 * lift), (-0.04, 0.46)
        ),
    )
    pen.solid(
        darker(color, 0.15),
        points((-0.34, 0.42), (-0.78, 0.52), (-0.66, 0.4), (-0.76, 0.3), (-0.3, 0.33)),
    )
    pen.fade(lighter(color, 0.1), darker(color, 0.12), body, grain=0.6)
    wing = smooth(
        (0.24, 0.44),
        (0.1, 0.76 * lift),
        (-0.3, 1.02 * lift),
        (-0.62, 1.0 * lift),
        (-0.4, 0.7 * lift),
        (-0.14, 0.4),
    )
    pen.solid(color, wing, depth=0.24)
    feathers = [
        ribbon(
            [(-0.06 - 0.1 * i, 0.5 + 0.08 * i), (-0.22 - 0.12 * i, 0.72 * lift + 0.07 * i)],
            0.018,
            0.006,
        )
        for i in range(3)
    ]
    pen.inside(wing).flat(darker(color, 0.4), *feathers, opacity=0.6)
    pen.flat((244, 164, 60), points((0.58, 0.46), (0.76, 0.4), (0.58, 0.37)))
    pen.flat(INK, ellipse(0.47, 0.44, 0.028))


def butterfly(pen: Pen, color: Color, dice: Dice) -> None:
    """Four wings spread, its middle at (0, 0.5)."""
    turned = pen.at(0, 0.5, turn=dice.between(-0.35, 0.35))
    for side in (-1, 1):
        lower = smooth(
            (0, 0),
            (side * 0.3, -0.08),
            (side * 0.42, -0.3),
            (side * 0.24, -0.5),
            (side * 0.08, -0.3),
        )
        upper = smooth(
            (0, 0.02), (side * 0.12, 0.3), (side * 0.42, 0.5), (side * 0.62, 0.4),
            (side * 0.52, 0.08), (side * 0.24, -0.06),
        )  # fmt: skip
        for wing, tone in ((lower, darker(color, 0.12)), (upper, color)):
            turned.flat(darker(color, 0.66), wing)
            turned.solid(tone, wing * 0.84 + (side * 0.02, 0.0), depth=0.24)
        turned.flat(
            lighter(color, 0.65),
            ellipse(side * 0.4, 0.3, 0.06),
            ellipse(side * 0.28, 0.16, 0.04),
            ellipse(side * 0.25, -0.28, 0.05),
        )
        turned.line(INK, curve((0, 0.2), (side * 0.06, 0.36), (side * 0.15, 0.42)), 0.02, 0.01)
    turned.flat(INK, leaf((0, -0.3), (0, 0.26), 0.1))
