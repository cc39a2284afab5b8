"""Indoors and out of this world: a table with still life, and space."""

from __future__ import annotations

import math

import numpy as np

from training.scenes.canvas import Fade
from training.scenes.colors import Color, darker, lighter
from training.scenes.dice import Dice
from training.scenes.shapes import Outline, box, curve, ellipse, points, ribbon
from training.scenes.sky import paint_stars, veil
from training.scenes.stage import Stage

WALLS: tuple[Color, ...] = (
    (206, 214, 200), (232, 212, 190), (186, 204, 214), (226, 196, 186), (216, 208, 222),
    (240, 226, 190),
)  # fmt: skip
TABLES: tuple[Color, ...] = ((172, 116, 74), (146, 96, 66), (200, 152, 102), (120, 82, 64))
NEBULAE: tuple[tuple[Color, Color], ...] = (
    ((150, 60, 150), (50, 90, 190)), ((40, 130, 150), (90, 60, 160)),
    ((190, 80, 100), (80, 50, 140)), ((50, 100, 180), (30, 140, 130)),
)  # fmt: skip
TABLE_EDGE = 0.66  # share of the height where the table top begins


def table(stage: Stage) -> None:
    """A wall with light falling on it, a wooden table, sometimes a cloth."""
    dice = stage.dice
    unit = stage.unit
    wall = dice.pick(WALLS)
    stage.fill(
        stage.land(lighter(wall, 0.2)),
        stage.land(darker(wall, 0.16)),
        box(-2, -2, stage.width + 2, stage.height + 2),
        grain=0.7,
    )
    if dice.chance(0.5):
        panels = [
            box(x * stage.width, -2, x * stage.width + 0.005 * unit, TABLE_EDGE * stage.height)
            for x in np.linspace(0.02, 0.98, 9).tolist()
        ]
        stage.wash(panels, stage.land(darker(wall, 0.2)), opacity=0.5)
    else:
        dots = [
            ellipse(
                (i % 13 + 0.5 * (i // 13 % 2)) / 12.5 * stage.width,
                (i // 13 + 0.3) / 12 * stage.height,
                0.008 * unit,
                corners=10,
            )
            for i in range(13 * 8)
        ]
        stage.wash(dots, stage.land(lighter(wall, 0.5)), opacity=0.6)


def window_light(stage: Stage) -> None:
    """The slanting patch a window throws on the wall."""
    side = stage.light.side
    x = (0.5 - side * 0.18) * stage.width
    y = 0.12 * stage.height
    unit = stage.unit
    panes = []
    for column in range(2):
        for row in range(2):
            left = x + (column - 1) * 0.2 * unit
            top = y + row * 0.22 * unit + column * 0.03 * unit
            panes.append(
                points(
                    (left, top), (left + 0.18 * unit, top + 0.027 * unit),
                    (left + 0.14 * unit, top + 0.22 * unit),
                    (left - 0.04 * unit, top + 0.193 * unit),
                ),
            )  # fmt: skip
    stage.wash(panes, (255, 246, 214), blur=0.006 * unit, opacity=0.5)


def table_top(stage: Stage) -> None:
    """The table itself, in front of wall and window."""
    dice = stage.dice.child("top")
    unit = stage.unit
    wood = dice.pick(TABLES)
    edge = TABLE_EDGE * stage.height
    stage.fill(
        stage.land(lighter(wood, 0.16)),
        stage.land(darker(wood, 0.2)),
        box(-2, edge, stage.width + 2, stage.height + 2),
        grain=0.7,
    )
    stage.wash(
        [box(-2, edge - 0.004 * unit, stage.width + 2, edge + 0.006 * unit)],
        stage.land(lighter(wood, 0.45)),
        opacity=0.7,
    )
    grain: list[Outline] = []
    for _ in range(26):
        y = edge + dice.between(0.03, 1) ** 1.2 * (stage.height - edge)
        x = dice.between(-0.1, 1) * stage.width
        long = dice.between(0.2, 0.7) * unit
        grain.append(
            ribbon(
                curve(
                    (x, y), (x + long * 0.5, y + dice.between(-0.006, 0.006) * unit), (x + long, y)
                ),
                0.004 * unit,
                0.001 * unit,
            ),
        )
    stage.wash(grain, stage.land(darker(wood, 0.4)), opacity=0.4)
    if dice.chance(0.55):
        _cloth(stage, dice.child("cloth"))


def _stripes(x: float, half: float, edge: float, low: float) -> list[Outline]:
    """Stripes running from the far edge of the cloth to the near one."""
    stripes = []
    for k in range(-5, 6):
        far = x + k * half * 0.172
        near = x + k * half * 0.22
        stripes.append(
            points(
                (far - 3, edge),
                (far + half * 0.06, edge),
                (near + half * 0.075, low),
                (near - 3, low),
            )
        )
    return stripes


def _cloth(stage: Stage, dice: Dice) -> None:
    """A checked or striped cloth lying across the table."""
    x = stage.width * 0.5
    unit = stage.unit
    edge = TABLE_EDGE * stage.height + 0.045 * unit
    low = 0.965 * stage.height
    half = 0.46 * unit
    color = dice.pick(((246, 240, 226), (214, 226, 232), (240, 222, 214)))
    body = stage.canvas.stencil(
        [
            points(
                (x - half * 0.86, edge),
                (x + half * 0.86, edge),
                (x + half * 1.1, low),
                (x - half * 1.1, low),
            )
        ]
    )
    stage.canvas.paint(
        body, Fade(stage.land(lighter(color, 0.1)), stage.land(darker(color, 0.12)), grain=0.5)
    )
    tone = stage.land(darker(color, 0.2))
    stage.wash(_stripes(x, half, edge, low), tone, opacity=0.3, clip=body)
    if dice.chance(0.5):
        bands = [
            box(
                x - half * 1.2,
                edge + (low - edge) * k / 6,
                x + half * 1.2,
                edge + (low - edge) * (k / 6 + 0.07),
            )
            for k in range(6)
        ]
        stage.wash(bands, tone, opacity=0.3, clip=body)


def _drape(stage: Stage, cloth: Color, *, x: float, side: int, top: float, bottom: float) -> None:
    """One curtain: a gathered cloth with folds."""
    unit = stage.unit
    thick = 0.022 * unit
    sill = (top + bottom) / 2
    drop = curve(
        (x - side * 0.09 * unit, top - thick * 2),
        (x - side * 0.05 * unit, sill),
        (x, bottom * 0.96),
    )
    stage.fill(
        stage.land(lighter(cloth, 0.2)),
        stage.land(darker(cloth, 0.2)),
        np.vstack([
            drop,
            points((x + side * 0.07 * unit, bottom), (x + side * 0.09 * unit, top - thick * 2)),
        ]),
    )  # fmt: skip
    folds = [
        ribbon(
            [
                (x + side * k * unit, top - thick),
                (x + side * (k * 0.8 + 0.005) * unit, bottom * 0.97),
            ],
            0.006 * unit,
        )
        for k in (-0.03, 0.01, 0.05)
    ]
    stage.wash(folds, stage.land(darker(cloth, 0.35)), opacity=0.4)


def curtain(stage: Stage, left: float, top: float, right: float, bottom: float) -> None:
    """Window frame (pixels) and curtains, painted over the view through the window."""
    unit = stage.unit
    wood = (250, 246, 238)
    thick = 0.022 * unit
    middle = (left + right) / 2
    sill = (top + bottom) / 2
    frame = [
        box(left - thick, top - thick, right + thick, top),
        box(left - thick, bottom, right + thick, bottom + thick),
        box(left - thick, top, left, bottom),
        box(right, top, right + thick, bottom),
        box(middle - thick * 0.3, top, middle + thick * 0.3, bottom),
        box(left, sill - thick * 0.3, right, sill + thick * 0.3),
        box(left - thick * 2, bottom + thick * 0.8, right + thick * 2, bottom + thick * 2),
    ]
    stage.fill(stage.land(wood), stage.land(darker(wood, 0.12)), *frame)
    cloth = stage.dice.child("curtain").pick(
        ((226, 138, 116), (120, 160, 170), (240, 214, 150), (160, 140, 180))
    )
    for side, edge in ((-1, left), (1, right)):
        _drape(stage, cloth, x=edge + side * thick, side=side, top=top, bottom=bottom)


def space(stage: Stage) -> None:
    """Stars, two drifting nebulae, sometimes the curve of a world below."""
    dice = stage.dice
    for index, color in enumerate(dice.pick(NEBULAE)):
        veil(stage.canvas, dice.child(f"nebula{index}"), color, bottom=1.6, strength=0.55, coarse=2)
    paint_stars(stage.canvas, dice.child("stars"), count=230, bottom=1.0)
    if "planet" not in stage.without and dice.chance(0.5):
        _world(stage, dice.child("world"))


def _world(stage: Stage, dice: Dice) -> None:
    """The rim of a cratered moon along the bottom of the picture."""
    unit = stage.unit
    color = dice.pick(((150, 146, 162), (176, 130, 112), (120, 150, 164)))
    radius = stage.width * 1.2
    x = stage.width * dice.between(0.3, 0.7)
    y = stage.height * 0.86 + radius
    stage.wash(
        [ellipse(x, y, radius + 0.03 * unit, corners=160)],
        lighter(color, 0.5),
        blur=0.02 * unit,
        opacity=0.35,
    )
    body = stage.canvas.stencil([ellipse(x, y, radius, corners=160)])
    stage.canvas.paint(body, Fade(lighter(color, 0.2), darker(color, 0.6), grain=0.8))
    for _ in range(9):
        cx = dice.between(0, 1) * stage.width
        near = dice.between(0.1, 1)
        cy = stage.height * (0.88 + 0.12 * near)
        size = (0.015 + 0.05 * near) * unit
        cy += radius - math.sqrt(max(0.0, radius * radius - (cx - x) ** 2))
        stage.wash(
            [ellipse(cx, cy, size, size * 0.3)], lighter(color, 0.25), opacity=0.6, clip=body
        )
        stage.wash(
            [ellipse(cx, cy + size * 0.05, size * 0.88, size * 0.24)],
            darker(color, 0.4),
            opacity=0.7,
            clip=body,
        )
