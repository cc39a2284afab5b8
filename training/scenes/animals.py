"""Animals on land and wing: one unit tall, feet on y = 0, facing right."""

from __future__ import annotations

import math

from training.scenes.colors import INK, WHITE, Color, darker, lighter, mix
from training.scenes.dice import Dice
from training.scenes.pen import Pen
from training.scenes.shapes import Outline, curve, ellipse, leaf, points, ribbon, smooth

NOSE: Color = (226, 128, 128)
HOOF: Color = (58, 48, 48)


def eye(pen: Pen, x: float, y: float, size: float, iris: Color = INK) -> None:
    pen.flat(iris, ellipse(x, y, size))
    pen.flat(INK, ellipse(x, y, size * 0.62))
    pen.flat(WHITE, ellipse(x + size * 0.3, y + size * 0.35, size * 0.28))


def _cat_head(pen: Pen, color: Color) -> None:
    """Ears, head with stripes, muzzle, eyes and whiskers."""
    dark = darker(color, 0.3)
    pale = lighter(color, 0.5)
    for side in (-1, 1):
        pen.solid(
            color, points((side * 0.2, 0.76), (side * 0.185, 1.0), (side * 0.04, 0.87)), depth=0.36
        )
        pen.flat(
            mix(NOSE, color, 0.35),
            points((side * 0.17, 0.82), (side * 0.168, 0.94), (side * 0.09, 0.87)),
        )
    head = ellipse(0, 0.75, 0.21, 0.165)
    pen.solid(color, head, depth=0.32)
    stripes = [ribbon([(x, 0.93), (x * 0.8, 0.85)], 0.024, 0.006) for x in (-0.06, 0.0, 0.06)]
    pen.inside(head).flat(dark, *stripes, opacity=0.7)
    pen.flat(
        pale, ellipse(-0.04, 0.675, 0.06, 0.045), ellipse(0.04, 0.675, 0.06, 0.045), opacity=0.9
    )
    for side in (-1, 1):
        eye(pen, side * 0.09, 0.76, 0.04, (226, 206, 90))
        pen.flat(
            WHITE,
            *[ribbon([(side * 0.07, 0.68), (side * 0.3, y)], 0.007, 0.003) for y in (0.66, 0.7)],
            opacity=0.7,
        )
    pen.flat(NOSE, points((-0.025, 0.71), (0.025, 0.71), (0.0, 0.685)))


def cat(pen: Pen, color: Color, dice: Dice) -> None:
    """A sitting cat looking at the viewer, its tail curled around."""
    dark = darker(color, 0.3)
    pale = lighter(color, 0.5)
    pen.solid(
        darker(color, 0.12),
        ribbon(
            curve((0.16, 0.06), (0.42, 0.04), (0.52, 0.2), (0.42, 0.36), (0.48, 0.46)), 0.1, 0.06
        ),
    )
    body = smooth(
        (-0.25, 0.0), (-0.28, 0.16), (-0.2, 0.42), (-0.13, 0.62), (0.13, 0.62), (0.2, 0.42),
        (0.28, 0.16), (0.25, 0.0), (0, -0.01),
    )  # fmt: skip
    pen.solid(color, body, depth=0.36)
    pen.flat(
        pale, smooth((-0.08, 0.3), (-0.09, 0.5), (0.09, 0.5), (0.08, 0.3), (0, 0.22)), opacity=0.8
    )
    pen.line(dark, curve((-0.06, 0.26), (-0.07, 0.12), (-0.05, 0.0)), 0.012)
    pen.line(dark, curve((0.06, 0.26), (0.07, 0.12), (0.05, 0.0)), 0.012)
    pen.solid(
        lighter(color, 0.12), ellipse(-0.1, 0.025, 0.075, 0.035), ellipse(0.1, 0.025, 0.075, 0.035)
    )
    _cat_head(pen, color)


def _dog_head(pen: Pen, color: Color) -> None:
    """Head, muzzle, hanging ears, eyes, tongue and nose."""
    dark = darker(color, 0.34)
    pale = lighter(color, 0.5)
    pen.solid(
        color,
        smooth(
            (-0.17, 0.68), (-0.19, 0.84), (-0.1, 0.97), (0.1, 0.97), (0.19, 0.84), (0.17, 0.68),
            (0.0, 0.6),
        ),
        depth=0.3,
    )  # fmt: skip
    pen.flat(
        pale,
        smooth(
            (-0.03, 0.96), (-0.04, 0.8), (-0.11, 0.7), (0.0, 0.61), (0.11, 0.7), (0.04, 0.8),
            (0.03, 0.96),
        ),
        opacity=0.9,
    )  # fmt: skip
    for side in (-1, 1):
        pen.solid(
            dark,
            smooth(
                (side * 0.11, 0.95), (side * 0.22, 0.92), (side * 0.27, 0.72), (side * 0.21, 0.62),
                (side * 0.16, 0.76),
            ),
            depth=0.25,
        )  # fmt: skip
        eye(pen, side * 0.085, 0.82, 0.032)
    pen.flat(
        (236, 120, 130),
        smooth((-0.035, 0.665), (0.035, 0.665), (0.03, 0.59), (0.0, 0.57), (-0.03, 0.59)),
    )
    pen.flat(INK, smooth((-0.05, 0.76), (0.05, 0.76), (0.03, 0.71), (0.0, 0.69), (-0.03, 0.71)))
    pen.line(INK, curve((-0.06, 0.675), (0.0, 0.69), (0.06, 0.675)), 0.012)


