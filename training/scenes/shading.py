"""The shading of round, smooth bodies: fruit and pottery."""

from __future__ import annotations

from training.scenes.colors import WHITE, Color, darker, lighter
from training.scenes.pen import Pen
from training.scenes.shapes import Outline, Point, curve, ellipse, ribbon


def shine(pen: Pen, body: Outline, middle: Point, across: float, up: float) -> None:
    """A soft window reflection on the sunny side."""
    x, y = middle
    inside = pen.inside(body)
    inside.soft(WHITE, ellipse(x * pen.sunny, y, across, up), blur=across * 0.35, opacity=0.6)
    inside.flat(WHITE, ellipse(x * pen.sunny, y + up * 0.2, across * 0.3, up * 0.35), opacity=0.7)


def roundness(pen: Pen, body: Outline, color: Color, middle: Point, size: float) -> None:
    """A ball's shading: dark rim away from the light, warm reflected light below."""
    pen.solid(color, body, depth=0.36)
    x, y = middle
    inside = pen.inside(body)
    inside.soft(
        darker(color, 0.55),
        ribbon(
            curve(
                (x - pen.sunny * size, y + size * 0.6), (x - pen.sunny * size, y - size * 0.5),
                (x, y - size),
            ),
            size * 0.5,
        ),
        blur=size * 0.24,
        opacity=0.55,
    )  # fmt: skip
    inside.soft(
        lighter(color, 0.5),
        ellipse(x + pen.sunny * size * 0.3, y + size * 0.3, size * 0.45),
        blur=size * 0.22,
        opacity=0.4,
    )
