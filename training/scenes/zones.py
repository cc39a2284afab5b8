"""The types behind places: zones where things may stand, and the words for a place.

A zone is a strip of the picture. `down` are the shares of the height where a thing's foot may
stand, far and near; `scale` is how large a thing is there, far and near. `where` says where the
things of the zone are; `where_short` says it again, shorter, after a comma. Words and phrases are
lists separated by commas; a repeated one is that much likelier.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from training.scenes.stage import Stage

TIMES = ("morning", "day", "sunset", "night")
OPEN = "clear, clear, clear, cloudy, rain, fog, rainbow"
NORTHERN = OPEN + ", clear, snow"
BIRDS = "balloon, bird, plane, balloon, bird"
TREES = "tree, autumn tree, blossom tree, poplar, birch, pine tree"
BEASTS = "horse, horse, sheep, sheep, dog, cat, rabbit"
FRUITS = (
    "apple, apple, orange, lemon, pear, banana, "
    "bowl of red apples, bowl of oranges, bowl of lemons, bowl of pears"
)


@dataclass(frozen=True)
class Zone:
    """A strip of a place and what may be in it."""

    # ground, home (ground, centered), water, sky, table, or deep: under water or in space
    role: str
    down: tuple[float, float]
    scale: tuple[float, float]
    things: str
    where: str
    where_short: str
    snowy_where: str = ""

    @property
    def kinds(self) -> list[str]:
        """The kinds of thing that may be in it."""
        return self.things.split(", ")


@dataclass(frozen=True)
class Place:
    """One kind of place."""

    tags: str
    backdrop: Callable[[Stage], None]
    horizon: float
    nouns: str
    zones: tuple[Zone, ...]
    snowy_nouns: str = ""
    weathers: str = NORTHERN
    times: tuple[str, ...] = TIMES
    clash: str = ""  # colors that would not stand out from the ground
    # painted after what is on the water, before what is on the ground
    front: Callable[[Stage], None] | None = None


def sky_zone(where: str, *, things: str = BIRDS, snowy_where: str = "", low: float = 0.42) -> Zone:
    """The zone of things in the sky."""
    return Zone(
        "sky",
        (0.12, low),
        (0.7, 1.1),
        things,
        where,
        "in the sky, overhead, flying above",
        snowy_where,
    )
