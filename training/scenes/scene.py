"""A scene from its seed: plan, backdrop, things, weather, words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.scenes import coast, country, garden, indoors, wild
from training.scenes.canvas import Canvas
from training.scenes.captions import describe, tags_of
from training.scenes.colors import Color
from training.scenes.dice import Dice
from training.scenes.grammar import make_plan
from training.scenes.light import INDOORS, Light, light_for
from training.scenes.places import PLACES
from training.scenes.plan import Plan
from training.scenes.sky import (
    paint_clouds,
    paint_gradient,
    paint_moon,
    paint_rainbow,
    paint_stars,
    paint_sun,
)
from training.scenes.stage import Stage
from training.scenes.staging import put_all
from training.scenes.things import THINGS
from training.scenes.weather import finish, paint_mist, paint_rain, paint_snowfall

SERIES = 1_000_003  # seeds apart: two series of scenes share none of their pictures


@dataclass(frozen=True)
class Scene:
    """A picture and what is true of it."""

    caption: str
    tags: tuple[str, ...]
    pixels: NDArray[np.uint8]  # (height, width, 3)


def draw_scene(seed: int, *, size: tuple[int, int] = (768, 512)) -> Scene:
    """The scene of a seed at (width, height). A seed shows the same scene at every size."""
    plan = make_plan(seed)
    canvas = Canvas(Image.new("RGB", size))
    _paint(canvas, plan, Dice(f"paint {seed}"))
    finish(canvas)
    words = Dice(f"words {seed}")
    return Scene(describe(plan, words), tags_of(plan), np.array(canvas.image))


def draw_scenes(
    count: int, *, seed: int = 0, size: tuple[int, int] = (768, 512)
) -> Iterator[Scene]:
    """That many scenes, the kinds of place taking turns."""
    for index in range(count):
        yield draw_scene(seed * SERIES + index, size=size)


def _paint(canvas: Canvas, plan: Plan, dice: Dice) -> None:
    place = PLACES[plan.place]
    light = replace(_light(plan, dice.child("light")), snowy=plan.winter)
    without = frozenset(THINGS[group.thing].family for group in plan.groups)
    stage = Stage(canvas, light, dice.child("place"), place.horizon, plan.season, without)
    if plan.place == "table":
        _paint_room(stage, plan)
    else:
        _paint_sky(stage, plan)
        place.backdrop(stage)
    if plan.weather == "fog":
        paint_mist(stage, dice.child("mist"), place.horizon - 0.06, place.horizon + 0.12, 0.6)
    put_all(stage, plan, lambda group: group.zone.role == "water")
    if place.front is not None:
        place.front(stage)
    for group in plan.groups:
        if group.many:
            garden.blossom_bands(stage, THINGS[group.thing].color(group.color))
    put_all(stage, plan, lambda group: group.zone.role != "water")
    if plan.place != "table":
        _paint_weather(stage, plan.weather, dice.child("weather"))


def _light(plan: Plan, dice: Dice) -> Light:
    if plan.place == "space":
        return replace(
            INDOORS,
            sky=((6, 8, 28), (12, 12, 40), (22, 18, 52)),
            haze=(20, 18, 50),
            sun=(dice.between(0, 1), 0.3),
        )
    if plan.place == "reef":
        return replace(
            INDOORS,
            haze=(60, 150, 190),
            land=(0.86, 0.98, 1.0),
            things=(0.95, 1.0, 1.0),
            sun=(dice.between(0, 1), 0.1),
        )
    if plan.place == "table":
        side = dice.pick((0.2, 0.8))
        if plan.window and plan.time == "night":
            return replace(
                INDOORS, sun=(side, 0.2), land=(0.72, 0.64, 0.62), things=(0.92, 0.86, 0.82)
            )
        return replace(INDOORS, sun=(side, 0.2))
    light = light_for(plan.time, plan.weather, dice)
    over_city = plan.moon and plan.place in ("street", "riverside")
    high = 0.6 if over_city else 1.0  # keeps the moon clear of the buildings
    return replace(light, sun=(_free_sky(plan, dice), light.sun[1] * high))


def _free_sky(plan: Plan, dice: Dice) -> float:
    """Where along the width the sun or moon is least hidden by things."""
    hiding = [
        (placement.across, placement.size * THINGS[group.thing].aspect / 2)
        for group in plan.groups
        for placement in group.placements
        if not group.many
    ]
    places = dice.shuffled((0.15, 0.22, 0.3, 0.38, 0.62, 0.7, 0.78, 0.85))
    return max(
        places,
        key=lambda x: min(
            [abs(x - across) - half for across, half in hiding if half > 0.04] or [0.0]
        ),
    )


def _paint_sky(stage: Stage, plan: Plan) -> None:
    light = stage.light
    dice = stage.dice.child("sky")
    horizon = stage.horizon
    stops: tuple[Color, ...] = coast.reef_sky(stage) if plan.place == "reef" else light.sky
    paint_gradient(stage.canvas, stops, horizon)
    if not plan.time:
        return
    if light.weather in ("clear", "rainbow"):
        if light.dark:
            paint_stars(stage.canvas, dice.child("stars"))
            if plan.aurora:
                wild.aurora(stage)
            if plan.moon:
                paint_moon(stage.canvas, light, horizon=horizon, crescent=plan.moon == "crescent")
        elif light.weather == "clear":  # a rainbow is opposite the sun: never both in view
            paint_sun(stage.canvas, light, horizon=horizon)
    paint_clouds(stage.canvas, light, dice.child("clouds"), horizon=horizon)
    if light.weather == "rainbow":
        paint_rainbow(stage.canvas, light, dice.child("rainbow"), horizon=horizon)


def _paint_weather(stage: Stage, weather: str, dice: Dice) -> None:
    if weather == "rain":
        paint_rain(stage, dice)
    elif weather == "snow":
        paint_snowfall(stage, dice)
    elif weather == "fog":
        paint_mist(stage, dice, 0.8, 1.1, 0.16)


def _paint_room(stage: Stage, plan: Plan) -> None:
    """The wall; a window with its view, or light from a window outside the picture; the table."""
    indoors.table(stage)
    if plan.window:
        _paint_window(stage, plan)
    else:
        indoors.window_light(stage)
    indoors.table_top(stage)


def _paint_window(stage: Stage, plan: Plan) -> None:
    """A small scene of its own, set into the wall."""
    unit = stage.unit
    middle = (0.5 + 0.16 * stage.light.side) * stage.width
    left = middle - 0.2 * unit
    top = 0.06 * stage.height
    right = middle + 0.2 * unit
    bottom = 0.56 * stage.height
    wide = max(2, round(right - left))
    high = max(2, round(bottom - top))
    view = Canvas(Image.new("RGB", (wide, high)))
    light = replace(
        light_for(plan.time, plan.weather, stage.dice.child("view light")), snowy=plan.winter
    )
    outside = Stage(view, light, stage.dice.child("view"), 0.6, plan.season)
    _paint_sky(outside, replace(plan, place="hills"))
    country.hills(outside)
    _paint_weather(outside, plan.weather, stage.dice.child("view weather"))
    stage.canvas.image.paste(view.image, (round(left), round(top)))
    indoors.curtain(stage, left, top, right, bottom)
