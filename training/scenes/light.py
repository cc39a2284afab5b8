"""Light: what an hour and a weather do to every color in the picture.

Each hour has a few hand-made palettes; weather grays, dims or veils them. Land is tinted more than
things are, so that a red house at night is still red.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from training.scenes.colors import WHITE, Color, gray_of, lighter, mix, tinted
from training.scenes.dice import Dice
from training.scenes.shapes import Point


@dataclass(frozen=True)
class Light:
    """One hour in one weather."""

    time: str
    weather: str
    sky: tuple[Color, ...]  # from the top of the picture to the horizon
    glow: Color  # the air around the sun or moon
    haze: Color  # what distance fades into
    land: Color  # factors on ground and plants
    things: Color  # factors on things
    cloud: tuple[Color, Color]  # lit side, shaded side
    sun: Point = (0.7, 0.3)  # or moon: shares of the width, and of the way from top to horizon
    hard: float = 1.0  # strength of cast shadows
    snowy: bool = False  # whether there is snow on roofs and boughs

    @property
    def side(self) -> int:
        """+1 when light comes from the right of the picture, -1 from the left."""
        return 1 if self.sun[0] >= 0.5 else -1

    @property
    def dark(self) -> bool:
        """Whether lamps are lit."""
        return self.time == "night"

    @property
    def low(self) -> bool:
        """Whether the sun stands near the horizon."""
        return self.time in ("morning", "sunset")


_MORNING = (
    Light(
        "morning",
        "clear",
        ((112, 160, 214), (178, 200, 222), (248, 214, 196), (255, 232, 190)),
        glow=(255, 244, 208),
        haze=(244, 222, 206),
        land=(1.0, 0.93, 0.88),
        things=(1.0, 0.96, 0.92),
        cloud=((255, 244, 232), (232, 196, 196)),
    ),
    Light(
        "morning",
        "clear",
        ((138, 164, 220), (198, 182, 214), (250, 200, 196), (255, 226, 178)),
        glow=(255, 238, 200),
        haze=(240, 212, 210),
        land=(1.0, 0.9, 0.9),
        things=(1.0, 0.95, 0.93),
        cloud=((255, 238, 228), (222, 184, 204)),
    ),
    Light(
        "morning",
        "clear",
        ((94, 168, 196), (160, 208, 206), (234, 228, 190), (255, 236, 176)),
        glow=(255, 248, 206),
        haze=(228, 230, 208),
        land=(0.98, 0.95, 0.86),
        things=(1.0, 0.97, 0.92),
        cloud=((255, 250, 232), (214, 208, 200)),
    ),
)
_DAY = (
    Light(
        "day",
        "clear",
        ((46, 124, 204), (104, 176, 230), (180, 220, 240), (222, 240, 240)),
        glow=(255, 255, 240),
        haze=(196, 224, 238),
        land=(1.0, 1.0, 1.0),
        things=(1.0, 1.0, 1.0),
        cloud=((255, 255, 252), (196, 214, 232)),
    ),
    Light(
        "day",
        "clear",
        ((28, 138, 192), (92, 192, 216), (170, 224, 226), (230, 244, 228)),
        glow=(255, 255, 236),
        haze=(192, 228, 226),
        land=(1.0, 1.0, 0.98),
        things=(1.0, 1.0, 1.0),
        cloud=((255, 255, 250), (198, 222, 224)),
    ),
    Light(
        "day",
        "clear",
        ((72, 138, 214), (132, 184, 234), (190, 216, 242), (236, 236, 236)),
        glow=(255, 252, 236),
        haze=(208, 220, 238),
        land=(1.0, 0.99, 0.97),
        things=(1.0, 1.0, 1.0),
        cloud=((255, 254, 250), (206, 210, 230)),
    ),
)
_SUNSET = (
    Light(
        "sunset",
        "clear",
        ((56, 52, 112), (136, 72, 128), (232, 106, 96), (255, 178, 98)),
        glow=(255, 224, 150),
        haze=(228, 130, 112),
        land=(0.92, 0.66, 0.66),
        things=(1.0, 0.86, 0.82),
        cloud=((255, 170, 120), (150, 84, 128)),
        hard=0.8,
    ),
    Light(
        "sunset",
        "clear",
        ((40, 72, 122), (118, 122, 150), (232, 160, 112), (255, 196, 92)),
        glow=(255, 236, 160),
        haze=(224, 160, 118),
        land=(0.94, 0.74, 0.6),
        things=(1.0, 0.9, 0.8),
        cloud=((255, 200, 140), (148, 112, 128)),
        hard=0.8,
    ),
    Light(
        "sunset",
        "clear",
        ((70, 48, 124), (180, 78, 144), (248, 128, 136), (255, 186, 142)),
        glow=(255, 226, 190),
        haze=(222, 122, 146),
        land=(0.9, 0.62, 0.72),
        things=(1.0, 0.85, 0.86),
        cloud=((255, 158, 150), (142, 76, 142)),
        hard=0.8,
    ),
)
_NIGHT = (
    Light(
        "night",
        "clear",
        ((8, 14, 42), (18, 34, 78), (38, 62, 116), (72, 98, 148)),
        glow=(196, 214, 246),
        haze=(48, 68, 118),
        land=(0.30, 0.38, 0.60),
        things=(0.70, 0.73, 0.86),
        cloud=((84, 104, 156), (34, 48, 94)),
        hard=0.4,
    ),
    Light(
        "night",
        "clear",
        ((12, 10, 38), (34, 26, 76), (66, 50, 114), (110, 82, 142)),
        glow=(214, 206, 246),
        haze=(70, 58, 114),
        land=(0.34, 0.33, 0.56),
        things=(0.73, 0.71, 0.85),
        cloud=((108, 92, 156), (46, 38, 92)),
        hard=0.4,
    ),
    Light(
        "night",
        "clear",
        ((4, 20, 40), (10, 46, 74), (26, 82, 104), (70, 124, 134)),
        glow=(200, 232, 236),
        haze=(38, 80, 104),
        land=(0.28, 0.42, 0.54),
        things=(0.69, 0.75, 0.84),
        cloud=((84, 128, 148), (26, 58, 84)),
        hard=0.4,
    ),
)
PALETTES = {"morning": _MORNING, "day": _DAY, "sunset": _SUNSET, "night": _NIGHT}

INDOORS = Light(
    time="",
    weather="clear",
    sky=((232, 222, 206), (246, 238, 224)),
    glow=WHITE,
    haze=(240, 230, 214),
    land=(1, 1, 1),
    things=(1, 1, 1),
    cloud=(WHITE, WHITE),
    hard=0.8,
)


def _grayed(light: Light, share: float, dim: float) -> Light:
    """An overcast sky: less color, less light, hardly a shadow."""
    lid = light.sky[-2] if light.dark else mix(light.sky[1], light.sky[-1], 0.45)
    if light.time == "sunset":
        # gray over orange turns brown; mauve keeps it an evening
        lid = mix(lid, (168, 128, 172), 0.45)

    def gray(color: Color) -> Color:
        veiled = mix(color, lid, share * (1.1 if light.time == "sunset" else 0.6))
        return tinted(mix(veiled, gray_of(mix(color, lid, 0.3)), share), (dim, dim, dim))

    lit, shaded = light.cloud
    half = 0.5 + dim / 2
    return replace(
        light,
        sky=tuple(gray(stop) for stop in light.sky),
        glow=gray(light.glow),
        haze=gray(light.haze),
        land=tinted(mix(light.land, gray_of(light.land), share * 0.4), (dim, dim, dim)),
        things=tinted(light.things, (half, half, half)),
        cloud=(gray(lit), tinted(gray(shaded), (0.92, 0.94, 0.97))),
        hard=light.hard * 0.25,
    )


def light_for(time: str, weather: str, dice: Dice) -> Light:
    """A palette of the hour, changed by the weather, with the sun at a random position."""
    light = dice.pick(PALETTES[time])
    height = (
        dice.between(0.62, 0.86) if light.low else dice.between(0.2, 0.3 if light.dark else 0.42)
    )
    side = dice.between(0.16, 0.4) if dice.chance(0.5) else dice.between(0.6, 0.84)
    light = replace(light, weather=weather, sun=(side, height))
    if weather in ("cloudy", "rain"):
        gray = _grayed(light, 0.6, 0.94) if weather == "cloudy" else _grayed(light, 0.55, 0.8)
        return replace(gray, sky=tuple(tinted(stop, (0.94, 0.99, 1.06)) for stop in gray.sky))
    if weather == "snow":
        pale = _grayed(light, 0.6, 1.0)
        return replace(
            pale, sky=tuple(lighter(stop, 0.04 if light.dark else 0.22) for stop in pale.sky)
        )
    if weather == "fog":
        veiled = _grayed(light, 0.5, 1.0)
        return replace(veiled, sky=tuple(mix(stop, veiled.haze, 0.55) for stop in veiled.sky))
    return light
