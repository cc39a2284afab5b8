"""Things that drive: one unit tall, wheels on y = 0, facing right."""

from __future__ import annotations

import math

from training.scenes.colors import INK, WHITE, Color, darker, lighter
from training.scenes.dice import Dice
from training.scenes.pen import Pen
from training.scenes.shapes import Outline, box, curve, ellipse, points, ribbon, rounded_box, smooth

GLASS: Color = (168, 208, 226)
TIRE: Color = (48, 48, 58)
CHROME: Color = (206, 212, 220)
HEADLIGHT: Color = (255, 240, 184)


def wheel(pen: Pen, x: float, radius: float, hub: Color = CHROME) -> None:
    """A tire with a bright hub, standing on the ground."""
    pen.flat(TIRE, ellipse(x, radius, radius))
    pen.flat(lighter(TIRE, 0.12), ellipse(x, radius, radius * 0.78))
    pen.solid(hub, ellipse(x, radius, radius * 0.55), depth=0.4)
    pen.flat(darker(hub, 0.45), ellipse(x, radius, radius * 0.18))


def _glass(pen: Pen, *panes: Outline) -> None:
    """Windows with a slanting reflection; lit from inside at night."""
    if pen.light.dark:
        pen.lamp((255, 222, 150), *panes)
        return
    pen.fade(lighter(GLASS, 0.3), darker(GLASS, 0.25), *panes)
    pen.inside(*panes).flat(
        WHITE,
        *[
            points((x, -1), (x + 0.12, -1), (x + 0.5, 1), (x + 0.38, 1))
            for x in (-1.4, -0.75, -0.1, 0.55)
        ],
        opacity=0.35,
    )


def _headlight(pen: Pen, x: float, y: float, size: float) -> None:
    pen.lamp(HEADLIGHT, ellipse(x, y, size * 0.6, size))
    if pen.light.dark:
        pen.glow((255, 236, 170), x, y, 0.7, 0.7)


def car(pen: Pen, color: Color, dice: Dice) -> None:
    """A small rounded car."""
    body = smooth(
        (-1.12, 0.3), (-1.1, 0.52), (-0.78, 0.64), (-0.56, 0.9), (-0.1, 1.0), (0.3, 0.92),
        (0.58, 0.64), (1.0, 0.54), (1.14, 0.34), (1.08, 0.19), (-1.06, 0.19),
    )  # fmt: skip
    pen.fade(lighter(color, 0.2), darker(color, 0.2), body, grain=0.6)
    within = pen.inside(body)
    within.flat(darker(color, 0.4), box(-1.3, 0.1, 1.3, 0.27), opacity=0.8)
    within.flat(lighter(color, 0.5), ribbon([(-1.2, 0.47), (1.2, 0.43)], 0.025), opacity=0.8)
    _glass(
        pen,
        smooth((-0.62, 0.63), (-0.48, 0.85), (-0.14, 0.92), (-0.12, 0.63)),
        smooth((-0.03, 0.63), (-0.04, 0.92), (0.24, 0.86), (0.46, 0.63)),
    )
    pen.line(darker(color, 0.45), [(-0.075, 0.27), (-0.075, 0.64)], 0.014)
    pen.flat(darker(color, 0.5), rounded_box(-0.03, 0.52, 0.1, 0.55, 0.015))
    pen.flat(
        CHROME, rounded_box(-1.18, 0.22, -1.0, 0.29, 0.03), rounded_box(1.0, 0.22, 1.2, 0.29, 0.03)
    )
    pen.lamp((220, 60, 50), rounded_box(-1.12, 0.42, -1.03, 0.53, 0.02))
    _headlight(pen, 1.06, 0.45, 0.075)
    pen.flat(INK, ellipse(-0.66, 0.21, 0.25, 0.26), ellipse(0.66, 0.21, 0.25, 0.26))
    wheel(pen, -0.66, 0.205)
    wheel(pen, 0.66, 0.205)


