"""Things that are built: one unit tall, standing on y = 0."""

from __future__ import annotations

import math

from training.scenes.colors import INK, WHITE, Color, darker, lighter, mix
from training.scenes.dice import Dice
from training.scenes.pen import Pen
from training.scenes.shapes import Outline, box, curve, ellipse, points, ribbon, rounded_box, smooth

WALL: Color = (246, 236, 218)
ROOFS: tuple[Color, ...] = ((124, 76, 66), (92, 84, 96), (108, 92, 84), (84, 92, 104))
LAMPLIGHT: Color = (255, 222, 140)
PANE: Color = (116, 150, 178)
SNOWED: Color = (238, 242, 250)


def window(pen: Pen, x: float, y: float, wide: float, tall: float) -> None:
    """A framed window with a cross, lit at night."""
    pen.flat(WALL, box(x - wide * 0.16, y - tall * 0.14, x + wide * 1.16, y + tall * 1.14))
    pane = box(x, y, x + wide, y + tall)
    if pen.light.dark:
        pen.lamp(LAMPLIGHT, pane)
        pen.glow(LAMPLIGHT, x + wide / 2, y + tall / 2, tall * 1.6, 0.45)
    else:
        pen.fade(lighter(PANE, 0.35), PANE, pane)
    pen.flat(
        WALL,
        box(x + wide * 0.44, y, x + wide * 0.56, y + tall),
        box(x, y + tall * 0.46, x + wide, y + tall * 0.56),
    )


def _boards(pen: Pen, color: Color, wall: Outline, step: float) -> None:
    inside = pen.inside(wall)
    inside.flat(
        darker(color, 0.3),
        *[ribbon([(-1, y * step), (1, y * step)], 0.007) for y in range(1, int(1 / step))],
        opacity=0.4,
    )


def house(pen: Pen, color: Color, dice: Dice) -> None:
    """A gabled house seen from the front: walls in the color, dark roof, chimney."""
    roof = dice.pick(ROOFS)
    roof = SNOWED if pen.light.snowy else roof
    wide = dice.between(0.4, 0.48)
    eaves = dice.between(0.48, 0.54)
    side = -1 if dice.chance(0.5) else 1
    pen.solid(
        mix(color, (120, 90, 80), 0.55),
        box(side * 0.22 - 0.05, 0.6, side * 0.22 + 0.05, 0.98),
        depth=0.4,
    )
    pen.flat(darker(roof, 0.2), box(side * 0.22 - 0.065, 0.94, side * 0.22 + 0.065, 0.98))
    wall = points((-wide, 0), (wide, 0), (wide, eaves), (0, 0.92), (-wide, eaves))
    pen.solid(color, wall, depth=0.26)
    _boards(pen, color, wall, 0.07)
    pen.inside(wall).soft(
        darker(color, 0.6),
        ribbon([(-wide - 0.1, eaves - 0.06), (0, 0.86), (wide + 0.1, eaves - 0.06)], 0.09),
        blur=0.02,
        opacity=0.5,
    )
    for turn in (-1, 1):
        tone = lighter(roof, 0.14) if turn == pen.sunny else darker(roof, 0.12)
        pen.solid(
            tone,
            points(
                (0, 0.99), (turn * (wide + 0.1), eaves - 0.05), (turn * (wide + 0.1), eaves - 0.13),
                (0, 0.88),
            ),
            depth=0.2,
        )  # fmt: skip
    door = rounded_box(-0.075, 0, 0.075, 0.27, 0.04)
    pen.flat(WALL, rounded_box(-0.095, 0, 0.095, 0.29, 0.05))
    pen.solid(mix(darker(color, 0.45), (90, 60, 50), 0.6), door, depth=0.3)
    pen.flat((246, 214, 120), ellipse(0.045, 0.13, 0.014))
    for x in (-wide * 0.66, wide * 0.66):
        window(pen, x - 0.065, 0.2, 0.13, 0.16)
    window(pen, -0.055, 0.52, 0.11, 0.15)
    pen.flat((150, 144, 138), box(-0.13, -0.01, 0.13, 0.02))


def cabin(pen: Pen, color: Color, dice: Dice) -> None:
    """A log cabin with its long side to the viewer."""
    pen.solid((140, 134, 132), box(0.32, 0.6, 0.46, 1.0), depth=0.4)
    for index in range(6):
        pen.solid(
            mix(color, (176, 120, 76), 0.2 * (index % 2)),
            rounded_box(-0.62, index * 0.09, 0.62, index * 0.09 + 0.094, 0.04),
            depth=0.34,
        )
    roof = points((-0.76, 0.5), (0.76, 0.5), (0.56, 0.88), (-0.56, 0.88))
    snowy = pen.light.snowy
    pen.fade(
        (252, 253, 255) if snowy else (118, 84, 72),
        (214, 224, 240) if snowy else (82, 62, 62),
        roof,
    )
    pen.solid((100, 66, 46), box(-0.12, 0, 0.08, 0.36), depth=0.3)
    window(pen, -0.45, 0.17, 0.2, 0.17)
    window(pen, 0.24, 0.17, 0.2, 0.17)
    if pen.light.dark or snowy:
        for x, y, size in ((0.4, 1.08, 0.05), (0.46, 1.2, 0.07), (0.56, 1.34, 0.09)):
            pen.soft((226, 228, 236), ellipse(x, y, size), blur=0.03, opacity=0.4)