def dog(pen: Pen, color: Color, dice: Dice) -> None:
    """A sitting dog with hanging ears and its tongue out."""
    dark = darker(color, 0.34)
    pale = lighter(color, 0.5)
    pen.solid(
        darker(color, 0.1), ribbon(curve((-0.2, 0.06), (-0.42, 0.14), (-0.46, 0.36)), 0.09, 0.04)
    )
    body = smooth(
        (-0.25, 0.0), (-0.3, 0.18), (-0.22, 0.42), (-0.15, 0.62), (0.15, 0.62), (0.2, 0.4),
        (0.22, 0.16), (0.22, 0.0), (0, -0.01),
    )  # fmt: skip
    pen.solid(color, body, depth=0.34)
    pen.flat(
        pale, smooth((-0.08, 0.28), (-0.1, 0.52), (0.1, 0.52), (0.08, 0.28), (0, 0.2)), opacity=0.85
    )
    for side in (-1, 1):
        pen.line(dark, curve((side * 0.06, 0.28), (side * 0.06, 0.12), (side * 0.045, 0.0)), 0.012)
        pen.solid(pale, ellipse(side * 0.1, 0.03, 0.075, 0.04))
    pen.flat(
        (206, 56, 56),
        smooth((-0.15, 0.57), (0.0, 0.53), (0.15, 0.57), (0.15, 0.62), (0.0, 0.585), (-0.15, 0.62)),
    )
    pen.flat((246, 206, 90), ellipse(0, 0.535, 0.03))
    _dog_head(pen, color)


def _leg(pen: Pen, color: Color, path: Outline, wide: float, thin: float) -> None:
    x, y = path[-1].tolist()
    pen.solid(color, ribbon(path, wide, thin), depth=0.3)
    pen.flat(
        HOOF,
        points(
            (x - thin * 0.6, y + 0.04),
            (x + thin * 0.6, y + 0.04),
            (x + thin * 0.85, y),
            (x - thin * 0.65, y),
        ),
    )


def _hoofed(pen: Pen, color: Color, slim: float) -> None:
    """Trunk, neck, head and legs shared by horse and deer; slim 1 is a horse."""
    far = darker(color, 0.34)
    _leg(pen, far, curve((0.19, 0.48), (0.16, 0.24), (0.19, 0.0)), 0.1 * slim, 0.045 * slim)
    _leg(pen, far, curve((-0.26, 0.5), (-0.3, 0.26), (-0.26, 0.0)), 0.13 * slim, 0.045 * slim)
    _leg(pen, color, curve((0.25, 0.5), (0.28, 0.25), (0.26, 0.0)), 0.12 * slim, 0.05 * slim)
    _leg(
        pen,
        color,
        curve((-0.34, 0.54), (-0.32, 0.4), (-0.41, 0.25), (-0.37, 0.0)),
        0.22 * slim,
        0.05 * slim,
    )
    deep = 0.52 - 0.12 * slim
    body = smooth(
        (-0.43, 0.63), (-0.3, 0.685), (-0.08, 0.655), (0.1, 0.66), (0.21, 0.73), (0.31, 0.86),
        (0.39, 0.95), (0.46, 0.945), (0.52, 0.86), (0.595, 0.765), (0.585, 0.715), (0.53, 0.705),
        (0.465, 0.76), (0.41, 0.755), (0.365, 0.65), (0.345, 0.54), (0.27, deep + 0.04),
        (0.05, deep), (-0.16, deep + 0.02), (-0.36, 0.46), (-0.455, 0.53),
    )  # fmt: skip
    pen.fade(lighter(color, 0.14), darker(color, 0.26), body, grain=0.8)
    pen.inside(body).soft(
        lighter(color, 0.4),
        ellipse(-0.3, 0.63, 0.14, 0.05),
        ellipse(0.16, 0.64, 0.1, 0.05),
        blur=0.03,
        opacity=0.4,
    )
    pen.solid(color, leaf((0.4, 0.94), (0.39, 1.03), 0.04), leaf((0.43, 0.94), (0.45, 1.03), 0.04))
    eye(pen, 0.46, 0.86, 0.016)
    pen.flat(darker(color, 0.6), ellipse(0.57, 0.745, 0.011))


