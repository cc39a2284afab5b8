"""Places by the sea and in it: open sea, beach, reef."""

from __future__ import annotations

import math

import numpy as np

from training.scenes.canvas import Fade
from training.scenes.colors import Color, darker, lighter, mix
from training.scenes.dice import Dice
from training.scenes.land import Crest, paint_hill, paint_patches, paint_specks, rolling
from training.scenes.plants import palm
from training.scenes.shapes import Outline, curve, ellipse, leaf, points, ribbon, shifted
from training.scenes.stage import Stage
from training.scenes.water import paint_glitter, paint_sea

WATERS: tuple[Color, ...] = ((36, 120, 172), (40, 146, 170), (52, 108, 160))
SAND: Color = (238, 206, 150)
DEPTHS: tuple[tuple[Color, ...], ...] = (
    ((150, 226, 226), (70, 182, 206), (32, 124, 176), (20, 84, 140)),
    ((170, 232, 214), (80, 190, 186), (28, 132, 154), (16, 90, 124)),
    ((130, 200, 236), (66, 150, 214), (38, 98, 176), (26, 62, 132)),
)
CORALS: tuple[Color, ...] = (
    (236, 106, 110),
    (244, 154, 84),
    (206, 104, 170),
    (248, 206, 110),
    (150, 110, 200),
)


def _shines(stage: Stage) -> bool:
    return stage.light.weather == "clear" and (stage.light.low or stage.light.dark)


def sea(stage: Stage) -> None:
    """Open water to the horizon, sometimes with an island."""
    dice = stage.dice
    if dice.chance(0.5):
        left = dice.between(-0.2, 0.7)
        span = dice.between(0.3, 0.5)
        ridge = curve(
            (left, 0), (left + span * 0.25, 0.05), (left + span * 0.45, dice.between(0.06, 0.11)),
            (left + span * 0.7, 0.04), (left + span, 0),
        )  # fmt: skip
        down = stage.horizon * stage.height + 1
        island = np.stack([ridge[:, 0] * stage.width, down - ridge[:, 1] * stage.unit], axis=1)
        stage.fill(stage.land((92, 124, 110), 0.5), stage.land((110, 140, 130), 0.7), island)
    paint_sea(stage, dice.child("sea"), stage.horizon, 1.0, dice.pick(WATERS))
    if _shines(stage):
        paint_glitter(stage, dice.child("glitter"), stage.horizon, 0.98)


def beach(stage: Stage) -> None:
    """Sea above, sand below, foam where they meet."""
    dice = stage.dice
    if dice.chance(0.4):
        headland = rolling(stage, dice.child("head"), stage.horizon - 0.02, 0.03, waves=0.6)
        paint_hill(stage, headland, (104, 140, 104), distance=0.5, depth=0.06)
    paint_sea(
        stage,
        dice.child("sea"),
        stage.horizon,
        0.74,
        dice.pick(((40, 150, 176), (44, 170, 178), (48, 130, 176))),
    )
    if _shines(stage):
        paint_glitter(stage, dice.child("glitter"), stage.horizon, 0.7, strength=0.6)


def _beach_grass(stage: Stage, dice: Dice) -> None:
    """Tufts of dune grass in one lower corner."""
    unit = stage.unit
    corner = dice.pick((-0.02, 1.02))
    for _ in range(16):
        x = (corner + dice.between(-0.09, 0.09)) * stage.width
        down = dice.between(0.9, 1.03) * stage.height
        blades = [
            leaf(
                (x, down),
                (x + lean * 0.06 * unit, down - (0.13 - abs(lean) * 0.05) * unit),
                0.008 * unit,
            )
            for lean in (-1.2, -0.6, -0.1, 0.5, 1.1)
        ]
        stage.fill(stage.land((170, 184, 100)), stage.land((96, 130, 80)), *blades)


def beach_front(stage: Stage) -> None:
    """The sand, its wet edge and the foam."""
    dice = stage.dice.child("sand")
    shore = rolling(stage, dice.child("shore"), 0.7, 0.022, waves=0.8).line
    under = points((stage.width + 3, stage.height + 3), (-3, stage.height + 3))
    unit = stage.unit
    for shift, color, opacity in (
        (-0.026, (255, 255, 252), 0.35),
        (-0.012, (255, 255, 252), 0.8),
        (0.0, darker(SAND, 0.3), 1.0),
    ):
        edge = np.vstack([shifted(shore, 0, shift * unit), under])
        stage.wash([edge], stage.land(color), opacity=opacity)
    dry = np.vstack([shifted(shore, 0, 0.03 * unit), under])
    body = stage.canvas.stencil([dry], blur=0.006 * unit)
    stage.canvas.paint(
        body, Fade(stage.land(lighter(SAND, 0.1)), stage.land(darker(SAND, 0.16)), grain=0.8)
    )
    drift = Crest(shifted(shore, 0, 0.04 * unit))
    paint_patches(stage, dice.child("drifts"), drift, body, SAND)
    paint_specks(
        stage,
        dice.child("shells"),
        0.78,
        1.0,
        (lighter(SAND, 0.5), darker(SAND, 0.3)),
        count=60,
        size=0.006,
    )
    if not stage.without & {"palm tree", "boat"} and dice.chance(0.5):
        side = dice.chance(0.5)
        palm(
            stage.growing(0.09 if side else 0.91, 0.86, 0.62, flip=side),
            (84, 146, 78),
            dice.child("palm"),
        )
    _beach_grass(stage, dice)


