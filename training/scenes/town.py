"""The city: a skyline in depths, before it a street or a river."""

from __future__ import annotations

import numpy as np

from training.scenes.colors import Color, darker, lighter, mix
from training.scenes.dice import Dice
from training.scenes.shapes import Outline, box, points
from training.scenes.stage import Stage
from training.scenes.water import paint_mirror, paint_waves

WALLS: tuple[Color, ...] = (
    (120, 140, 172), (150, 134, 150), (172, 128, 118), (104, 128, 150), (186, 162, 140),
    (132, 118, 146),
)  # fmt: skip
LAMPLIGHT: Color = (255, 218, 136)


def _building(dice: Dice, x: float, wide: float, foot: float, tall: float) -> list[Outline]:
    """One building's outline: flat, stepped, pitched or with a mast."""
    top = foot - tall
    shapes = [box(x, top, x + wide, foot)]
    roof = dice.whole(0, 4)
    middle = x + wide / 2
    if roof == 1:
        shapes.append(box(x + wide * 0.18, top - wide * 0.3, x + wide * 0.82, top + 1))
    elif roof == 2:
        shapes.append(points((x, top + 1), (middle, top - wide * 0.45), (x + wide, top + 1)))
    elif roof == 3:
        shapes += [
            box(x + wide * 0.25, top - wide * 0.35, x + wide * 0.75, top + 1),
            box(middle - wide * 0.03, top - wide * 1.1, middle + wide * 0.03, top),
        ]
    elif roof == 4:
        shapes.append(points((x, top + 1), (x + wide, top - wide * 0.35), (x + wide, top + 1)))
    return shapes


def _windows(
    dice: Dice, x: float, wide: float, foot: float, tall: float, *, columns: int, rows: int
) -> tuple[list[Outline], list[Outline]]:
    """(dark, lit) panes in a grid."""
    dark: list[Outline] = []
    lit: list[Outline] = []
    step_x = wide / (columns + 0.5)
    step_y = tall / (rows + 1)
    for row in range(rows):
        for column in range(columns):
            left = x + step_x * (column + 0.4)
            top = foot - tall + step_y * (row + 0.6)
            pane = box(left, top, left + step_x * 0.62, top + step_y * 0.5)
            (lit if dice.chance(0.5) else dark).append(pane)
    return dark, lit


def skyline(
    stage: Stage,
    dice: Dice,
    foot: float,
    tall: tuple[float, float],
    distance: float,
    *,
    count: int,
    panes: bool,
) -> None:
    """A row of buildings side by side from edge to edge."""
    cuts = np.cumsum([0.0] + [dice.between(0.6, 1.3) for _ in range(count)])
    edges = (cuts / cuts[-1] * 1.08 - 0.04) * stage.width
    base = foot * stage.height
    for left, right in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        wide = (right - left) * dice.between(0.86, 1.04)
        high = dice.between(*tall) * stage.unit
        color = dice.pick(WALLS)
        top = stage.land(lighter(color, 0.05), distance)
        low = stage.land(darker(color, 0.18), min(1.0, distance + 0.1))
        shapes = _building(dice, left, wide, base, high)
        body = stage.canvas.stencil(shapes)
        stage.fill(top, low, *shapes)
        side = left if stage.light.side > 0 else left + wide * 0.68
        stage.wash(
            [box(side, base - high * 1.4, side + wide * 0.32, base)],
            darker(low, 0.35),
            opacity=0.4,
            clip=body,
        )
        if not panes:
            continue
        dark, lit = _windows(
            dice, left, wide, base, high, columns=dice.whole(3, 5), rows=dice.whole(6, 10)
        )
        glass = mix(stage.land(darker(color, 0.3), distance), stage.light.sky[0], 0.35)
        shine = lighter(mix(glass, stage.light.sky[-1], 0.6), 0.2)
        if stage.light.dark or stage.light.low:
            shine = mix(LAMPLIGHT, stage.light.haze, distance * 0.6)
        stage.wash(dark, glass, opacity=0.7)
        stage.wash(lit, shine, opacity=0.95 if stage.light.dark else 0.6)


def _depths(stage: Stage, dice: Dice, foot: float) -> None:
    skyline(stage, dice.child("far"), foot, (0.16, 0.46), 0.66, count=16, panes=False)
    skyline(stage, dice.child("middle"), foot, (0.14, 0.38), 0.4, count=11, panes=True)
    skyline(stage, dice.child("near"), foot, (0.08, 0.24), 0.14, count=9, panes=True)


def street(stage: Stage) -> None:
    """Buildings behind a pavement and a street."""
    dice = stage.dice
    _depths(stage, dice, 0.765)
    stone: Color = (190, 182, 178) if stage.season != "winter" else (226, 232, 240)
    asphalt: Color = (92, 94, 106) if stage.season != "winter" else (146, 152, 164)

    def band(top: float, bottom: float) -> Outline:
        return box(-2, top * stage.height, stage.width + 2, bottom * stage.height)

    stage.fill(
        stage.land(lighter(stone, 0.1)), stage.land(darker(stone, 0.1)), band(0.76, 0.83), grain=0.8
    )
    joints = [
        box(
            x * stage.width,
            0.762 * stage.height,
            x * stage.width + 0.003 * stage.unit,
            0.826 * stage.height,
        )
        for x in np.linspace(0, 1, 22).tolist()
    ]
    stage.wash(joints, stage.land(darker(stone, 0.25)), opacity=0.5)
    stage.wash([band(0.826, 0.836)], stage.land(darker(stone, 0.4)))
    stage.fill(
        stage.land(lighter(asphalt, 0.06)),
        stage.land(darker(asphalt, 0.2)),
        band(0.836, 1.01),
        grain=0.9,
    )
    dashes = [
        box(
            (i / 9 + 0.02) * stage.width,
            0.928 * stage.height,
            (i / 9 + 0.075) * stage.width,
            0.938 * stage.height,
        )
        for i in range(9)
    ]
    stage.wash(dashes, stage.land((246, 238, 214)), opacity=0.9)


def riverside(stage: Stage) -> None:
    """Buildings mirrored in a river."""
    dice = stage.dice
    _depths(stage, dice, 0.645)
    quay = box(-2, 0.64 * stage.height, stage.width + 2, 0.665 * stage.height)
    stage.fill(stage.land((160, 150, 150), 0.1), stage.land((110, 104, 116), 0.1), quay)
    paint_mirror(stage, 0.664, (52, 96, 128), strength=0.75)
    paint_waves(
        stage,
        dice.child("waves"),
        0.68,
        1.0,
        mix(stage.light.glow, (255, 255, 255), 0.4),
        count=70,
        opacity=0.22,
    )
