"""Trees, bushes and cacti: one unit tall, the trunk's foot at (0, 0)."""

from __future__ import annotations

import math

import numpy as np

from training.scenes.colors import Color, darker, lighter, mix
from training.scenes.dice import Dice
from training.scenes.pen import Pen
from training.scenes.shapes import (
    Outline,
    Point,
    curve,
    ellipse,
    leaf,
    points,
    ribbon,
    rounded_box,
    shifted,
    smooth,
)

BARK: Color = (116, 82, 62)
BIRCH: Color = (232, 226, 214)


def _leaf_highlights(
    pen: Pen, dice: Dice, color: Color, middle: Point, *, across: float, up: float
) -> None:
    """Single leaves in light and in shadow."""
    x, y = middle
    clumps: tuple[list[Outline], list[Outline]] = ([], [])
    for step in range(54):
        turn = step * 2.4
        reach = math.sqrt((step + 0.5) / 54)
        dx = math.cos(turn) * reach
        dy = math.sin(turn) * reach
        size = dice.between(0.05, 0.1) * min(across, up)
        bright = dx * pen.sunny * 0.6 + dy + dice.between(-0.5, 0.5) > 0
        lx = x + dx * across * 0.98
        ly = y + dy * up * 0.98
        clumps[bright].append(
            leaf((lx - size, ly - size * 0.4), (lx + size, ly + size * 0.5), size * 1.2)
        )
    pen.flat(darker(color, 0.42), *clumps[0], opacity=0.45)
    pen.flat(mix(lighter(color, 0.26), (255, 236, 150), 0.16), *clumps[1], opacity=0.6)


def crown(pen: Pen, dice: Dice, color: Color, middle: Point, *, across: float, up: float) -> None:
    """A round mass of leaves: dark below, sunlit heaps above, single leaves catching the light."""
    x, y = middle
    heaps = []
    for step in range(13):
        turn = step * 2.4 + dice.between(0, 0.5)
        reach = math.sqrt((step + 0.5) / 13)
        heaps.append(
            (
                x + math.cos(turn) * reach * across * 0.74,
                y + math.sin(turn) * reach * up * 0.74,
                dice.between(0.26, 0.4),
            ),
        )
    mass = [ellipse(hx, hy, size * across, size * up, corners=16) for hx, hy, size in heaps] + [
        ellipse(x, y, across * 0.8, up * 0.8)
    ]
    pen.solid(darker(color, 0.12), *mass, depth=0.42)
    inside = pen.inside(*mass)
    inside.soft(
        darker(color, 0.5),
        ellipse(x - pen.sunny * across * 0.3, y - up * 0.75, across, up * 0.6),
        blur=across * 0.2,
        opacity=0.55,
    )
    inside.soft(
        lighter(color, 0.3),
        ellipse(x + pen.sunny * across * 0.35, y + up * 0.5, across * 0.6, up * 0.5),
        blur=across * 0.2,
        opacity=0.45,
    )
    _leaf_highlights(pen, dice, color, middle, across=across, up=up)


def trunk(pen: Pen, color: Color, tall: float, wide: float) -> None:
    """A trunk with a flared foot and two boughs."""
    pen.solid(
        color,
        smooth(
            (-wide, 0), (-wide * 0.5, tall * 0.3), (-wide * 0.4, tall), (wide * 0.4, tall),
            (wide * 0.5, tall * 0.3), (wide, 0), (0, -wide * 0.2),
        ),
        depth=0.45,
    )  # fmt: skip
    pen.line(
        darker(color, 0.15),
        curve((0, tall * 0.62), (wide * 2, tall * 0.9), (wide * 3, tall * 1.2)),
        wide * 0.6,
        wide * 0.25,
    )
    pen.line(
        darker(color, 0.3),
        curve((0, tall * 0.7), (-wide * 2, tall * 0.95), (-wide * 2.6, tall * 1.25)),
        wide * 0.6,
        wide * 0.25,
    )


def leafy_tree(pen: Pen, color: Color, dice: Dice) -> None:
    """A round-headed tree: oak, apple, lime."""
    trunk(pen, BARK, 0.45, 0.045)
    wide = dice.between(0.3, 0.37)
    crown(pen, dice, color, (dice.between(-0.02, 0.02), 0.66), across=wide, up=0.33)


