"""A garden with its house, and a field of flowers."""

from __future__ import annotations

import numpy as np

from training.scenes.canvas import Fade
from training.scenes.colors import Color, darker, lighter, mix
from training.scenes.country import LEAVES, PETALS, far_trees, season_tree
from training.scenes.flowers import STEM
from training.scenes.land import (
    grass_of,
    paint_hill,
    paint_patches,
    paint_specks,
    paint_tufts,
    rolling,
)
from training.scenes.outdoor_objects import fence
from training.scenes.plants import bush
from training.scenes.shapes import Outline, curve, leaf, points, ribbon
from training.scenes.stage import Stage


def garden(stage: Stage) -> None:
    """A lawn with a path to the house, a fence, bushes and flower beds."""
    dice = stage.dice
    grass = grass_of(stage)
    back = rolling(stage, dice.child("back"), 0.6, 0.03)
    paint_hill(stage, back, mix(grass, (110, 150, 110), 0.4), distance=0.35)
    if "tree" not in stage.without:
        far_trees(
            stage, dice.child("far"), back.line, LEAVES[stage.season][0], 0.3, count=16, tall=0.1
        )
        for across in (dice.between(0.0, 0.12), dice.between(0.88, 1.0)):
            season_tree(
                stage,
                dice.child(f"tree{across:.3f}"),
                across,
                0.74,
                tall=dice.between(0.4, 0.5),
                haze=0.06,
            )
    lawn = rolling(stage, dice.child("lawn"), 0.7, 0.008)
    body = paint_hill(stage, lawn, grass)
    paint_patches(stage, dice.child("stripes"), lawn, body, grass)
    pales = max(3, round(stage.width / (0.17 * stage.unit)))
    for index in range(pales + 1):
        fence(stage.pen(index / pales, 0.735, 0.055, haze=0.05), (248, 244, 236), dice)


def garden_front(stage: Stage) -> None:
    """The path from the door and the flower beds, painted after the house."""
    dice = stage.dice.child("front")
    if stage.season != "winter":
        paint_tufts(stage, dice.child("tufts"), 0.78, 1.03, (104, 160, 76), count=60)
    x = 0.5 * stage.width
    unit = stage.unit
    down = 0.762 * stage.height
    left = curve(
        (x - 0.045 * unit, down),
        (x - 0.1 * unit, down + 0.1 * unit),
        (x - 0.2 * unit, stage.height + 4),
    )
    right = curve(
        (x + 0.24 * unit, stage.height + 4),
        (x + 0.06 * unit, down + 0.1 * unit),
        (x + 0.045 * unit, down),
    )
    stone: Color = (222, 204, 178) if stage.season != "winter" else (214, 220, 230)
    stage.fill(
        stage.land(lighter(stone, 0.1)),
        stage.land(darker(stone, 0.12)),
        np.vstack([left, right]),
        grain=0.9,
    )
    for index in range(6):
        across = 0.5 + (0.34 + 0.07 * (index // 2)) * (1 if index % 2 else -1) * unit / stage.width
        bush(
            stage.growing(across, 0.765, dice.between(0.08, 0.12)),
            dice.pick(LEAVES[stage.season]),
            dice,
        )
    if stage.season != "winter" and "flower" not in stage.without:
        paint_specks(stage, dice.child("petals"), 0.965, 1.02, PETALS, count=70, size=0.014)


def flower_field(stage: Stage) -> None:
    """Bands of blossom running to the horizon; the nearest flowers are put in by the plan."""
    dice = stage.dice
    green: Color = (92, 150, 74)
    crest = rolling(stage, dice.child("far"), stage.horizon, 0.02)
    paint_hill(stage, crest, (116, 150, 110), distance=0.5)
    far_trees(stage, dice.child("trees"), crest.line, (84, 130, 84), 0.45, count=22, tall=0.05)
    near = rolling(stage, dice.child("near"), stage.horizon + 0.05, 0.008)
    body = paint_hill(stage, near, green, distance=0.1, depth=0.7)
    deep = stage.canvas.stencil(
        [
            points(
                (-2, 0.72 * stage.height), (stage.width + 2, 0.72 * stage.height),
                (stage.width + 2, stage.height + 2), (-2, stage.height + 2),
            ),
        ],
        blur=0.06 * stage.unit,
    )  # fmt: skip
    stage.canvas.paint(
        deep, Fade(stage.land(darker(green, 0.1)), stage.land(darker(green, 0.55))), clip=body
    )
    paint_specks(
        stage, dice.child("wild"), stage.horizon + 0.06, 0.9, PETALS[:2], count=160, size=0.008
    )
    paint_tufts(stage, dice.child("tufts"), 0.62, 1.04, green, count=110, size=0.07)


def blossom_bands(stage: Stage, color: Color) -> None:
    """The field's own flowers, from specks at the horizon to soft heads in the middle distance."""
    dice = stage.dice.child("bands")
    paint_specks(
        stage,
        dice,
        stage.horizon + 0.05,
        0.66,
        (darker(color, 0.14), color, lighter(color, 0.15)),
        count=330,
        size=0.011,
    )
    heads: list[Outline] = []
    stems: list[Outline] = []
    for index in range(70):
        near = index / 70
        x = dice.between(-0.02, 1.02) * stage.width
        down = (0.64 + 0.12 * near) * stage.height
        size = (0.012 + 0.016 * near) * stage.unit
        stems.append(ribbon([(x, down), (x + size * 0.3, down + size * 4)], size * 0.2))
        heads += [
            leaf((x, down), (x + dx * size, down + dy * size), size * 0.9)
            for dx, dy in ((1, 0.2), (-1, 0.2), (0.5, -0.8), (-0.5, -0.8), (0, 0.9))
        ]
    blur = 0.0025 * stage.unit
    stage.fill(stage.land(STEM), stage.land(darker(STEM, 0.4)), *stems, blur=blur)
    stage.fill(stage.land(color, 0.05), stage.land(darker(color, 0.15)), *heads, blur=blur)