def bus(pen: Pen, color: Color, dice: Dice) -> None:
    """A long coach with a row of windows."""
    body = rounded_box(-1.25, 0.12, 1.25, 1.0, 0.12)
    pen.fade(lighter(color, 0.16), darker(color, 0.16), body, grain=0.6)
    within = pen.inside(body)
    within.flat(lighter(color, 0.7), box(-1.3, 0.42, 1.3, 0.48))
    within.flat(darker(color, 0.4), box(-1.3, 0.0, 1.3, 0.2), opacity=0.8)
    _glass(
        pen,
        *[rounded_box(x, 0.56, x + 0.33, 0.88, 0.04) for x in (-1.15, -0.77, -0.39, -0.01, 0.37)],
        rounded_box(0.8, 0.22, 1.02, 0.88, 0.03),
        rounded_box(1.08, 0.5, 1.25, 0.88, 0.04),
    )
    pen.line(darker(color, 0.4), [(0.91, 0.2), (0.91, 0.88)], 0.016)
    _headlight(pen, 1.2, 0.3, 0.055)
    for x in (-0.78, 0.52):
        pen.flat(INK, ellipse(x, 0.16, 0.2, 0.2))
        wheel(pen, x, 0.16)


def truck(pen: Pen, color: Color, dice: Dice) -> None:
    """A lorry: cab in the color, a paler box behind."""
    pen.flat(darker(TIRE, 0.1), box(-1.1, 0.17, 1.0, 0.27))
    load = rounded_box(-1.2, 0.25, 0.42, 1.0, 0.04)
    pen.fade(lighter(color, 0.34), lighter(color, 0.14), load)
    pen.inside(load).flat(
        darker(color, 0.2),
        *[ribbon([(x, 0.2), (x, 1.0)], 0.012) for x in (-0.88, -0.56, -0.24, 0.08)],
        opacity=0.6,
    )
    pen.flat((252, 246, 232), box(-1.2, 0.54, 0.42, 0.66))
    cab = smooth(
        (0.46, 0.22),
        (0.46, 0.85),
        (0.58, 0.9),
        (0.86, 0.88),
        (1.02, 0.62),
        (1.16, 0.54),
        (1.18, 0.22),
    )
    pen.fade(lighter(color, 0.15), darker(color, 0.2), cab, grain=0.6)
    _glass(pen, smooth((0.62, 0.58), (0.62, 0.8), (0.82, 0.8), (0.95, 0.58)))
    _headlight(pen, 1.13, 0.36, 0.06)
    for x in (-0.86, -0.48, 0.78):
        wheel(pen, x, 0.17)


def bicycle(pen: Pen, color: Color, dice: Dice) -> None:
    """A bicycle with a basket; the frame in the color."""
    for x in (-0.5, 0.5):
        turns = [2 * math.pi * i / 36 for i in range(37)]
        pen.flat(
            TIRE,
            ribbon([(x + math.cos(t) * 0.32, 0.34 + math.sin(t) * 0.32) for t in turns], 0.045),
        )
        spokes = [
            ribbon([(x, 0.34), (x + math.cos(a) * 0.3, 0.34 + math.sin(a) * 0.3)], 0.008)
            for a in [i * math.pi / 6 for i in range(12)]
        ]
        pen.flat((170, 174, 184), *spokes)
        pen.flat(INK, ellipse(x, 0.34, 0.035))
    crank = (-0.04, 0.32)
    seat = (-0.16, 0.74)
    head = (0.34, 0.78)
    bars = [
        (crank, seat), (seat, head), (crank, head), ((-0.5, 0.34), crank),
        ((-0.5, 0.34), (-0.14, 0.66)), ((0.5, 0.34), (0.32, 0.9)),
    ]  # fmt: skip
    pen.solid(color, *[ribbon([start, end], 0.055) for start, end in bars], depth=0.25)
    pen.line(CHROME, [(-0.16, 0.74), (-0.18, 0.84)], 0.03)
    pen.flat(INK, smooth((-0.32, 0.86), (-0.2, 0.89), (-0.05, 0.85), (-0.2, 0.82)))
    pen.line(INK, curve((0.32, 0.9), (0.28, 0.98), (0.16, 0.96)), 0.035)
    pen.solid(
        (198, 152, 96), points((0.4, 0.92), (0.68, 0.92), (0.64, 0.68), (0.44, 0.68)), depth=0.3
    )
    pen.flat((150, 108, 66), *[ribbon([(0.41, y), (0.67, y)], 0.012) for y in (0.74, 0.8, 0.86)])
    pen.flat(CHROME, ellipse(*crank, 0.07))
    pen.line(INK, [(-0.1, 0.22), (0.02, 0.42)], 0.03)