def tall_tree(pen: Pen, color: Color, dice: Dice) -> None:
    """A poplar: a flame of leaves."""
    trunk(pen, BARK, 0.3, 0.028)
    crown(pen, dice, color, (0, 0.56), across=0.14, up=0.45)


def birch(pen: Pen, color: Color, dice: Dice) -> None:
    """White bark with dark marks under a light crown."""
    pen.solid(BIRCH, ribbon(curve((0, 0), (0.015, 0.4), (-0.01, 0.8)), 0.05, 0.02), depth=0.35)
    marks = [
        ribbon([(dice.between(-0.02, 0), y), (dice.between(0.0, 0.025), y + 0.004)], 0.012)
        for y in (0.06, 0.13, 0.2, 0.28, 0.37, 0.45)
    ]
    pen.flat((70, 64, 66), *marks)
    crown(pen, dice, color, (0.02, 0.68), across=0.22, up=0.32)


def pine_outline(dice: Dice, tiers: int = 5, wide: float = 0.24) -> list[Outline]:
    """The drooping tiers of a conifer, lowest first."""
    boughs = []
    for tier in range(tiers):
        low = 0.12 + 0.72 * tier / tiers
        top = min(1.0, low + 0.42 - 0.03 * tier)
        half = wide * (1 - tier / (tiers + 0.6)) * dice.between(0.92, 1.08)
        fringe = [
            (half * (1 - 2 * i / 6), low + (0.045 if i % 2 else 0.0) + 0.05 * abs(1 - i / 3) * -0.6)
            for i in range(7)
        ]
        boughs.append(
            points(
                (0, top), (half * 0.34, (low + top) / 2), *fringe, (-half * 0.34, (low + top) / 2)
            )
        )
    return boughs


def pine_silhouette(dice: Dice, x: float, foot: float, tall: float) -> Outline:
    """A far conifer in pixels, three tiers in one outline."""
    half = 0.2 * tall * dice.between(0.85, 1.15)
    side = (
        (0.06, 0.0),
        (0.06, 0.12),
        (1.0, 0.1),
        (0.5, 0.36),
        (0.78, 0.34),
        (0.36, 0.62),
        (0.52, 0.6),
    )
    left = [(x - dx * half, foot - dy * tall) for dx, dy in side]
    right = [(x + dx * half, foot - dy * tall) for dx, dy in reversed(side)]
    return points(*left, (x, foot - tall), *right)


def pine(pen: Pen, color: Color, dice: Dice, *, snow: bool = False) -> None:
    """A conifer, each tier shading the one below it; with snow on its boughs in winter."""
    pen.solid(BARK, rounded_box(-0.025, 0, 0.025, 0.25, 0.01), depth=0.4)
    for index, bough in enumerate(pine_outline(dice)):
        pen.solid(mix(color, (30, 60, 70), 0.24 - 0.05 * index), bough, depth=0.46)
        inside = pen.inside(bough)
        low = float(bough[:, 1].min())
        top = float(bough[:, 1].max())
        if snow:
            drift = bough * (0.9, 1.0) + (pen.sunny * 0.02, (top - low) * 0.3)
            inside.fade((250, 252, 255), (206, 220, 240), drift)
        else:
            needles = [
                ribbon([(x, top - 0.1), (x * 2.2, low + 0.02)], 0.012, 0.004)
                for x in np.linspace(-0.07, 0.07, 5).tolist()
            ]
            inside.flat(lighter(color, 0.22), *needles, opacity=0.4)


def snowy_pine(pen: Pen, color: Color, dice: Dice) -> None:
    """A conifer under snow."""
    pine(pen, color, dice, snow=True)


def _frond(angle: float, length: float, droop: float) -> list[Outline]:
    """A palm frond from (0, 0): a bent rib, leaflets hanging from it, shorter ones above."""
    reach = math.cos(angle) * length
    rise = math.sin(angle) * length
    rib = curve((0, 0), (reach * 0.55, rise * 0.75 + droop * 0.3), (reach, rise - droop), steps=8)
    blades = [ribbon(rib, 0.018, 0.005)]
    for index in range(1, len(rib)):
        x, y = rib[index].tolist()
        along = index / len(rib)
        long = length * 0.3 * math.sin(math.pi * min(1.0, along * 0.7 + 0.24))
        blades.append(leaf((x, y), (x + reach * 0.16, y - long), 0.028))
        blades.append(leaf((x, y), (x + reach * 0.2, y + long * 0.3), 0.022))
    return blades