def _shafts(stage: Stage, dice: Dice) -> None:
    """Sunlight falling through the surface."""
    for _ in range(5):
        x = dice.between(0, 1) * stage.width
        wide = dice.between(0.04, 0.12) * stage.unit
        lean = dice.between(-0.1, 0.3) * stage.unit
        low = stage.height
        shaft = points(
            (x, -5), (x + wide, -5), (x + wide * 2.2 - lean, low), (x - wide * 0.6 - lean, low)
        )
        stage.wash([shaft], (206, 246, 240), blur=0.012 * stage.unit, opacity=0.1)


def _weed(stage: Stage, dice: Dice, x: float, down: float, tall: float) -> list[Outline]:
    blades = []
    for index in range(4):
        foot = x + (index - 1.5) * tall * 0.1
        sway = dice.between(0.05, 0.13) * tall * (1 if index % 2 else -1)
        high = tall * dice.between(0.6, 1.0)
        path = curve(
            (foot, down), (foot + sway, down - high * 0.35), (foot - sway, down - high * 0.7),
            (foot + sway * 0.6, down - high),
        )  # fmt: skip
        blades.append(ribbon(path, tall * 0.07, tall * 0.015))
    return blades


def _coral(dice: Dice, x: float, down: float, tall: float) -> list[Outline]:
    """A branching coral."""
    twigs = []
    for index in range(7):
        lean = (index - 3) / 3 * 0.7 + dice.between(-0.1, 0.1)
        high = tall * (1 - abs(index - 3) * 0.1) * dice.between(0.8, 1.0)
        tip = (x + math.sin(lean) * high, down - math.cos(lean) * high)
        twigs.append(
            ribbon(
                curve((x, down), (x + math.sin(lean) * high * 0.3, down - high * 0.5), tip),
                tall * 0.14,
                tall * 0.09,
            ),
        )
        twigs.append(ellipse(*tip, tall * 0.055, corners=12))
    return twigs


def reef(stage: Stage) -> None:
    """Under water: light from above, a sandy floor, corals and weed."""
    dice = stage.dice
    unit = stage.unit
    _shafts(stage, dice.child("shafts"))
    far = rolling(stage, dice.child("far"), 0.8, 0.05, waves=1.2)
    paint_hill(stage, far, (60, 130, 160), distance=0.55)
    for _ in range(6):
        x = dice.between(0, 1) * stage.width
        down = dice.between(0.84, 0.9) * stage.height
        color = mix(dice.pick(CORALS), stage.light.haze, 0.6)
        stage.fill(
            lighter(color, 0.1),
            darker(color, 0.2),
            *_coral(dice, x, down, dice.between(0.08, 0.15) * unit),
        )
    floor = rolling(stage, dice.child("floor"), 0.89, 0.018, waves=1.4)
    paint_hill(stage, floor, mix(SAND, (120, 170, 180), 0.35), distance=0.1)
    for index in range(5):
        x = (index + dice.between(0.1, 0.9)) / 5 * stage.width
        down = dice.between(0.93, 1.0) * stage.height
        if dice.chance(0.5):
            color = dice.pick(CORALS)
            stage.fill(
                lighter(color, 0.12),
                darker(color, 0.3),
                *_coral(dice, x, down, dice.between(0.1, 0.18) * unit),
            )
        else:
            stage.fill(
                (96, 178, 110),
                (32, 106, 96),
                *_weed(stage, dice, x, down, dice.between(0.2, 0.34) * unit),
            )
    bubbles: list[Outline] = []
    shine: list[Outline] = []
    for _ in range(26):
        x = dice.between(0, 1) * stage.width
        down = dice.between(0.1, 0.85) * stage.height
        size = dice.between(0.003, 0.012) * unit
        bubbles.append(ellipse(x, down, size, corners=14))
        shine.append(ellipse(x - size * 0.3, down - size * 0.3, size * 0.3, corners=8))
    stage.wash(bubbles, (226, 248, 250), opacity=0.45)
    stage.wash(shine, (255, 255, 255))


def reef_sky(stage: Stage) -> tuple[Color, ...]:
    """The water's colors from the surface down."""
    return stage.dice.pick(DEPTHS)