def lighthouse(pen: Pen, color: Color, dice: Dice) -> None:
    """A tapered walls, white with bands of the color, its lamp lit in the dark."""
    walls = points((-0.13, 0), (0.13, 0), (0.075, 0.76), (-0.075, 0.76))
    pen.solid(WHITE, walls, depth=0.24)
    inside = pen.inside(walls)
    for low, high in ((0.0, 0.16), (0.3, 0.46), (0.6, 0.77)):
        inside.solid(color, box(-0.13, low, 0.13, high), depth=0.34)
    pen.flat(
        INK,
        rounded_box(-0.025, 0.2, 0.025, 0.27, 0.02),
        rounded_box(-0.02, 0.5, 0.02, 0.56, 0.02),
        rounded_box(-0.035, 0, 0.035, 0.1, 0.03),
    )
    pen.flat(
        INK,
        box(-0.12, 0.755, 0.12, 0.78),
        *[ribbon([(x, 0.77), (x, 0.83)], 0.007) for x in (-0.11, -0.055, 0, 0.055, 0.11)],
        box(-0.12, 0.825, 0.12, 0.835),
    )
    pen.lamp((255, 240, 180), box(-0.055, 0.78, 0.055, 0.89))
    pen.flat(INK, *[ribbon([(x, 0.78), (x, 0.89)], 0.008) for x in (-0.055, 0, 0.055)])
    pen.solid(color, points((-0.08, 0.885), (0.08, 0.885), (0.0, 0.98)), depth=0.35)
    pen.line(INK, [(0, 0.97), (0, 1.02)], 0.01)
    if pen.light.dark or pen.light.weather == "fog":
        for turn in (-1, 1):
            pen.lamp(
                (255, 244, 200),
                points((0, 0.84), (turn * 2.2, 1.06), (turn * 2.2, 0.72)),
                opacity=0.16,
            )
        pen.glow((255, 240, 190), 0, 0.84, 0.4, 0.9)


def windmill(pen: Pen, color: Color, dice: Dice) -> None:
    """A walls mill with four latticed sails; the walls in the color."""
    walls = points((-0.19, 0), (0.19, 0), (0.11, 0.58), (-0.11, 0.58))
    pen.solid(color, walls, depth=0.34)
    _boards(pen, color, walls, 0.06)
    pen.solid(
        darker((120, 84, 70), 0.1),
        smooth((-0.14, 0.56), (-0.12, 0.68), (0, 0.75), (0.12, 0.68), (0.14, 0.56)),
        depth=0.35,
    )
    pen.solid((104, 72, 58), rounded_box(-0.05, 0, 0.05, 0.16, 0.04), depth=0.3)
    window(pen, -0.035, 0.3, 0.07, 0.09)
    turn = dice.between(0.2, 1.2)
    for arm in range(4):
        sail = pen.at(0, 0.62, turn=turn + arm * math.pi / 2)
        sail.fade((252, 246, 232), (226, 216, 200), box(0.1, 0.0, 0.42, 0.085))
        lattice = [ribbon([(x, 0), (x, 0.085)], 0.007) for x in (0.1, 0.18, 0.26, 0.34, 0.42)]
        sail.flat(
            (110, 80, 62),
            ribbon([(0, 0), (0.43, 0)], 0.018),
            ribbon([(0.1, 0.085), (0.42, 0.085)], 0.007),
            ribbon([(0.1, 0.043), (0.42, 0.043)], 0.006),
            *lattice,
        )
    pen.flat(INK, ellipse(0, 0.62, 0.03))


def tent(pen: Pen, color: Color, dice: Dice) -> None:
    """A ridge tent with an open door, glowing at night."""
    pen.line((150, 146, 140), [(-0.85, 0.0), (-0.3, 0.86)], 0.012)
    pen.line((150, 146, 140), [(1.15, 0.0), (0.6, 0.8)], 0.012)
    side = points((-0.05, 1.0), (0.66, 0.84), (1.02, 0.0), (0.55, 0.0))
    pen.fade(darker(color, 0.14), darker(color, 0.36), side, grain=0.6)
    front = points((-0.05, 1.0), (-0.72, 0.0), (0.56, 0.0))
    pen.solid(color, front, depth=0.26)
    door = points((-0.06, 0.78), (-0.3, 0.0), (0.16, 0.0))
    if pen.light.dark:
        pen.lamp((255, 214, 130), door)
        pen.glow((255, 200, 120), -0.06, 0.35, 1.1, 0.4)
    else:
        pen.fade(darker(color, 0.75), darker(color, 0.6), door)
    pen.solid(
        lighter(color, 0.25),
        smooth((-0.06, 0.76), (-0.2, 0.4), (-0.36, 0.0), (-0.24, 0.0), (-0.14, 0.4)),
        depth=0.2,
    )
    pen.line(lighter(color, 0.4), [(-0.72, 0.0), (-0.05, 1.0), (0.66, 0.84)], 0.02)