def palm(pen: Pen, color: Color, dice: Dice) -> None:
    """A bent trunk and a fountain of fronds."""
    lean = dice.between(0.06, 0.2) * (1 if dice.chance(0.5) else -1)
    stem = curve((0, 0), (lean * 0.25, 0.3), (lean * 0.7, 0.56), (lean, 0.76))
    pen.solid((158, 116, 78), ribbon(stem, 0.06, 0.032), depth=0.4)
    rings = [
        ribbon([(float(x) - 0.022, float(y)), (float(x) + 0.022, float(y) + 0.004)], 0.007)
        for x, y in stem[2:-1:2]
    ]
    pen.flat((112, 78, 58), *rings, opacity=0.6)
    top = pen.at(lean, 0.76)
    for index, angle in enumerate((1.75, 1.3, -0.2, 3.34, 0.95, 2.2, 0.25, 2.9, 0.6, 2.55)):
        frond = _frond(
            angle + dice.between(-0.1, 0.1), dice.between(0.3, 0.38), dice.between(0.1, 0.17)
        )
        tone = (
            darker(color, 0.34 - 0.05 * index) if index < 6 else lighter(color, 0.05 * (index - 5))
        )
        top.solid(tone, *frond, depth=0.35)
    top.solid((120, 76, 50), ellipse(-0.02, -0.025, 0.024), ellipse(0.024, -0.03, 0.024), depth=0.5)


def cactus(pen: Pen, color: Color, dice: Dice) -> None:
    """A saguaro with two arms and a flower."""
    low = dice.between(0.3, 0.38)
    high = dice.between(0.42, 0.52)
    arms = [
        (curve((0, low), (-0.16, low + 0.01), (-0.2, low + 0.1), (-0.2, low + 0.3)), 0.09),
        (curve((0, high), (0.15, high), (0.19, high + 0.08), (0.19, high + 0.24)), 0.085),
        (curve((0, 0), (0, 0.5), (0, 0.93)), 0.15),
    ]
    for path, wide in arms:
        x, y = path[-1].tolist()
        body = [ribbon(path, wide * 0.94, wide), ellipse(x, y, wide / 2)]
        pen.solid(color, *body, depth=0.45)
        inside = pen.inside(*body)
        inside.flat(
            darker(color, 0.4),
            *[ribbon(shifted(path, wide * s, 0), 0.01) for s in (-0.26, 0.0, 0.26)],
            opacity=0.6,
        )
        inside.flat(
            lighter(color, 0.4),
            *[ribbon(shifted(path, wide * s, 0), 0.006) for s in (-0.13, 0.13, 0.38)],
            opacity=0.5,
        )
    pen.flat(
        (240, 104, 140), *[leaf((0, 0.99), (dx, 1.05), 0.035) for dx in (-0.05, -0.02, 0.02, 0.05)]
    )


def bush(pen: Pen, color: Color, dice: Dice) -> None:
    """A low round shrub."""
    crown(pen, dice, color, (0, 0.42), across=0.62, up=0.46)


def bare_tree(pen: Pen, color: Color, dice: Dice) -> None:
    """A tree in winter: trunk, boughs and twigs."""
    twigs: list[Outline] = [
        ribbon(curve((0, 0), (0.01, 0.3), (0, 0.62), (0.02, 0.96)), 0.07, 0.006)
    ]
    for step in range(9):
        low = 0.26 + 0.075 * step
        side = 1 if step % 2 else -1
        reach = (0.38 - 0.03 * step) * dice.between(0.8, 1.1)
        tip = (side * reach, low + reach * dice.between(0.7, 1.0))
        twigs.append(
            ribbon(
                curve((0, low), (side * reach * 0.5, low + reach * 0.35), tip),
                0.026 - 0.002 * step,
                0.004,
            )
        )
        for part in (0.45, 0.7):
            x = side * reach * part
            y = low + reach * part * 0.75
            twigs.append(ribbon([(x, y), (x + side * 0.03, y + 0.12)], 0.008, 0.002))
            twigs.append(ribbon([(x, y), (x + side * 0.12, y + 0.02)], 0.008, 0.002))
    pen.solid(color, *twigs, depth=0.35)
