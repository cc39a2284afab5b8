"""The rate that was asked for, by bisection."""

from __future__ import annotations

import math
from collections.abc import Callable


def least_for_bits(
    bits_at: Callable[[float], float], bits: float, between: tuple[float, float], *, rounds: int
) -> float:
    """The least value of a positive range at which no more than `bits` are taken.

    `bits_at`: the more, the smaller the value. The range is halved `rounds` times by its ratio.
    """
    low, high = map(math.log, between)
    for _ in range(rounds):
        middle = (low + high) / 2
        if bits_at(math.exp(middle)) > bits:
            low = middle
        else:
            high = middle
    return math.exp(high)
