"""The sky: its colors, sun, moon, stars, clouds and the rainbow."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from training.scenes.canvas import Canvas, Fade, grain
from training.scenes.colors import Color, lighter, mix
from training.scenes.dice import Dice
from training.scenes.light import Light
from training.scenes.shapes import Outline, Point, box, ellipse, leaf

RAINBOW: tuple[Color, ...] = (
    (232, 84, 82), (244, 150, 74), (250, 220, 104), (116, 196, 122), (82, 152, 216), (134, 104, 190)
)  # fmt: skip


def paint_gradient(canvas: Canvas, stops: tuple[Color, ...], bottom: float) -> None:
    """Fill the canvas; `bottom`: share of the height of the last stop. Noise hides the steps."""
    rows = (np.arange(canvas.height) + 0.5) / (canvas.height * bottom)
    places = np.linspace(0, 1, len(stops))
    bands = np.stack(
        [np.interp(rows, places, [stop[c] for stop in stops]) for c in range(3)], axis=1
    )
    noise = np.asarray(grain(canvas.width, canvas.height), dtype=np.float32) / 128
    pixels = bands.astype(np.float32)[:, None, :] + noise[:, :, None]
    canvas.image.paste(Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)))


def paint_sun(canvas: Canvas, light: Light, *, horizon: float, size: float = 0.05) -> None:
    """The disc and the light around it."""
    x = light.sun[0] * canvas.width
    y = light.sun[1] * horizon * canvas.height
    radius = size * canvas.unit
    canvas.glow(x, y, radius * 16, light.glow, 0.75 if light.low else 0.5)
    canvas.glow(x, y, radius * 5, lighter(light.glow, 0.3), 0.8)
    canvas.paint(canvas.stencil([ellipse(x, y, radius, corners=64)]), lighter(light.glow, 0.6))


def paint_moon(
    canvas: Canvas, light: Light, *, horizon: float, crescent: bool, size: float = 0.06
) -> None:
    """A full moon with its seas, or a crescent lit from the lower right."""
    x = light.sun[0] * canvas.width
    y = light.sun[1] * horizon * canvas.height
    radius = size * canvas.unit
    canvas.glow(x, y, radius * 7, light.glow, 0.5)
    disc = canvas.stencil([ellipse(x, y, radius, corners=64)])
    if crescent:
        hidden = canvas.image.copy()
        canvas.paint(disc, (250, 244, 222))
        dark = canvas.stencil(
            [ellipse(x - radius * 0.42, y - radius * 0.2, radius * 0.9, corners=64)]
        )
        if dark is not None:
            canvas.image.paste(hidden.crop(dark.box), dark.box, dark.cover)
        return
    canvas.paint(disc, Fade((255, 252, 236), (226, 224, 224), grain=0.6))
    for dx, dy, r in (
        (-0.32, -0.25, 0.3),
        (0.3, 0.12, 0.22),
        (-0.12, 0.42, 0.2),
        (0.42, -0.42, 0.13),
        (-0.55, 0.2, 0.12),
    ):
        spot = canvas.stencil([ellipse(x + dx * radius, y + dy * radius, r * radius)])
        canvas.paint(spot, (196, 198, 212), opacity=0.55, clip=disc)


def paint_stars(canvas: Canvas, dice: Dice, *, count: int = 130, bottom: float = 0.7) -> None:
    """Faint ones, bright ones, a few with a halo; fewer toward the horizon."""
    faint: list[Outline] = []
    bright: list[Outline] = []
    for index in range(count):
        x = dice.between(0, canvas.width)
        y = dice.between(0, 1) ** 1.3 * bottom * canvas.height
        size = dice.between(0.0009, 0.0026) * canvas.unit + 0.12
        (bright if index % 4 == 0 else faint).append(
            ellipse(x, y, size * (1.3 if index % 4 == 0 else 1), corners=8)
        )
        if index % 18 == 0:
            canvas.glow(x, y, size * 7, (220, 230, 255), 0.6)
    canvas.paint(canvas.stencil(faint), (214, 222, 250), opacity=0.7)
    canvas.paint(canvas.stencil(bright), (255, 252, 240))


def paint_clouds(canvas: Canvas, light: Light, dice: Dice, *, horizon: float) -> None:
    """A few clouds of one style on a clear day, a lid of them on a gray one."""
    if light.weather in ("clear", "rainbow"):
        style = (
            dice.pick(("puffs", "streaks", "both"))
            if not light.low
            else dice.pick(("streaks", "streaks", "both"))
        )
        if light.dark:
            style = "streaks"
        if style != "puffs":
            _streaks(canvas, light, dice.child("streaks"), horizon)
        if style != "streaks":
            _puffs(canvas, light, dice.child("puffs"), horizon, dice.whole(2, 4))
    elif light.weather != "fog":
        veil(canvas, dice.child("veil"), light.cloud[1], bottom=horizon, strength=0.95)
        veil(canvas, dice.child("gaps"), light.cloud[0], bottom=horizon, strength=0.7)
        if light.weather == "cloudy":
            _puffs(canvas, light, dice.child("puffs"), horizon, 4)


def veil(
    canvas: Canvas, dice: Dice, color: Color, *, bottom: float, strength: float, coarse: int = 3
) -> None:
    """Cloud or mist from the top to a share of the height: three octaves of smooth noise."""
    width = canvas.width
    height = max(1, round(canvas.height * bottom))
    throws = np.random.default_rng(dice.whole(0, 2**31)).integers(
        0, 256, (3, 16, 16), dtype=np.uint8
    )
    total = np.zeros((64, 64), dtype=np.int32)
    for octave, weight in enumerate((40, 24, 16)):
        cells = min(16, (coarse << octave) + 2)
        part = Image.fromarray(throws[octave, :cells, :cells]).resize(
            (64, 64), Image.Resampling.BICUBIC
        )
        total += np.asarray(part, dtype=np.int32) * weight
    sheet = Image.fromarray((total // 80).astype(np.uint8)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    cover = sheet.point(
        [round(max(0, min(255, (level - 70) * 1.9)) * strength) for level in range(256)]
    )
    fall = Image.linear_gradient("L").point(
        [min(255, round((255 - level) * 2.2)) for level in range(256)]
    )
    canvas.paint_cover(cover, fall.resize((width, height)), color)


def _streaks(canvas: Canvas, light: Light, dice: Dice, horizon: float) -> None:
    """Long thin clouds, bright below when the sun is low."""
    for _ in range(dice.whole(3, 6)):
        y = dice.between(0.1, horizon * 0.8) * canvas.height
        x = dice.between(0, 1) * canvas.width
        length = dice.between(0.25, 0.7) * canvas.unit
        blades = []
        for _ in range(3):
            shift = dice.between(-0.4, 0.4) * length
            lift = dice.between(-0.02, 0.02) * canvas.unit
            span = length * dice.between(0.5, 1.0)
            thick = dice.between(0.012, 0.034) * canvas.unit
            blades.append(
                leaf((x + shift - span / 2, y + lift), (x + shift + span / 2, y + lift), thick)
            )
        color = mix(light.cloud[0], light.cloud[1], dice.between(0, 0.7))
        stencil = canvas.stencil(blades, blur=0.004 * canvas.unit)
        canvas.paint(
            stencil,
            Fade(color, mix(color, light.cloud[0], 0.6)),
            opacity=dice.between(0.45, 0.85),
        )


def _puffs(canvas: Canvas, light: Light, dice: Dice, horizon: float, count: int) -> None:
    """Heaped clouds with a flat base."""
    for index in range(count):
        size = dice.between(0.1, 0.24) * canvas.unit
        x = (index + dice.between(0.1, 0.9)) / count * canvas.width
        y = dice.between(0.16, max(0.2, horizon - 0.22)) * canvas.height
        cloud(canvas, light, dice, (x, y), size)


def cloud(canvas: Canvas, light: Light, dice: Dice, middle: Point, size: float) -> None:
    """One heap, `size` pixels from its middle to its end, standing on that spot."""
    x, y = middle
    lit, shade = light.cloud
    heaps = []
    for step in range(9):
        along = -1 + step / 4
        radius = size * (0.2 + 0.32 * (1 - along * along)) * dice.between(0.75, 1.15)
        heaps.append((x + along * size * 0.95, y - radius * dice.between(0.5, 0.9), radius))
    base = [
        box(x - size * 2, y - size * 2, x + size * 2, y),
        ellipse(x, y, size * 1.2, size * 0.06),
    ]
    floor = canvas.stencil(base)
    body = canvas.stencil([ellipse(*heap) for heap in heaps], blur=size * 0.012)
    canvas.paint(body, Fade(mix(lit, shade, 0.12), shade, grain=0.8), clip=floor, opacity=0.96)
    for hx, hy, radius in heaps[1:-1]:
        shine = canvas.stencil(
            [ellipse(hx + light.side * radius * 0.14, hy - radius * 0.14, radius * 0.78)],
            blur=radius * 0.14,
        )
        canvas.paint(shine, lit, opacity=0.5, clip=floor)


def paint_rainbow(canvas: Canvas, light: Light, dice: Dice, *, horizon: float) -> None:
    """Six soft bands, red outside, standing on the horizon opposite the sun."""
    x = canvas.width * (dice.between(0.25, 0.5) if light.side > 0 else dice.between(0.5, 0.75))
    y = horizon * canvas.height * 1.08
    outer = min(0.52 * canvas.width, 0.86 * y)
    band = outer * 0.028
    for index, color in enumerate(RAINBOW):
        radius = outer - index * band
        turns = np.linspace(0, math.pi, 64)
        ring = [
            np.stack([x + np.cos(turns) * r, y - np.sin(turns) * r], axis=1)
            for r in (radius, radius - band * 1.1)
        ]
        arc = canvas.stencil([np.vstack([ring[0], ring[1][::-1]])], blur=band * 0.35)
        canvas.paint(arc, color, opacity=0.55)