def horse(pen: Pen, color: Color, dice: Dice) -> None:
    """A standing horse with flowing mane and tail."""
    hair = darker(color, 0.55) if sum(color) > 200 else lighter(color, 0.2)
    pen.solid(
        hair,
        smooth(
            (-0.42, 0.64), (-0.54, 0.58), (-0.58, 0.38), (-0.62, 0.2), (-0.52, 0.3), (-0.48, 0.48)
        ),
        depth=0.3,
    )
    _hoofed(pen, color, 1.0)
    locks = [
        leaf((0.4 - 0.034 * i, 0.96 - 0.042 * i), (0.28 - 0.034 * i, 0.83 - 0.042 * i), 0.07)
        for i in range(6)
    ]
    pen.solid(hair, *locks, leaf((0.43, 0.97), (0.5, 0.87), 0.05), depth=0.3)
    pen.flat(lighter(color, 0.6), leaf((0.485, 0.9), (0.55, 0.79), 0.03), opacity=0.8)


def deer(pen: Pen, color: Color, dice: Dice) -> None:
    """A stag."""
    low = pen.at(0, 0, 0.82)
    for x, lean in ((0.4, -0.06), (0.44, 0.1)):
        stem = curve((x, 0.97), (x + lean, 1.08), (x + lean * 1.6, 1.24))
        tines = [ribbon(stem, 0.024, 0.01)] + [
            ribbon(
                [(x + lean * k, 0.97 + 0.16 * k), (x + lean * k + t, 1.06 + 0.16 * k)], 0.018, 0.006
            )
            for k, t in ((0.6, 0.06), (1.2, -0.06), (1.3, 0.07))
        ]
        low.solid((196, 168, 132), *tines, depth=0.3)
    _hoofed(low, color, 0.72)
    low.flat(WHITE, leaf((-0.43, 0.62), (-0.48, 0.5), 0.07), opacity=0.9)
    low.flat(
        lighter(color, 0.7),
        *[
            ellipse(x, y, 0.014)
            for x, y in ((-0.3, 0.6), (-0.2, 0.62), (-0.12, 0.58), (-0.25, 0.54), (-0.02, 0.6))
        ],
        opacity=0.7,
    )


def sheep(pen: Pen, color: Color, dice: Dice) -> None:
    """A woolly sheep with a dark face."""
    skin: Color = (70, 62, 66) if sum(color) > 300 else (170, 160, 158)
    pen.flat(
        darker(skin, 0.2), *[ribbon([(x, 0.35), (x, 0.0)], 0.07) for x in (-0.32, -0.18, 0.16, 0.3)]
    )
    curls = [
        (math.cos(t) * 0.42, 0.58 + math.sin(t) * 0.24, dice.between(0.15, 0.2))
        for t in [i * 0.698 for i in range(9)]
    ]
    fleece = [ellipse(x, y, r, corners=16) for x, y, r in curls] + [ellipse(0, 0.58, 0.44, 0.28)]
    pen.fade(lighter(color, 0.15), darker(color, 0.3), *fleece, grain=0.9)
    pen.inside(*fleece).flat(
        darker(color, 0.24),
        *[ribbon(curve((x - 0.09, y), (x, y - 0.07), (x + 0.09, y)), 0.014) for x, y, _ in curls],
        opacity=0.5,
    )
    pen.solid(
        skin,
        smooth((0.42, 0.84), (0.42, 0.66), (0.54, 0.5), (0.66, 0.52), (0.68, 0.7), (0.62, 0.86)),
        leaf((0.45, 0.8), (0.3, 0.7), 0.09),
        leaf((0.62, 0.82), (0.76, 0.74), 0.08),
        depth=0.3,
    )
    pen.solid(color, ellipse(0.48, 0.87, 0.09, 0.07), ellipse(0.58, 0.9, 0.08, 0.07))
    pen.flat(WHITE, ellipse(0.57, 0.72, 0.028))
    pen.flat(INK, ellipse(0.575, 0.72, 0.016))


def rabbit(pen: Pen, color: Color, dice: Dice) -> None:
    """A crouching rabbit with upright ears."""
    for tip, tone in (((0.2, 1.0), darker(color, 0.16)), ((0.34, 0.99), color)):
        pen.solid(tone, leaf((0.3, 0.56), tip, 0.13), depth=0.3)
        pen.flat(mix(NOSE, color, 0.3), leaf((0.3, 0.64), (tip[0], tip[1] - 0.06), 0.06))
    pen.flat(WHITE, ellipse(-0.46, 0.16, 0.1))
    pen.solid(
        color,
        smooth((-0.44, 0.02), (-0.46, 0.26), (-0.28, 0.5), (0.02, 0.48), (0.2, 0.3), (0.26, 0.02)),
        depth=0.34,
    )
    pen.solid(
        lighter(color, 0.06),
        ellipse(0.32, 0.48, 0.19, 0.16),
        ellipse(-0.26, 0.06, 0.2, 0.07),
        ellipse(0.22, 0.05, 0.14, 0.055),
        depth=0.3,
    )
    pen.line(darker(color, 0.3), curve((-0.1, 0.06), (-0.06, 0.24), (-0.22, 0.34)), 0.014)
    eye(pen, 0.37, 0.52, 0.034)
    pen.flat(NOSE, ellipse(0.5, 0.47, 0.024, 0.018))
