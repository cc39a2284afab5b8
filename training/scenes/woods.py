"""Among trees: the forest, the lake with its wooded shore."""

from __future__ import annotations

import math

from training.scenes.canvas import Fade
from training.scenes.colors import Color, darker, lighter, mix
from training.scenes.country import LEAVES, far_trees
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
from training.scenes.plants import BIRCH, birch, bush, pine, pine_silhouette, snowy_pine
from training.scenes.shapes import Outline, ellipse, leaf, points, ribbon, shifted, smooth
from training.scenes.stage import Stage
from training.scenes.water import paint_glitter, paint_mirror, paint_waves

ROCKS: tuple[Color, ...] = ((128, 130, 152), (140, 128, 136), (116, 128, 146), (150, 134, 124))


def pine_row(
    stage: Stage,
    dice: Dice,
    down: float,
    tall: float,
    distance: float,
    *,
    count: int,
    color: Color = (58, 108, 84),
) -> None:
    """A dark edge of conifers, painted in one go."""
    trees: list[Outline] = []
    for index in range(count):
        x = (index + dice.between(-0.4, 1.4)) / count * stage.width
        size = tall * stage.unit * dice.between(0.6, 1.1)
        foot = down * stage.height + dice.between(0, 0.02) * stage.unit
        trees.append(pine_silhouette(dice, x, foot, size))
    stage.fill(
        stage.land(lighter(color, 0.08), distance),
        stage.land(darker(color, 0.2), min(1, distance + 0.12)),
        *trees,
    )


def _trunks(
    stage: Stage,
    dice: Dice,
    color: Color,
    distance: float,
    *,
    count: int,
    wide: float,
    foot: float,
) -> None:
    """Stems taller than the picture."""
    stems: list[Outline] = []
    for index in range(count):
        x = (index + dice.between(0.05, 0.95)) / count * stage.width
        thick = wide * stage.unit * dice.between(0.6, 1.2)
        lean = dice.between(-0.03, 0.03) * stage.unit
        down = (foot + dice.between(0, 0.03)) * stage.height
        flare = smooth(
            (x - thick, down), (x - thick * 0.5, down - thick * 2), (x + lean - thick * 0.4, -10),
            (x + lean + thick * 0.4, -10), (x + thick * 0.5, down - thick * 2), (x + thick, down),
            (x, down + thick * 0.2),
        )  # fmt: skip
        stems.append(flare)
    stencil = stage.canvas.stencil(stems)
    stage.canvas.paint(
        stencil,
        Fade(
            stage.land(darker(color, 0.1), distance),
            stage.land(color, min(1, distance + 0.1)),
            grain=0.8,
        ),
    )
    shade = [shifted(stem, -stage.light.side * wide * 0.45 * stage.unit, 0) for stem in stems]
    stage.wash(shade, stage.land(darker(color, 0.45), distance), opacity=0.5, clip=stencil)


def _canopy(stage: Stage, dice: Dice, color: Color, distance: float, *, reach: float) -> None:
    """Leaves hanging into the picture from above."""
    tufts: list[Outline] = []
    for index in range(44):
        x = index / 43 * stage.width
        size = dice.between(0.04, 0.085) * stage.unit
        edge = reach * (0.55 + 0.45 * math.cos(index * 0.9 + dice.between(0, 1.2))) * stage.unit
        tufts += [
            ellipse(x, edge * part, size, size * 0.8, corners=12) for part in (0.0, 0.4, 0.75)
        ]
        tip = (x + dice.between(-0.03, 0.03) * stage.unit, edge + size * dice.between(0.5, 1.1))
        tufts.append(leaf((x, edge * 0.7), tip, size * 0.6))
    stage.fill(
        stage.land(darker(color, 0.25), distance),
        stage.land(lighter(color, 0.1), distance),
        *tufts,
    )


def _beams(stage: Stage, dice: Dice) -> None:
    """Light falling between the trees."""
    side = stage.light.side
    for _ in range(4):
        x = dice.between(0.1, 0.9) * stage.width
        wide = dice.between(0.04, 0.1) * stage.unit
        drop = stage.height * 0.95
        beam = points(
            (x, -4),
            (x + wide, -4),
            (x + wide * 2 - side * drop * 0.35, drop),
            (x - wide - side * drop * 0.35, drop),
        )
        stage.wash([beam], stage.light.glow, blur=0.012 * stage.unit, opacity=0.11)


