"""Named random streams: the same name gives the same numbers on every machine and Python version.

Only `random.Random.random()` is used: its stream is guaranteed, `choice` and `randint` are not.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """A named random stream. Code must draw equally many numbers at every picture size."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._random = random.Random(name)

    def child(self, name: str) -> Dice:
        """An independent stream, whatever has been drawn from this one."""
        return Dice(f"{self.name}/{name}")

    def between(self, low: float, high: float) -> float:
        """Uniform over [low, high)."""
        return low + (high - low) * self._random.random()

    def whole(self, low: int, high: int) -> int:
        """A uniform integer, low and high included."""
        return low + int(self._random.random() * (high - low + 1))

    def chance(self, probability: float) -> bool:
        """True with that probability."""
        return self._random.random() < probability

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices, uniformly."""
        return choices[int(self._random.random() * len(choices))]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The items in random order."""
        return [
            item
            for _, item in sorted(
                ((self._random.random(), i), item) for i, item in enumerate(items)
            )
        ]
