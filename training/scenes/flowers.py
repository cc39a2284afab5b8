"""Flowers: `bloom` is a head of radius 1 around (0, 0); a flower on its stem is one unit tall."""

from __future__ import annotations

import math

from training.scenes.colors import Color, darker, lighter, mix
from training.scenes.dice import Dice
from training.scenes.pen import Pen
from training.scenes.shapes import Outline, curve, ellipse, leaf, ribbon, smooth

STEM: Color = (84, 140, 72)
YOLK: Color = (246, 190, 60)
SEEDS: Color = (92, 60, 40)


def _ring(count: int, inner: float, outer: float, wide: float, shift: float) -> list[Outline]:
    turns = [2 * math.pi * (i + shift) / count for i in range(count)]
    return [
        leaf(
            (math.cos(t) * inner, math.sin(t) * inner),
            (math.cos(t) * outer, math.sin(t) * outer),
            wide,
        )
        for t in turns
    ]


def bloom(pen: Pen, color: Color, dice: Dice, *, kind: str) -> None:
    """A flower head seen from above: daisy, sunflower, poppy or rose."""
    turned = pen.at(0, 0, turn=dice.between(0, 1.0))
    if kind in ("daisy", "sunflower"):
        count = 13 if kind == "daisy" else 17
        turned.solid(darker(color, 0.24), *_ring(count, 0.15, 0.94, 0.34, 0.5), depth=0.2)
        turned.solid(color, *_ring(count, 0.15, 1.0, 0.33, 0.0), depth=0.2)
        turned.flat(
            darker(color, 0.2),
            *[
                ribbon([(p[0, 0], p[0, 1]), tuple((p[0] * 0.4 + p[6] * 0.6).tolist())], 0.02)
                for p in _ring(count, 0.2, 1.0, 0.3, 0.0)
            ],
            opacity=0.5,
        )
        heart = 0.27 if kind == "daisy" else 0.42
        turned.solid(YOLK if kind == "daisy" else SEEDS, ellipse(0, 0, heart), depth=0.4)
        dots = [
            ellipse(
                math.cos(i * 2.4) * heart * (i / 26) ** 0.5,
                math.sin(i * 2.4) * heart * (i / 26) ** 0.5,
                0.03,
                corners=6,
            )
            for i in range(24)
        ]
        turned.flat((214, 140, 40) if kind == "daisy" else (150, 104, 60), *dots)
    elif kind == "poppy":
        for angle in (0.2, 1.8, 3.4, 4.9):
            petal = turned.at(0, 0, turn=angle)
            shape = smooth(
                (0, 0), (0.3, 0.52), (0.72, 0.62), (0.98, 0.2), (0.9, -0.34), (0.4, -0.42)
            )
            petal.solid(mix(color, darker(color, 0.3), 0.5 if angle < 2 else 0.0), shape, depth=0.3)
            petal.inside(shape).flat(
                darker(color, 0.3),
                *[ribbon([(0.1, 0), (0.9, y)], 0.02, 0.005) for y in (-0.2, 0.05, 0.3)],
                opacity=0.5,
            )
        turned.flat((52, 44, 50), ellipse(0, 0, 0.24), *_ring(12, 0.2, 0.4, 0.05, 0.0))
        turned.flat((150, 168, 96), ellipse(0, 0, 0.12))
    else:
        _rose_head(turned, color)


