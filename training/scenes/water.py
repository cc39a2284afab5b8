"""Water: the open sea, still water that mirrors what stands above it, waves and glitter."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from training.scenes.canvas import Canvas
from training.scenes.colors import Color, darker, lighter, mix
from training.scenes.dice import Dice
from training.scenes.shapes import Outline, box, leaf
from training.scenes.stage import Stage


def sea_colors(stage: Stage, water: Color) -> tuple[Color, Color]:
    """At the horizon and near the viewer: far water shows the sky, near water its own color."""
    far = mix(stage.light.sky[-1], stage.land(water), 0.35)
    near = darker(mix(stage.land(water), stage.light.sky[0], 0.3), 0.18)
    return far, near


def paint_water(stage: Stage, top: float, bottom: float, water: Color) -> None:
    """Open water between two shares of the height."""
    far, near = sea_colors(stage, water)
    stage.fill(
        far,
        near,
        box(-2, top * stage.height, stage.width + 2, bottom * stage.height + 2),
        grain=0.3,
    )


def paint_mirror(stage: Stage, top: float, water: Color, *, strength: float = 0.62) -> None:
    """Still water below a share of the height, mirroring the picture above in small waves."""
    line = round(top * stage.height)
    tall = stage.canvas.height - line
    if line < 1 or tall < 1:
        return
    above = stage.canvas.image.crop((0, 0, stage.canvas.width, line)).transpose(
        Image.Transpose.FLIP_TOP_BOTTOM
    )
    mirrored = np.asarray(above.resize((stage.canvas.width, tall), Image.Resampling.BILINEAR))
    rows = np.arange(tall) / tall  # 0 at the shore .. 1 at the viewer
    wave = sum(
        np.sin(2 * math.pi * (stage.dice.between(0, 1) + turns * np.sqrt(rows + 0.01))) * part
        for turns, part in ((19, 0.45), (31, 0.35), (53, 0.2))
    )
    picked = np.clip(
        np.arange(tall) + wave * (0.004 + 0.022 * rows) * stage.unit, 0, tall - 1
    ).astype(np.intp)
    far, near = sea_colors(stage, water)
    direct = (np.array(far) + (np.array(near) - np.array(far)) * rows[:, None]).astype(np.float32)
    share = (strength * (1 - 0.45 * rows))[:, None, None].astype(np.float32)
    pixels = mirrored[picked] * share + direct[:, None, :] * (1 - share)
    stage.canvas.image.paste(
        Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8)), (0, line)
    )


def paint_waves(
    stage: Stage,
    dice: Dice,
    top: float,
    bottom: float,
    color: Color,
    *,
    count: int = 90,
    opacity: float = 0.4,
) -> None:
    """Short horizontal strokes, longer and further apart toward the viewer."""
    strokes = [
        _stroke(stage, dice, top, bottom, across=dice.between(-0.05, 1.05), near=index / count)
        for index in range(count)
    ]
    stage.wash(strokes, color, opacity=opacity)


def _stroke(
    stage: Stage, dice: Dice, top: float, bottom: float, *, across: float, near: float
) -> Outline:
    near = near**1.5
    down = (top + (bottom - top) * near) * stage.height
    half = (0.006 + 0.07 * near) * stage.unit * dice.between(0.5, 1.3)
    x = across * stage.width
    return leaf((x - half, down), (x + half, down), max(0.7, (0.002 + 0.012 * near) * stage.unit))


def paint_glitter(
    stage: Stage, dice: Dice, top: float, bottom: float, *, strength: float = 0.8
) -> None:
    """The road of light that sun or moon lays on the water, under itself."""
    strokes = []
    for index in range(70):
        near = index / 70
        spread = (0.02 + 0.1 * near) * stage.unit / stage.width
        across = stage.light.sun[0] + dice.between(-1, 1) * dice.between(0.2, 1) * spread
        strokes.append(_stroke(stage, dice, top, bottom, across=across, near=near))
    shine = lighter(stage.light.glow, 0.35)
    x = stage.light.sun[0] * stage.width
    y = top * stage.height
    layer = stage.canvas.layer()
    layer.paint(layer.stencil(strokes), shine)
    stage.canvas.lay(layer, strength)
    for step in range(3):
        sheen = leaf((x, y), (x, bottom * stage.height), (0.1 + 0.12 * step) * stage.unit)
        stage.wash([sheen], stage.light.glow, blur=0.02 * stage.unit, opacity=0.1 * strength)


def paint_sea(stage: Stage, dice: Dice, top: float, bottom: float, water: Color) -> None:
    """The open sea with waves, and glitter where sun or moon shine."""
    paint_water(stage, top, bottom, water)
    far, near = sea_colors(stage, water)
    paint_waves(stage, dice, top + 0.004, bottom, darker(near, 0.2), count=70, opacity=0.35)
    paint_waves(
        stage, dice, top + 0.004, bottom, lighter(mix(far, near, 0.3), 0.35), count=110, opacity=0.4
    )


def ripples(canvas: Canvas, x: float, y: float, half: float, color: Color) -> None:
    """Rings where something floats."""
    for step in range(3):
        wide = half * (0.8 + 0.3 * step)
        thick = max(0.8, half * 0.05)
        canvas.paint(
            canvas.stencil([
                leaf((x - wide, y + step * thick), (x + wide, y + step * thick), thick)
            ]),
            color,
            opacity=0.5,
        )  # fmt: skip
