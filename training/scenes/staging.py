"""Draw the things of a plan, far ones first, with their shadows or reflections in the water."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PIL import Image

from training.scenes.canvas import Canvas
from training.scenes.colors import INK, WHITE, darker, mix
from training.scenes.dice import Dice
from training.scenes.frame import Frame
from training.scenes.pen import Pen
from training.scenes.plan import Group, Placement, Plan
from training.scenes.shapes import ellipse
from training.scenes.stage import Stage
from training.scenes.things import THINGS, Thing
from training.scenes.water import ripples

PLANTS = ("tree", "palm tree")


def put_all(stage: Stage, plan: Plan, chosen: Callable[[Group], bool]) -> None:
    """Every thing of the chosen groups, far ones first, those in the sky last."""
    waiting = [
        (group, placement, index)
        for group in plan.groups
        if chosen(group)
        for index, placement in enumerate(group.placements)
    ]
    for group, placement, index in sorted(
        waiting, key=lambda entry: (entry[0].zone.role == "sky", entry[1].down)
    ):
        _put(stage, group, placement, stage.dice.child(f"{group.thing} {group.color} {index}"))


def _put(stage: Stage, group: Group, placement: Placement, dice: Dice) -> None:
    thing = THINGS[group.thing]
    role = group.zone.role
    haze = (1 - placement.near) * (0.18 if role != "sky" else 0.12) + (
        0.16 if stage.light.weather == "fog" else 0.0
    )
    plant = thing.family in PLANTS or group.thing == "cactus"
    pen = (stage.growing if plant else stage.pen)(
        placement.across,
        placement.down,
        placement.size,
        haze=0.0 if group.many else haze,
        flip=placement.flip,
    )
    color = thing.color(group.color)
    if role in ("ground", "home") and not group.many and thing.family != "flower":
        _shade(stage, thing, pen, dice.name)
    if role == "table":
        _table_shadow(pen, thing)
    if role == "water":
        _reflect(stage, thing, pen, dice.name, group.color)
    thing.draw(pen, color, Dice(dice.name))
    if role == "water":
        shine = mix(stage.light.sky[-1], WHITE, 0.4)
        ripples(stage.canvas, *pen.frame.point(0, -0.01), thing.aspect * pen.scale * 0.44, shine)


def _shade(stage: Stage, thing: Thing, pen: Pen, name: str) -> None:
    """A dark patch under the thing, and in sunlight its long shadow toward the viewer."""
    pen.soft(
        INK,
        ellipse(0, 0.0, thing.aspect * 0.46, 0.045 + thing.aspect * 0.02),
        blur=0.03,
        opacity=0.35,
    )
    light = stage.light
    if light.hard < 0.35 or not thing.shadow:
        return
    frame = pen.frame
    lean = -light.side * (1.1 if light.low else 0.55)
    fallen = Frame(
        frame.a, 0, lean * pen.scale, 0.26 * pen.scale, frame.e, frame.f - 0.01 * pen.scale
    )
    layer = stage.canvas.layer()
    shadow = replace(pen, canvas=layer, frame=fallen, ink=darker(mix(INK, light.sky[0], 0.25), 0.2))
    thing.draw(shadow, (0, 0, 0), Dice(name))
    stage.canvas.lay(layer, 0.26 * light.hard)


def _table_shadow(pen: Pen, thing: Thing) -> None:
    """Soft, falling away from the window."""
    wide = thing.aspect * 0.5
    pen.soft(
        INK,
        ellipse(-pen.sunny * wide * 0.5, 0.02, wide * 1.15, 0.05 + wide * 0.05),
        blur=0.05,
        opacity=0.3,
    )
    pen.soft(INK, ellipse(0, 0.02, wide * 0.8, 0.035), blur=0.02, opacity=0.4)


def _reflect(stage: Stage, thing: Thing, pen: Pen, name: str, color: str) -> None:
    """The thing upside down below its waterline, its rows shaken by small waves."""
    frame = pen.frame
    layer = stage.canvas.layer()
    mirrored = replace(
        pen, canvas=layer, frame=Frame(frame.a, 0, 0, pen.scale * 0.85, frame.e, frame.f)
    )
    thing.draw(mirrored, thing.color(color), Dice(name))
    _shake(layer, frame.f, stage.unit)
    stage.canvas.lay(layer, 0.42)


def _shake(layer: Canvas, waterline: float, unit: float) -> None:
    """Shift the painted rows to and fro, further the deeper they lie."""
    box = layer.covered.getbbox() if layer.covered is not None else None
    if layer.covered is None or box is None:
        return
    rows = np.arange(box[1], box[3])
    deep = np.clip((rows - waterline) / unit, 0, 1)
    shift = np.rint(np.sin(np.sqrt(deep) * 90) * (0.002 + 0.03 * deep) * unit).astype(np.intp)
    columns = (
        np.clip(np.arange(box[0], box[2])[None, :] - shift[:, None], box[0], box[2] - 1) - box[0]
    )
    for image in (layer.image, layer.covered):
        pixels = np.asarray(image.crop(box))
        image.paste(
            Image.fromarray(np.ascontiguousarray(pixels[np.arange(len(rows))[:, None], columns])),
            box,
        )
