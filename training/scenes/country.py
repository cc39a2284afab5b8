"""Places in the country: hills, road, garden, field of flowers."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from training.scenes.colors import Color, darker, lighter, mix
from training.scenes.dice import Dice
from training.scenes.land import (
    SNOW,
    grass_of,
    paint_hill,
    paint_patches,
    paint_specks,
    paint_tufts,
    rolling,
)
from training.scenes.mountains import paint_range
from training.scenes.plants import bare_tree, leafy_tree, pine, snowy_pine, tall_tree
from training.scenes.shapes import Outline, curve, ellipse, points, ribbon, shifted
from training.scenes.stage import Stage

LEAVES: dict[str, tuple[Color, ...]] = {
    "summer": ((92, 150, 70), (110, 162, 76), (76, 138, 80)),
    "spring": ((134, 184, 84), (150, 192, 96), (112, 172, 90)),
    "autumn": ((222, 130, 48), (206, 92, 52), (232, 174, 66)),
    "winter": ((70, 116, 100), (60, 104, 96), (80, 122, 104)),
}
PINE: Color = (62, 114, 88)
PETALS: tuple[Color, ...] = ((250, 246, 236), (246, 206, 84), (232, 104, 104), (178, 130, 206))


def far_trees(
    stage: Stage,
    dice: Dice,
    crest: Outline,
    color: Color,
    distance: float,
    *,
    count: int,
    tall: float,
) -> None:
    """Small round or pointed trees along a crest."""
    pointed = dice.chance(0.4) or stage.season == "winter"
    color = PINE if pointed else color
    crowns: list[Outline] = []
    for _ in range(count):
        x = dice.between(0, 1) * stage.width
        down = float(np.interp(x, crest[:, 0], crest[:, 1])) + dice.between(0, 0.02) * stage.unit
        high = tall * stage.unit * dice.between(0.6, 1.1)
        if pointed:
            crowns.append(
                points((x - high * 0.26, down), (x, down - high), (x + high * 0.26, down))
            )
        else:
            crowns += [
                ellipse(x + dx * high, down - high * dy, high * r, corners=14)
                for dx, dy, r in ((0, 0.6, 0.36), (-0.22, 0.4, 0.26), (0.22, 0.42, 0.26))
            ]
    stage.fill(
        stage.land(lighter(color, 0.08), distance),
        stage.land(darker(color, 0.3), distance),
        *crowns,
    )


def season_tree(
    stage: Stage, dice: Dice, across: float, down: float, *, tall: float, haze: float
) -> None:
    """One tree of the season."""
    pen = stage.growing(across, down, tall, haze=haze)
    color = dice.pick(LEAVES[stage.season])
    kind = dice.whole(0, 3)
    if stage.season == "winter":
        (snowy_pine(pen, PINE, dice) if kind < 2 else bare_tree(pen, (112, 90, 80), dice))
    elif kind == 3:
        pine(pen, PINE, dice)
    else:
        (tall_tree if kind == 2 else leafy_tree)(pen, color, dice)


def _rows(stage: Stage, dice: Dice) -> Color:
    """Far range, two middle hills and the near one; returns the near grass."""
    grass = grass_of(stage)
    if dice.chance(0.4):
        rock: Color = (138, 142, 170)
        paint_range(
            stage,
            dice.child("range"),
            0.64,
            dice.between(0.12, 0.22),
            rock,
            count=5,
            distance=0.6,
            snow=0.3,
        )
    for index, (down, rise, distance) in enumerate(
        ((0.6, 0.028, 0.5), (0.655, 0.03, 0.3), (0.715, 0.026, 0.12))
    ):
        green = ((120, 160, 110), (150, 176, 92), (104, 156, 84))[index]
        cover = SNOW if stage.season == "winter" else mix(grass, green, 0.5)
        crest = rolling(stage, dice.child(f"hill{index}"), down, rise)
        body = paint_hill(stage, crest, cover, distance=distance, depth=0.26)
        paint_patches(stage, dice.child(f"patch{index}"), crest, body, cover, distance=distance)
        if "tree" not in stage.without and index < 2:
            far_trees(
                stage,
                dice.child(f"trees{index}"),
                crest.line,
                LEAVES[stage.season][index],
                distance,
                count=14,
                tall=0.035 + 0.02 * index,
            )
    near = rolling(stage, dice.child("near"), 0.79, 0.022, waves=1.1)
    body = paint_hill(stage, near, grass)
    paint_patches(stage, dice.child("patch"), near, body, grass)
    return grass


def hills(stage: Stage) -> None:
    """Rolling meadows, a few trees, flowers near the viewer."""
    dice = stage.dice
    grass = _rows(stage, dice)
    if "tree" not in stage.without:
        for across in (dice.between(-0.02, 0.1), dice.between(0.9, 1.02)):
            if dice.chance(0.6):
                down = dice.between(0.76, 0.84)
                tall = dice.between(0.22, 0.36)
                season_tree(
                    stage, dice.child(f"tree{across:.3f}"), across, down, tall=tall, haze=0.05
                )
    if stage.season != "winter":
        paint_tufts(stage, dice.child("tufts"), 0.8, 1.03, grass)
        if "flower" not in stage.without and dice.chance(0.7):
            paint_specks(stage, dice.child("petals"), 0.82, 1.02, PETALS, count=90, size=0.009)


def _poles(stage: Stage, dice: Dice) -> None:
    """Telegraph poles along the verge, and their wires."""
    tops: list[tuple[float, float]] = []
    wood: list[Outline] = []
    tall = 0.2 * stage.unit
    shift = dice.between(0, 0.25)
    for index in range(6):
        x = (index / 4 - 0.25 + shift) * stage.width
        down = 0.806 * stage.height
        tops.append((x, down - tall * 0.95))
        wood += [
            ribbon([(x, down), (x, down - tall)], tall * 0.035, tall * 0.025),
            ribbon([(x - tall * 0.11, tops[-1][1]), (x + tall * 0.11, tops[-1][1])], tall * 0.025),
        ]
    wires = []
    for (x0, y0), (x1, y1) in pairwise(tops):
        for aside in (-tall * 0.09, tall * 0.09):
            sag = ((x0 + x1) / 2 + aside, y0 + tall * 0.16)
            wires.append(
                ribbon(
                    curve((x0 + aside, y0), sag, (x1 + aside, y1)), max(0.5, 0.0022 * stage.unit)
                )
            )
    stage.wash(wires, stage.land((92, 80, 84), 0.15), opacity=0.7)
    stage.fill(stage.land((128, 96, 74), 0.1), stage.land((98, 72, 60), 0.1), *wood)


def road(stage: Stage) -> None:
    """A country road crossing in front of hills."""
    dice = stage.dice
    grass = _rows(stage, dice)
    asphalt: Color = (104, 104, 114) if stage.season != "winter" else (148, 152, 164)
    if dice.chance(0.6):
        _poles(stage, dice.child("poles"))
    if "tree" not in stage.without:
        for index in range(dice.whole(1, 3)):
            down = dice.between(0.765, 0.79)
            tall = dice.between(0.16, 0.26)
            season_tree(
                stage, dice.child(f"tree{index}"), dice.between(0, 1), down, tall=tall, haze=0.08
            )
    bow = dice.between(-0.012, 0.012)
    across = np.linspace(-0.02, 1.02, 25)
    line = np.stack(
        [across * stage.width, (0.81 + bow * (across - 0.5) ** 2 * 4) * stage.height], axis=1
    )

    def band(top: float, bottom: float) -> Outline:
        return np.vstack(
            [shifted(line, 0, top * stage.height), shifted(line, 0, bottom * stage.height)[::-1]]
        )

    stage.fill(stage.land(lighter(grass, 0.18)), stage.land(darker(grass, 0.1)), band(-0.014, 0.15))
    stage.fill(
        stage.land(lighter(asphalt, 0.1)),
        stage.land(darker(asphalt, 0.1)),
        band(0.0, 0.13),
        grain=0.9,
    )
    stage.wash([band(0.004, 0.008), band(0.12, 0.126)], stage.land((238, 234, 220)), opacity=0.8)
    dashes = [band(0.058, 0.066)[[i, i + 1, -i - 2, -i - 1]] for i in range(0, 24, 2)]
    stage.wash(dashes, stage.land((246, 238, 214)))
    if stage.season != "winter":
        paint_tufts(stage, dice.child("tufts"), 0.955, 1.05, grass, count=70, size=0.05)