def _rose_head(pen: Pen, color: Color) -> None:
    """Three rings of petals with bright rims around a rolled heart."""
    for radius, size, shade, shift in (
        (0.56, 0.46, 0.34, 0.0),
        (0.42, 0.4, 0.2, 0.6),
        (0.24, 0.34, 0.08, 1.2),
    ):
        for index in range(5):
            turn = shift + index * 1.2566
            x = math.cos(turn) * radius
            y = math.sin(turn) * radius
            pen.flat(lighter(color, 0.24 - shade * 0.4), ellipse(x, y, size, corners=18))
            pen.flat(
                darker(color, shade * 0.7), ellipse(x * 0.86, y * 0.86, size * 0.93, corners=18)
            )
    pen.solid(color, ellipse(0, 0, 0.26), depth=0.3)
    pen.flat(
        darker(color, 0.4),
        ribbon(
            curve(
                (-0.18, 0.02), (-0.02, 0.17), (0.15, 0.02), (0.0, -0.11), (-0.08, 0.0), (0.03, 0.05)
            ),
            0.045,
        ),
    )


def _stalk(pen: Pen, dice: Dice, top: float) -> float:
    """Stem and two leaves; returns how far the stem leans at its top."""
    lean = dice.between(-0.06, 0.06)
    pen.solid(
        STEM, ribbon(curve((0, 0), (lean * 0.2, top * 0.5), (lean, top)), 0.032, 0.024), depth=0.35
    )
    for side, low in ((-1, 0.12), (1, 0.24)):
        pen.solid(
            mix(STEM, (120, 170, 80), 0.3),
            leaf((0, low), (side * 0.24, low + dice.between(0.14, 0.26)), 0.085),
            depth=0.35,
        )
    return lean


def daisy(pen: Pen, color: Color, dice: Dice) -> None:
    """A daisy on its stem."""
    lean = _stalk(pen, dice, 0.8)
    bloom(pen.at(lean, 0.8, 0.19, tall=0.92), color, dice, kind="daisy")


def sunflower(pen: Pen, color: Color, dice: Dice) -> None:
    """A sunflower on its stem."""
    lean = _stalk(pen, dice, 0.76)
    bloom(pen.at(lean, 0.76, 0.23, tall=0.95), color, dice, kind="sunflower")


def poppy(pen: Pen, color: Color, dice: Dice) -> None:
    """A poppy on its stem."""
    lean = _stalk(pen, dice, 0.82)
    bloom(pen.at(lean, 0.82, 0.19, tall=0.8), color, dice, kind="poppy")


def rose(pen: Pen, color: Color, dice: Dice) -> None:
    """A rose on its stem."""
    lean = _stalk(pen, dice, 0.82)
    bloom(pen.at(lean, 0.82, 0.16), color, dice, kind="rose")


def tulip(pen: Pen, color: Color, dice: Dice) -> None:
    """A tulip: a cup of pointed petals."""
    lean = dice.between(-0.05, 0.05)
    pen.solid(STEM, ribbon(curve((0, 0), (lean * 0.2, 0.4), (lean, 0.7)), 0.036, 0.03), depth=0.35)
    for side in (-1, 1):
        blade = smooth(
            (0, 0.0),
            (side * 0.12, 0.2),
            (side * 0.2, 0.52),
            (side * 0.06, 0.3),
            (-side * 0.02, 0.1),
        )
        pen.solid(mix(STEM, (110, 170, 110), 0.35), blade, depth=0.35)
    head = pen.at(lean, 0.66)
    head.solid(
        darker(color, 0.26),
        leaf((-0.04, 0), (-0.1, 0.33), 0.16),
        leaf((0.04, 0), (0.1, 0.33), 0.16),
    )
    for side in (-1, 1):
        petal = smooth(
            (0, 0.0),
            (side * 0.13, 0.06),
            (side * 0.16, 0.2),
            (side * 0.1, 0.34),
            (side * 0.01, 0.16),
        )
        head.solid(darker(color, 0.06), petal, depth=0.3)
    heart = smooth((0, 0.0), (0.1, 0.08), (0.085, 0.22), (0, 0.33), (-0.085, 0.22), (-0.1, 0.08))
    head.fade(lighter(color, 0.2), color, heart, grain=0.7)
    head.inside(heart).flat(
        lighter(color, 0.45), ribbon([(0, 0.04), (0, 0.26)], 0.012), opacity=0.6
    )