def forest(stage: Stage) -> None:
    """Depth upon depth of trees, a clearing in front."""
    dice = stage.dice
    pines = stage.season == "winter" or dice.chance(0.5)
    leaves = (62, 114, 84) if pines else dice.pick(LEAVES[stage.season])
    bark: Color = (112, 82, 66) if pines or dice.chance(0.5) else BIRCH
    ground = SNOW if stage.season == "winter" else mix(grass_of(stage), (104, 128, 70), 0.5)
    stage.fill(
        stage.light.haze,
        stage.land(leaves, 0.7),
        points(
            (-2, 0.25 * stage.height), (stage.width + 2, 0.25 * stage.height),
            (stage.width + 2, 0.8 * stage.height), (-2, 0.8 * stage.height),
        ),
        blur=0.1 * stage.unit,
    )  # fmt: skip
    pine_row(stage, dice.child("far"), 0.72, 0.44, 0.66, count=16, color=leaves)
    _trunks(stage, dice.child("far stems"), bark, 0.6, count=16, wide=0.012, foot=0.71)
    if not pines:
        _canopy(stage, dice.child("far leaves"), leaves, 0.5, reach=0.34)
    pine_row(stage, dice.child("middle"), 0.75, 0.56, 0.42, count=9, color=leaves)
    paint_hill(stage, rolling(stage, dice.child("rise"), 0.73, 0.014), ground, distance=0.4)
    _trunks(stage, dice.child("stems"), bark, 0.3, count=9, wide=0.024, foot=0.75)
    if not pines:
        _canopy(stage, dice.child("leaves"), leaves, 0.25, reach=0.24)
    if stage.light.weather == "clear" and not stage.light.dark:
        _beams(stage, dice.child("beams"))
    near = rolling(stage, dice.child("floor"), 0.79, 0.014)
    paint_patches(
        stage,
        dice.child("patch"),
        near,
        paint_hill(stage, near, ground, distance=0.06),
        ground,
        distance=0.05,
    )
    _frame(stage, dice.child("frame"), bark, leaves, pines)
    if stage.season != "winter":
        paint_tufts(stage, dice.child("tufts"), 0.8, 1.03, ground, count=90, size=0.045)
        fallen = (
            LEAVES["autumn"]
            if stage.season == "autumn"
            else ((250, 246, 230), lighter(ground, 0.3))
        )
        paint_specks(stage, dice.child("fallen"), 0.82, 1.02, fallen, count=60, size=0.009)


def _frame(stage: Stage, dice: Dice, bark: Color, leaves: Color, pines: bool) -> None:
    """Two near trees at the edges."""
    for side, across in ((0, dice.between(-0.01, 0.06)), (1, dice.between(0.94, 1.01))):
        if pines:
            (snowy_pine if stage.light.snowy else pine)(
                stage.growing(across, 0.86 + 0.04 * side, dice.between(0.75, 0.95)), leaves, dice
            )
        elif bark == BIRCH:
            birch(stage.growing(across, 0.86 + 0.04 * side, 1.05), leaves, dice)
        else:
            _trunks_at(stage, dice, across, bark)
        bush(
            stage.growing(across, 0.9 + 0.04 * side, dice.between(0.1, 0.15)),
            leaves if stage.season != "winter" else (206, 216, 230),
            dice,
        )


def _trunks_at(stage: Stage, dice: Dice, across: float, bark: Color) -> None:
    pen = stage.growing(across, 0.88, 1.0)
    pen.solid(
        bark,
        smooth(
            (-0.1, 0), (-0.055, 0.15), (-0.045, 1.2), (0.045, 1.2), (0.055, 0.15), (0.1, 0),
            (0, -0.02),
        ),
        depth=0.45,
    )  # fmt: skip
    pen.flat(
        darker(bark, 0.35),
        *[
            ribbon([(x, y), (x + 0.006, y + 0.12)], 0.008, 0.003)
            for x, y in [(dice.between(-0.035, 0.03), 0.1 + 0.1 * i) for i in range(9)]
        ],
        opacity=0.6,
    )


def lake(stage: Stage) -> None:
    """Still water that mirrors mountains or woods, a bank in front."""
    dice = stage.dice
    shore = 0.64
    if dice.chance(0.7):
        paint_range(
            stage,
            dice.child("range"),
            shore,
            dice.between(0.26, 0.38),
            dice.pick(ROCKS),
            count=4,
            distance=0.4,
            snow=0.45,
        )
    far = rolling(stage, dice.child("far"), shore - 0.05, 0.025)
    paint_hill(stage, far, mix(grass_of(stage), (90, 140, 100), 0.5), distance=0.35)
    conifers = dice.chance(0.6) or stage.season == "winter"
    wood = dice.child("wood")
    if conifers:
        pine_row(stage, wood, shore - 0.005, 0.1, 0.22, count=44)
    else:
        line = shifted(far.line, 0, 0.03 * stage.unit)
        leaves = dice.pick(LEAVES[stage.season])
        far_trees(stage, wood, line, leaves, 0.2, count=40, tall=0.08)
    bank = rolling(stage, dice.child("bank"), shore - 0.012, 0.004)
    paint_hill(stage, bank, grass_of(stage), distance=0.2, depth=0.02)
    paint_mirror(stage, shore, dice.pick(((42, 116, 150), (50, 130, 146), (54, 104, 140))))
    paint_waves(
        stage,
        dice.child("waves"),
        shore + 0.02,
        0.92,
        mix(stage.light.glow, (255, 255, 255), 0.4),
        count=46,
        opacity=0.22,
    )
    if stage.light.weather == "clear" and (stage.light.low or stage.light.dark):
        paint_glitter(stage, dice.child("glitter"), shore, 0.9, strength=0.45)


def lake_front(stage: Stage) -> None:
    """The near bank."""
    dice = stage.dice.child("bank")
    grass = grass_of(stage)
    bank = rolling(stage, dice.child("near"), 0.91, 0.014, waves=0.8)
    paint_hill(stage, bank, grass)
    if stage.season != "winter":
        paint_tufts(stage, dice.child("reeds"), 0.905, 1.04, grass, count=80, size=0.06)
