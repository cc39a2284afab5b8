"""Wild open places: mountains, desert, snowfield."""

from __future__ import annotations

import numpy as np

from training.scenes.canvas import Fade, Stencil
from training.scenes.colors import Color, darker, lighter, mix
from training.scenes.dice import Dice
from training.scenes.land import (
    SNOW,
    grass_of,
    jagged,
    paint_dune,
    paint_hill,
    paint_patches,
    paint_specks,
    paint_tufts,
    rolling,
)
from training.scenes.mountains import paint_range
from training.scenes.plants import snowy_pine
from training.scenes.shapes import curve, points, ribbon
from training.scenes.stage import Stage
from training.scenes.woods import pine_row

ROCKS: tuple[Color, ...] = ((128, 130, 152), (140, 128, 136), (116, 128, 146), (150, 134, 124))


def mountains(stage: Stage) -> None:
    """Three ranges, a wood at their feet, a meadow in front."""
    dice = stage.dice
    rock = dice.pick(ROCKS)
    cold = 0.5 if stage.season == "winter" else 0.0
    paint_range(
        stage,
        dice.child("far"),
        0.66,
        0.4,
        lighter(rock, 0.1),
        count=4,
        distance=0.5,
        snow=0.5 + cold,
    )
    paint_range(
        stage, dice.child("middle"), 0.7, 0.3, rock, count=3, distance=0.26, snow=0.4 + cold
    )
    if "tree" not in stage.without:
        pine_row(stage, dice.child("wood"), 0.71, 0.075, 0.3, count=60)
    slope = rolling(stage, dice.child("slope"), 0.71, 0.02)
    grass = grass_of(stage)
    paint_patches(
        stage,
        dice.child("patch"),
        slope,
        paint_hill(stage, slope, mix(grass, (110, 150, 100), 0.4), distance=0.18),
        grass,
        distance=0.1,
    )
    if "tree" not in stage.without:
        pine_row(stage, dice.child("near"), 0.765, 0.11, 0.1, count=16)
    near = rolling(stage, dice.child("meadow"), 0.79, 0.018, waves=1.1)
    paint_patches(stage, dice.child("near patch"), near, paint_hill(stage, near, grass), grass)
    if stage.season != "winter":
        paint_tufts(stage, dice.child("tufts"), 0.8, 1.03, grass)
        paint_specks(
            stage,
            dice.child("stones"),
            0.82,
            1.0,
            ((170, 168, 170), (140, 140, 148)),
            count=24,
            size=0.014,
        )


def _mesa_bands(
    stage: Stage,
    color: Color,
    body: Stencil | None,
    *,
    x: float,
    half: float,
    high: float,
    distance: float,
) -> None:
    """Layers of lighter rock."""
    foot = 0.66 * stage.height
    bands = [
        ribbon(
            curve(
                (x - half, foot - high * k), (x, foot - high * (k + 0.02)),
                (x + half, foot - high * k),
            ),
            high * 0.04,
        )
        for k in (0.3, 0.52, 0.7, 0.88)
    ]  # fmt: skip
    stage.wash(bands, stage.land(lighter(color, 0.22), distance), opacity=0.4, clip=body)


def _mesa(
    stage: Stage,
    dice: Dice,
    color: Color,
    *,
    across: float,
    wide: float,
    tall: float,
    distance: float,
) -> None:
    """A flat-topped rock with bands."""
    x = across * stage.width
    half = wide * stage.unit / 2
    high = tall * stage.unit
    foot = 0.66 * stage.height
    left = jagged(dice, (x - half * 0.72, foot - high), (x - half, foot), 0.06, steps=7)
    right = jagged(dice, (x + half * 0.72, foot - high), (x + half, foot), 0.06, steps=7)
    body = stage.canvas.stencil([np.vstack([left, right[::-1]])])
    stage.canvas.paint(
        body,
        Fade(
            stage.land(color, distance),
            stage.land(lighter(color, 0.1), min(1, distance + 0.25)),
            grain=0.6,
        ),
    )
    shade = stage.canvas.stencil([
        points(
            (x - stage.light.side * half * 0.1, foot - high * 1.1),
            (x - stage.light.side * half * 2, foot - high * 1.1),
            (x - stage.light.side * half * 2, foot),
            (x + stage.light.side * half * 0.1, foot),
        ),
    ])  # fmt: skip
    stage.canvas.paint(shade, stage.land(darker(color, 0.4), distance), opacity=0.6, clip=body)
    _mesa_bands(stage, color, body, x=x, half=half, high=high, distance=distance)