def church(pen: Pen, color: Color, dice: Dice) -> None:
    """A village church: nave, steeple, cross."""
    pen.solid(color, box(-0.1, 0, 0.5, 0.34), depth=0.24)
    pen.fade(
        *((SNOWED, darker(SNOWED, 0.1)) if pen.light.snowy else ((130, 84, 74), (98, 66, 66))),
        points((-0.14, 0.33), (0.56, 0.33), (0.46, 0.52), (-0.1, 0.52)),
    )
    pen.solid(lighter(color, 0.05), box(-0.3, 0, -0.06, 0.58), depth=0.28)
    pen.solid((104, 78, 84), points((-0.33, 0.57), (-0.03, 0.57), (-0.18, 0.93)), depth=0.4)
    pen.line(INK, [(-0.18, 0.92), (-0.18, 1.0)], 0.014)
    pen.line(INK, [(-0.21, 0.97), (-0.15, 0.97)], 0.014)
    panes = [rounded_box(x, 0.1, x + 0.07, 0.24, 0.035) for x in (0.05, 0.19, 0.33)] + [
        rounded_box(-0.215, 0.42, -0.145, 0.53, 0.035)
    ]
    if pen.light.dark:
        pen.lamp(LAMPLIGHT, *panes)
        pen.glow(LAMPLIGHT, 0.2, 0.17, 0.4, 0.35)
    else:
        pen.fade(PANE, darker(PANE, 0.35), *panes)
    pen.solid((110, 74, 56), rounded_box(-0.23, 0, -0.13, 0.2, 0.05), depth=0.3)


def castle(pen: Pen, color: Color, dice: Dice) -> None:
    """Towers with pointed roofs in the color, gray walls."""
    stone: Color = (196, 190, 188)
    for x, wide, tall in (
        (-0.38, 0.1, 0.62),
        (0.38, 0.1, 0.62),
        (-0.16, 0.09, 0.78),
        (0.18, 0.08, 0.72),
    ):
        pen.solid(stone, box(x - wide, 0, x + wide, tall), depth=0.34)
        pen.solid(
            color,
            points((x - wide * 1.25, tall), (x + wide * 1.25, tall), (x, tall + 0.24)),
            depth=0.4,
        )
        pen.flat(INK, rounded_box(x - 0.02, tall - 0.16, x + 0.02, tall - 0.06, 0.02))
    wall = [
        box(-0.42, 0, 0.42, 0.36),
        *[box(x, 0.35, x + 0.055, 0.4) for x in (-0.28, -0.17, -0.06, 0.05, 0.16, 0.25)],
    ]
    pen.solid(lighter(stone, 0.06), *wall, depth=0.26)
    bricks = [
        box(x, y, x + 0.06, y + 0.022)
        for x, y in (
            (-0.3, 0.1), (-0.22, 0.24), (0.2, 0.08), (0.26, 0.27), (-0.1, 0.3), (0.12, 0.2),
            (-0.36, 0.3),
        )
    ]  # fmt: skip
    pen.flat(darker(stone, 0.22), *bricks)
    pen.solid((96, 70, 58), rounded_box(-0.09, 0, 0.09, 0.24, 0.09), depth=0.3)
    if pen.light.dark:
        pen.lamp(
            LAMPLIGHT,
            *[
                rounded_box(x - 0.02, y, x + 0.02, y + 0.08, 0.02)
                for x, y in ((-0.38, 0.46), (0.38, 0.46), (-0.16, 0.62), (0.18, 0.56))
            ],
        )
    flag = curve((-0.16, 1.1), (-0.1, 1.09), (-0.04, 1.11))
    pen.line(INK, [(-0.16, 1.0), (-0.16, 1.12)], 0.01)
    pen.flat(color, ribbon(flag, 0.05))


def rock_lighthouse(pen: Pen, color: Color, dice: Dice) -> None:
    """A lighthouse on a rock in the sea; the rock stands in the water at y = 0."""
    stone: Color = (126, 118, 122)
    rock = smooth(
        (-0.5, -0.03), (-0.42, 0.07), (-0.26, 0.1), (-0.14, 0.17), (0.12, 0.18), (0.24, 0.11),
        (0.42, 0.08), (0.52, -0.03), (0, -0.05),
    )  # fmt: skip
    pen.solid(stone, rock, depth=0.42)
    inside = pen.inside(rock)
    facets = [
        points((x, 0.2), (x + 0.1, 0.1), (x + 0.03, -0.05), (x - 0.06, 0.06))
        for x in (-0.36, -0.2, 0.0, 0.2, 0.34)
    ]
    inside.flat(darker(stone, 0.35), *facets, opacity=0.5)
    lighthouse(pen.at(0, 0.16, 0.84), color, dice)
    pen.flat(
        (240, 248, 252),
        *[ellipse(x, -0.02, 0.1, 0.014) for x in (-0.42, -0.2, 0.05, 0.3, 0.46)],
        opacity=0.7,
    )
