"""From wishes to spots: things side by side, so that none hides another.

Widths are counted as if the picture were square or upright: what fits there fits a wide one.
"""

from __future__ import annotations

from dataclasses import dataclass

from training.scenes.dice import Dice
from training.scenes.places import Zone
from training.scenes.plan import Group, Spot
from training.scenes.things import THINGS

ROW = 0.92  # share of the width that things side by side may take
CROWD = (
    (9, 0.98, 0.4, 0.7),
    (7, 1.1, 0.56, 1.0),
)  # rows of a flower field: how many, foot, size, nearness


@dataclass(frozen=True)
class Wish:
    """A group before it has a place to stand; count 0 asks for a crowd."""

    thing: str
    color: str
    zone: Zone
    count: int
    near: float
    factor: float = 1.0
    bulk: str = ""


def stand(dice: Dice, wishes: list[Wish]) -> tuple[Group, ...]:
    """Give every thing its spot. The sky, the house of a garden and everything else are rows of their own."""
    groups: list[Group] = []
    for roles in (("sky",), ("home",), ("ground", "water", "table", "deep")):
        groups += _row(dice, [wish for wish in wishes if wish.count and wish.zone.role in roles])
    groups += [_crowd(dice, wish) for wish in wishes if not wish.count]
    return tuple(groups)


def _row(dice: Dice, wishes: list[Wish]) -> list[Group]:
    """Group by group from left to right, the free width thrown between the things."""
    order = dice.shuffled(wishes)
    sizes = [[_size(dice, wish) for _ in range(wish.count)] for wish in order]
    widths = [
        size * THINGS[wish.thing].wide
        for wish, row in zip(order, sizes, strict=True)
        for size in row
    ]
    shrink = min(1.0, ROW / max(sum(widths), 1e-9))
    gaps = [dice.between(0.2, 1.0) for _ in range(len(widths) + 1)]
    free = (1 - sum(widths) * shrink) / sum(gaps)
    groups = []
    left = gaps[0] * free
    index = 0
    for wish, row in zip(order, sizes, strict=True):
        spots = []
        for size in row:
            width = widths[index] * shrink
            across = 0.5 if wish.zone.role == "home" else left + width / 2
            spots.append(_spot(dice, wish, across, size * shrink))
            left += width + gaps[index + 1] * free
            index += 1
        groups.append(Group(wish.thing, wish.color, wish.zone, tuple(spots), wish.bulk))
    return groups


def _size(dice: Dice, wish: Wish) -> float:
    far, near = wish.zone.scale
    return (
        THINGS[wish.thing].size
        * (far + (near - far) * wish.near)
        * wish.factor
        * dice.between(0.94, 1.06)
    )


def _spot(dice: Dice, wish: Wish, across: float, size: float) -> Spot:
    """Lower is nearer on the ground; in the sky and in the deep, height is free. Nothing reaches above the picture."""
    far, near = wish.zone.down
    depth = max(0.0, min(1.0, wish.near + dice.between(-0.12, 0.12)))
    down = far + (near - far) * depth
    if wish.zone.role == "sky" or (wish.zone.role == "deep" and near - far > 0.2):
        down = min(max(near, size + 0.03), max(size + 0.03, dice.between(far, near)))
    elif near <= 1:  # flowers stand below the edge of the picture; all else is seen whole
        size = min(size, down - 0.05)
    return Spot(across, down, size, dice.chance(0.5), depth)


def _crowd(dice: Dice, wish: Wish) -> Group:
    """Near flowers from edge to edge, behind them a row of smaller ones."""
    spots = []
    for row, (count, down, size, near) in enumerate(CROWD):
        for index in range(count):
            across = (index + 0.5 * row + dice.between(0.1, 0.7)) / count
            tall = size * dice.between(0.85, 1.15)
            spots.append(
                Spot(across, down + dice.between(-0.03, 0.03), tall, dice.chance(0.5), near)
            )
    return Group(wish.thing, wish.color, wish.zone, tuple(spots), many=True)