def desert(stage: Stage) -> None:
    """Dunes, sometimes with table mountains behind."""
    dice = stage.dice
    sand: Color = dice.pick(((234, 190, 122), (232, 172, 108), (226, 160, 100)))
    if dice.chance(0.6):
        red: Color = (192, 108, 80)
        for _ in range(dice.whole(2, 4)):
            wide = dice.between(0.2, 0.42)
            tall = dice.between(0.1, 0.26)
            distance = dice.between(0.3, 0.55)
            _mesa(
                stage, dice, red, across=dice.between(0, 1), wide=wide, tall=tall, distance=distance
            )
    for index, (down, rise, distance) in enumerate(
        ((0.63, 0.022, 0.36), (0.7, 0.032, 0.18), (0.79, 0.034, 0.0))
    ):
        crest = rolling(stage, dice.child(f"dune{index}"), down, rise, waves=1.5)
        paint_dune(stage, dice.child(f"shade{index}"), crest, sand, distance=distance)
    floor = rolling(stage, dice.child("floor"), 0.87, 0.01, waves=0.9)
    body = paint_hill(stage, floor, lighter(sand, 0.06))
    paint_patches(stage, dice.child("ripples"), floor, body, sand)
    paint_specks(
        stage,
        dice.child("stones"),
        0.88,
        1.0,
        (darker(sand, 0.35), darker(sand, 0.2)),
        count=30,
        size=0.008,
    )


def snowfield(stage: Stage) -> None:
    """Drifts of snow, white woods, blue shadows."""
    dice = stage.dice
    if dice.chance(0.6):
        paint_range(
            stage,
            dice.child("range"),
            0.68,
            dice.between(0.2, 0.34),
            (136, 146, 172),
            count=4,
            distance=0.5,
            snow=0.9,
        )
    for index, (down, distance) in enumerate(((0.64, 0.42), (0.7, 0.24), (0.77, 0.0))):
        crest = rolling(stage, dice.child(f"drift{index}"), down, 0.026)
        body = paint_hill(stage, crest, SNOW, distance=distance, depth=0.3)
        paint_patches(
            stage, dice.child(f"blue{index}"), crest, body, (206, 220, 242), distance=distance
        )
        if index < 2 and "tree" not in stage.without:
            pine_row(
                stage,
                dice.child(f"wood{index}"),
                down + 0.03,
                0.08 + 0.05 * index,
                distance + 0.1,
                count=18,
                color=(116, 146, 150),
            )
    if "tree" not in stage.without:
        for across in (dice.between(0.0, 0.12), dice.between(0.88, 1.0)):
            snowy_pine(
                stage.growing(across, dice.between(0.8, 0.86), dice.between(0.34, 0.5)),
                (66, 116, 104),
                dice.child(f"pine{across:.3f}"),
            )
    sparkle = ((255, 255, 255), (216, 228, 246))
    paint_specks(stage, dice.child("sparkle"), 0.8, 1.0, sparkle, count=60, size=0.005)


def aurora(stage: Stage) -> None:
    """Curtains of green light in a winter night's sky."""
    dice = stage.dice.child("aurora")
    for color in ((96, 240, 180), (120, 200, 250), (110, 250, 160)):
        x = np.linspace(-0.05, 1.05, 24)
        base = dice.between(0.3, 0.48) + 0.06 * np.sin(x * dice.between(4, 8) + dice.between(0, 6))
        lower = np.stack([x * stage.width, base * stage.height], axis=1)
        upper = lower - np.stack(
            [np.zeros(24), (0.16 + 0.1 * np.sin(x * 17 + dice.between(0, 6))) * stage.height],
            axis=1,
        )
        curtain = stage.canvas.stencil([np.vstack([lower, upper[::-1]])], blur=0.03 * stage.unit)
        stage.canvas.paint(curtain, color, opacity=0.26)
        stage.wash([ribbon(lower, 0.03 * stage.unit)], color, blur=0.014 * stage.unit, opacity=0.3)
