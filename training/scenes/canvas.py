"""The canvas: an RGB picture at its final size, and stencils that let paint through.

A stencil is drawn SUPERSAMPLE times larger, in its bounding box only, then averaged down: edges are
smooth, and a small thing is cheap in a picture of any size. Paint is applied in Pillow's integer
arithmetic, which is the same on every machine. Nothing here knows what it draws.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from training.scenes.colors import Color, rounded
from training.scenes.frame import Frame
from training.scenes.shapes import Outline

SUPERSAMPLE = 4  # samples per pixel and axis: 17 levels of coverage
GRAIN_UNIT = 400  # pixels; smaller pictures get less grain, which would rival the things in size
GRAIN_SIDE = 512  # pixels; period of the paper's grain, too long to notice


@dataclass(frozen=True)
class Fade:
    """Paint that runs from one color to another across the bounding box of what it fills."""

    start: Color
    end: Color
    across: int = 0  # 0: from top to bottom, 1: from left to right, -1: from right to left
    grain: float = 0.0  # 0 smooth .. 1 sprayed


Paint = Color | Fade


@dataclass(frozen=True)
class Stencil:
    """Coverage 0..255 and the position of its top left pixel on the canvas."""

    cover: Image.Image
    x: int
    y: int

    @property
    def box(self) -> tuple[int, int, int, int]:
        return (self.x, self.y, self.x + self.cover.width, self.y + self.cover.height)


@lru_cache(maxsize=1)
def _grain() -> Image.Image:
    """Even noise around 128, the same for every picture."""
    noise = np.random.default_rng(7).integers(0, 256, (GRAIN_SIDE, GRAIN_SIDE), dtype=np.uint8)
    return Image.fromarray(noise).filter(ImageFilter.GaussianBlur(0.5))


@lru_cache(maxsize=64)
def grain(width: int, height: int, percent: int = 100) -> Image.Image:
    """(height, width) noise around 128, scaled to that percentage, tiled as needed."""
    tile = _grain().point([128 + (level - 128) * percent // 100 for level in range(256)])
    sheet = Image.new("L", (width, height))
    for x in range(0, width, GRAIN_SIDE):
        for y in range(0, height, GRAIN_SIDE):
            sheet.paste(tile, (x, y))
    return sheet


@lru_cache(maxsize=4)
def _ramp(across: int) -> Image.Image:
    """One line of 256 pixels, from 0 to 255 in the direction of a Fade."""
    levels = np.arange(256, dtype=np.uint8)
    if across == 0:
        return Image.fromarray(levels[:, None])
    return Image.fromarray(np.ascontiguousarray(levels[None, ::across]))


@lru_cache(maxsize=1)
def _halo() -> Image.Image:
    """256 × 256: 255 in the middle, falling softly to 0 at the rim."""
    row = np.arange(256, dtype=np.float64) - 127.5
    near = np.clip(1 - np.sqrt(row[:, None] ** 2 + row[None, :] ** 2) / 127.5, 0, 1)
    return Image.fromarray(np.rint(near * near * (3 - 2 * near) * near * 255).astype(np.uint8))


def dimmed(cover: Image.Image, opacity: float) -> Image.Image:
    """The coverage times an opacity 0..1."""
    return (
        cover
        if opacity >= 0.995
        else Image.blend(Image.new("L", cover.size), cover, max(0.0, opacity))
    )


class Canvas:
    """An RGB picture. `unit` is its shorter side in pixels: sizes of things are given in it."""

    def __init__(self, image: Image.Image, covered: Image.Image | None = None) -> None:
        self.image = image
        self.covered = covered  # on a layer: where paint has gone; None on the picture itself
        self.width, self.height = image.size
        self.unit = float(min(image.size))

    def layer(self) -> Canvas:
        """A copy to paint on that remembers where it was painted, for `lay`."""
        return Canvas(self.image.copy(), Image.new("L", self.image.size))

    def lay(self, layer: Canvas, opacity: float = 1.0) -> None:
        """Put what was painted on a layer back onto this picture."""
        if layer.covered is not None:
            self.image.paste(layer.image, (0, 0), dimmed(layer.covered, opacity))

    def stencil(
        self, outlines: Sequence[Outline], *, blur: float = 0.0, frame: Frame | None = None
    ) -> Stencil | None:
        """The union of the outlines, None if off the canvas. Pixels, unless a frame maps them."""
        every = outlines[0] if len(outlines) == 1 else np.concatenate(outlines)
        if frame is not None:
            every = frame.outline(every)
        left, top = every.min(axis=0).tolist()
        right, bottom = every.max(axis=0).tolist()
        pad = 1 + math.ceil(blur * 2.5)
        x0 = max(0, math.floor(left) - pad)
        y0 = max(0, math.floor(top) - pad)
        x1 = min(self.width, math.ceil(right) + pad)
        y1 = min(self.height, math.ceil(bottom) + pad)
        if x0 >= x1 or y0 >= y1:
            return None
        large = Image.new("L", ((x1 - x0) * SUPERSAMPLE, (y1 - y0) * SUPERSAMPLE))
        draw = ImageDraw.Draw(large)
        numbers = ((every - (x0, y0)) * SUPERSAMPLE).ravel().tolist()
        start = 0
        for outline in outlines:
            end = start + 2 * len(outline)
            draw.polygon(numbers[start:end], fill=255)
            start = end
        cover = large.reduce(SUPERSAMPLE)
        return Stencil(
            cover.filter(ImageFilter.GaussianBlur(blur)) if blur > 0.2 else cover, x0, y0
        )

    def paint(
        self,
        stencil: Stencil | None,
        paint: Paint,
        *,
        opacity: float = 1.0,
        clip: Stencil | None = None,
    ) -> None:
        """Let the paint through the stencil, and only inside the clip where there is one."""
        if stencil is None:
            return
        cover = dimmed(stencil.cover, opacity)
        if clip is not None:
            inside = clip.cover.crop(
                (
                    stencil.x - clip.x,
                    stencil.y - clip.y,
                    stencil.box[2] - clip.x,
                    stencil.box[3] - clip.y,
                )
            )
            cover = ImageChops.multiply(cover, inside)
        if isinstance(paint, Fade):
            self.image.paste(rounded(paint.start), stencil.box, cover)
            self.image.paste(
                rounded(paint.end),
                stencil.box,
                ImageChops.multiply(cover, self._shading(paint, stencil)),
            )
        else:
            self.image.paste(rounded(paint), stencil.box, cover)
        if self.covered is not None:
            self.covered.paste(255, stencil.box, cover)

    def _shading(self, fade: Fade, stencil: Stencil) -> Image.Image:
        """How much of the end color each pixel gets; grain makes it look airbrushed."""
        width, height = stencil.cover.size
        line = _ramp(fade.across).resize(
            (1, height) if fade.across == 0 else (width, 1), Image.Resampling.BILINEAR
        )
        ramp = line.resize((width, height), Image.Resampling.NEAREST)
        strength = fade.grain * min(1.0, self.unit / GRAIN_UNIT)
        if strength <= 0.02:
            return ramp
        return ImageChops.overlay(
            ramp, grain(self.width, self.height, round(strength * 20) * 5).crop(stencil.box)
        )

    def paint_cover(self, cover: Image.Image, fall: Image.Image, color: Color) -> None:
        """Paint through a coverage times another, both starting at the top left."""
        self.image.paste(rounded(color), (0, 0), ImageChops.multiply(cover, fall))

    def glow(self, x: float, y: float, radius: float, color: Color, strength: float) -> None:
        """Light that falls off from (x, y), pixels."""
        side = max(2, round(radius * 2))
        halo = dimmed(_halo().resize((side, side), Image.Resampling.BILINEAR), strength)
        self.image.paste(rounded(color), (round(x - radius), round(y - radius)), halo)
