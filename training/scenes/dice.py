"""Chance that repeats: the same name gives the same throws on every machine and every Python.

Only `random.Random.random()` is used, because its stream is promised never to change; `choice` and `randint` are not.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """A named stream of throws. Drawing code must throw equally often at every picture size."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._random = random.Random(name)

    def child(self, name: str) -> Dice:
        """A stream of its own, untouched by how often this one was thrown."""
        return Dice(f"{self.name}/{name}")

    def between(self, low: float, high: float) -> float:
        """A number, even over [low, high)."""
        return low + (high - low) * self._random.random()

    def whole(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self._random.random() * (high - low + 1))

    def chance(self, probability: float) -> bool:
        """True with that probability."""
        return self._random.random() < probability

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices, each as likely."""
        return choices[int(self._random.random() * len(choices))]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The items in a thrown order."""
        return [
            item
            for _, item in sorted(
                ((self._random.random(), i), item) for i, item in enumerate(items)
            )
        ]
