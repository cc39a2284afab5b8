"""From group specs to placements: things side by side, so that none hides another.

Widths are computed for a square or upright picture: what fits there also fits a wide one.
"""

from __future__ import annotations

from dataclasses import dataclass

from training.scenes.dice import Dice
from training.scenes.plan import Group, Placement
from training.scenes.things import THINGS
from training.scenes.zones import Zone

ROW = 0.92  # share of the width that things side by side may take
CROWD = ((9, 0.98, 0.4, 0.7), (7, 1.1, 0.56, 1.0))  # flower rows: count, foot, size, nearness


@dataclass(frozen=True)
class GroupSpec:
    """A group without its placements; count 0 asks for a crowd."""

    thing: str
    color: str
    zone: Zone
    count: int
    near: float
    factor: float = 1.0
    bulk: str = ""


def place_groups(dice: Dice, specs: list[GroupSpec]) -> tuple[Group, ...]:
    """Place every thing. The sky, a garden's house and everything else are separate rows."""
    groups: list[Group] = []
    for roles in (("sky",), ("home",), ("ground", "water", "table", "deep")):
        groups += _row(dice, [spec for spec in specs if spec.count and spec.zone.role in roles])
    groups += [_crowd(dice, spec) for spec in specs if not spec.count]
    return tuple(groups)


def _row(dice: Dice, specs: list[GroupSpec]) -> list[Group]:
    """Group by group from left to right, the free width thrown between the things."""
    order = dice.shuffled(specs)
    sizes = [[_size(dice, spec) for _ in range(spec.count)] for spec in order]
    widths = [
        size * THINGS[spec.thing].aspect
        for spec, row in zip(order, sizes, strict=True)
        for size in row
    ]
    shrink = min(1.0, ROW / max(sum(widths), 1e-9))
    gaps = [dice.between(0.2, 1.0) for _ in range(len(widths) + 1)]
    free = (1 - sum(widths) * shrink) / sum(gaps)
    groups = []
    left = gaps[0] * free
    index = 0
    for spec, row in zip(order, sizes, strict=True):
        placements = []
        for size in row:
            width = widths[index] * shrink
            across = 0.5 if spec.zone.role == "home" else left + width / 2
            placements.append(_placement(dice, spec, across, size * shrink))
            left += width + gaps[index + 1] * free
            index += 1
        groups.append(Group(spec.thing, spec.color, spec.zone, tuple(placements), spec.bulk))
    return groups


def _size(dice: Dice, spec: GroupSpec) -> float:
    far, near = spec.zone.scale
    return (
        THINGS[spec.thing].height
        * (far + (near - far) * spec.near)
        * spec.factor
        * dice.between(0.94, 1.06)
    )


def _placement(dice: Dice, spec: GroupSpec, across: float, size: float) -> Placement:
    """Lower is nearer on the ground; sky and deep leave height free. Nothing is cut at the top."""
    far, near = spec.zone.down
    depth = max(0.0, min(1.0, spec.near + dice.between(-0.12, 0.12)))
    down = far + (near - far) * depth
    if spec.zone.role == "sky" or (spec.zone.role == "deep" and near - far > 0.2):
        down = min(max(near, size + 0.03), max(size + 0.03, dice.between(far, near)))
    elif near <= 1:  # flowers stand below the edge of the picture; all else is fully visible
        size = min(size, down - 0.05)
    return Placement(across, down, size, dice.chance(0.5), depth)


def _crowd(dice: Dice, spec: GroupSpec) -> Group:
    """Near flowers from edge to edge, behind them a row of smaller ones."""
    placements = []
    for row, (count, down, size, near) in enumerate(CROWD):
        for index in range(count):
            across = (index + 0.5 * row + dice.between(0.1, 0.7)) / count
            tall = size * dice.between(0.85, 1.15)
            placements.append(
                Placement(across, down + dice.between(-0.03, 0.03), tall, dice.chance(0.5), near)
            )
    return Group(spec.thing, spec.color, spec.zone, tuple(placements), many=True)