def _cars(pen: Pen, color: Color) -> None:
    """Two passenger cars."""
    for left in (-2.75, -1.3):
        coach = rounded_box(left, 0.2, left + 1.3, 0.86, 0.06)
        pen.fade(lighter(color, 0.12), darker(color, 0.18), coach, grain=0.6)
        pen.flat(darker(color, 0.5), rounded_box(left - 0.04, 0.84, left + 1.34, 0.93, 0.04))
        _glass(
            pen,
            *[
                rounded_box(left + 0.12 + i * 0.29, 0.5, left + 0.32 + i * 0.29, 0.74, 0.03)
                for i in range(4)
            ],
        )
        pen.flat((246, 214, 120), box(left, 0.38, left + 1.3, 0.42))
        pen.flat(TIRE, box(left + 1.28, 0.22, left + 1.48, 0.28))
        for x in (0.3, 1.0):
            wheel(pen, left + x, 0.13, (150, 110, 90))


def train(pen: Pen, color: Color, dice: Dice) -> None:
    """A steam engine with two cars, all in the color, on a track from edge to edge."""
    pen.fade(
        (150, 136, 128), (116, 104, 102), points((-30, 0.03), (30, 0.03), (30, -0.14), (-30, -0.14))
    )
    pen.flat(
        (92, 68, 58), *[box(x * 0.3 - 0.07, -0.07, x * 0.3 + 0.07, 0.0) for x in range(-40, 41)]
    )
    pen.flat((176, 180, 190), box(-30, -0.015, 30, 0.02))
    pen = pen.at(0.55, 0)  # the middle of engine and carriages to x = 0
    for x, y, size in (
        (0.86, 1.18, 0.11),
        (0.62, 1.32, 0.15),
        (0.28, 1.42, 0.18),
        (-0.14, 1.47, 0.2),
    ):
        pen.soft((238, 236, 240), ellipse(x, y, size * 1.4, size), blur=0.04, opacity=0.7)
    _cars(pen, color)
    pen.solid(darker(color, 0.1), box(0.1, 0.24, 0.52, 0.98), depth=0.3)
    pen.flat(INK, rounded_box(0.04, 0.95, 0.6, 1.04, 0.04), box(0.08, 0.2, 1.5, 0.3))
    _glass(pen, rounded_box(0.18, 0.62, 0.44, 0.86, 0.03))
    pen.fade(
        lighter(color, 0.25),
        darker(color, 0.3),
        rounded_box(0.5, 0.3, 1.42, 0.76, 0.08),
        grain=0.6,
    )
    pen.flat((246, 214, 120), box(0.7, 0.3, 0.74, 0.76), box(1.1, 0.3, 1.14, 0.76))
    pen.flat(
        INK,
        points((1.04, 0.74), (1.24, 0.74), (1.3, 1.06), (0.98, 1.06)),
        ellipse(0.8, 0.78, 0.09, 0.12),
        points((1.4, 0.3), (1.66, 0.06), (1.4, 0.06)),
    )
    _headlight(pen, 1.43, 0.6, 0.07)
    for x, radius in ((0.34, 0.2), (0.82, 0.2), (1.24, 0.14)):
        wheel(pen, x, radius, (214, 90, 70))
    pen.line(CHROME, [(0.3, 0.2), (0.86, 0.2)], 0.035)


def tractor(pen: Pen, color: Color, dice: Dice) -> None:
    """A farm tractor with one great wheel."""
    pen.line(INK, [(0.34, 0.6), (0.34, 0.95)], 0.05)
    pen.fade(
        lighter(color, 0.18),
        darker(color, 0.2),
        smooth((-0.16, 0.3), (-0.16, 0.62), (0.5, 0.62), (0.66, 0.54), (0.68, 0.3)),
        grain=0.6,
    )
    pen.flat(
        darker(color, 0.45), *[box(0.4 + i * 0.07, 0.38, 0.43 + i * 0.07, 0.54) for i in range(3)]
    )
    _glass(pen, points((-0.52, 0.5), (-0.46, 0.94), (-0.12, 0.94), (0.0, 0.5)))
    pen.solid(
        color,
        rounded_box(-0.58, 0.93, -0.02, 1.0, 0.03),
        ribbon([(-0.56, 0.5), (-0.48, 0.95)], 0.05),
        ribbon([(0.02, 0.5), (-0.1, 0.95)], 0.05),
    )
    pen.solid(color, smooth((-0.74, 0.5), (-0.5, 0.68), (-0.2, 0.62), (-0.1, 0.44), (-0.4, 0.4)))
    wheel(pen, -0.4, 0.31, (246, 206, 90))
    wheel(pen, 0.5, 0.19, (246, 206, 90))
    _headlight(pen, 0.68, 0.5, 0.05)
