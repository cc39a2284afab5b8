"""What falls or drifts between the viewer and the scene, and the paper it is printed on."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image, ImageChops

from training.scenes.canvas import Canvas, Fade, grain
from training.scenes.colors import INK, lighter, mix, rounded
from training.scenes.dice import Dice
from training.scenes.shapes import Outline, box, ellipse, leaf, ribbon
from training.scenes.stage import Stage


def paint_rain(stage: Stage, dice: Dice) -> None:
    """Slanting streaks, faint ones far and bright ones near, and rings where they land."""
    unit = stage.unit
    lean = dice.between(0.08, 0.22) * (1 if dice.chance(0.5) else -1)
    color = lighter(mix(stage.light.sky[-1], stage.light.haze, 0.5), 0.45)
    for count, long, thick, opacity in ((130, 0.05, 0.0022, 0.4), (60, 0.1, 0.0034, 0.55)):
        drops = []
        for _ in range(count):
            x = dice.between(-0.1, 1.1) * stage.width
            y = dice.between(-0.05, 1.0) * stage.height
            span = long * unit * dice.between(0.6, 1.2)
            drops.append(
                ribbon(
                    [(x, y), (x + lean * span, y + span)], thick * unit + 0.25, thick * unit * 0.3
                )
            )
        stage.wash(drops, color, opacity=opacity)
    rings = [
        ellipse(
            dice.between(0, 1) * stage.width,
            dice.between(0.84, 1.0) * stage.height,
            0.014 * unit,
            0.003 * unit,
            corners=12,
        )
        for _ in range(24)
    ]
    stage.wash(rings, color, opacity=0.3)


def paint_snowfall(stage: Stage, dice: Dice) -> None:
    """Flakes in three depths; the nearest are large and out of focus."""
    unit = stage.unit
    for count, radius, blur, opacity in (
        (150, 0.0034, 0.0, 0.8),
        (60, 0.0065, 0.0015, 0.85),
        (16, 0.015, 0.006, 0.6),
    ):
        flakes: list[Outline] = []
        for _ in range(count):
            size = radius * unit * dice.between(0.6, 1.25) + 0.2
            flakes.append(
                ellipse(
                    dice.between(-0.02, 1.02) * stage.width,
                    dice.between(-0.02, 1.02) * stage.height,
                    size,
                    corners=10,
                ),
            )
        stage.wash(flakes, (252, 253, 255), blur=blur * unit, opacity=opacity)


def paint_mist(stage: Stage, dice: Dice, top: float, bottom: float, strength: float) -> None:
    """A bank of fog between two shares of the height, and wisps along it."""
    unit = stage.unit
    air = lighter(stage.light.haze, 0.06 if stage.light.dark else 0.2)
    bank = stage.canvas.stencil(
        [box(-0.2 * unit, top * stage.height, stage.width + 0.2 * unit, bottom * stage.height)],
        blur=0.07 * unit,
    )
    stage.canvas.paint(bank, air, opacity=strength)
    wisps = []
    for _ in range(7):
        x = dice.between(-0.1, 1.1) * stage.width
        y = (top + (bottom - top) * dice.between(0, 1)) * stage.height
        long = dice.between(0.3, 0.6) * unit
        wisps.append(leaf((x - long, y), (x + long, y), dice.between(0.03, 0.07) * unit))
    stage.wash(wisps, Fade(air, lighter(air, 0.1)), blur=0.014 * unit, opacity=strength * 0.6)


@lru_cache(maxsize=1)
def _corners() -> Image.Image:
    """128 × 128: 0 in the middle, rising toward the corners."""
    row = (np.arange(128) - 63.5) / 63.5
    far = row[:, None] ** 2 * 0.5 + row[None, :] ** 2 * 0.5
    return Image.fromarray(np.clip((far - 0.35) * 70, 0, 46).astype(np.uint8))


@lru_cache(maxsize=8)
def _paper(width: int, height: int) -> Image.Image:
    """The tooth of the paper: weak gray noise, weaker still on a small picture."""
    depth = 0.055 * min(1.0, 0.25 + min(width, height) / 500)
    tooth = grain(width, height).point([round(128 + (level - 128) * depth) for level in range(256)])
    return Image.merge("RGB", (tooth, tooth, tooth))


def finish(canvas: Canvas) -> None:
    """Darken the corners a little and let the paper show through."""
    canvas.image.paste(
        rounded(INK), (0, 0), _corners().resize(canvas.image.size, Image.Resampling.BILINEAR)
    )
    canvas.image = ImageChops.hard_light(canvas.image, _paper(*canvas.image.size))
