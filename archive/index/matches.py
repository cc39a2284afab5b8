"""Whether hits match what was asked for, on a scale that means the same for every codec, archive
and encoder. A cosine does not: codecs, encoders and the number of rows move it.

Words: how much better they fit a row than phrases do that nobody asked for (archive.index.
background). For the row's vector_hat x, the query q and the phrases p:

    z      (cos(q, x) − mean of cos(p, x)) / ½ (their spread + the spread of a usual row)
    match  Φ(z)ᴺ, N rows searched: how probable it is that words without a meaning for this archive
           fit none of its rows as well as that

More rows give meaningless words more chances, hence N. That rows are independent and cosines
normal is not quite so; docs/searching.md has what this costs.

A picture: how near it is to the row, beside how near rows are to each other.

    match  share of a sample of rows whose nearest other row is farther from them than the hit is
           from the picture

Both are between 0 and 1. From LEAST_WORDS, or LEAST_PICTURE, on a hit is taken for a real match. A
mixture of words and pictures has no scale, and no match.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from archive.arrays import Vectors, unit

LEAST_WORDS = 0.97
LEAST_PICTURE = 0.25
SMALLEST = 1e-6  # spread of the phrases at a vector without a direction, which nothing fits


class QueryKind(enum.Enum):
    """What a query is compared with."""

    WORDS = "words"
    PICTURE = "picture"
    MIXTURE = "mixture"


@dataclass(frozen=True)
class Match:
    """How well a hit matches, 0 … 1, and whether that is enough to be one."""

    value: float
    is_real: bool


Matcher = Callable[[int, Vectors], list[Match]]
"""Codec id, (k, D) vector_hat → a match for each."""


def word_matcher(
    query: Vectors, phrases: Vectors, *, usual_spread: Mapping[int, float], rows: int
) -> Matcher:
    """(D,) query, (P, D) unit phrases; by codec id the spread of a usual row."""

    def matches(codec_id: int, vectors_hat: Vectors) -> list[Match]:
        units = unit(vectors_hat)
        cosines = units @ unit(query)
        background = units @ phrases.T
        spread = background.std(axis=1)
        scale = (spread + usual_spread.get(codec_id, spread)) / 2
        z = (cosines - background.mean(axis=1)) / np.maximum(scale, SMALLEST)
        values = [no_chance(deviations, rows) for deviations in z.tolist()]
        return [Match(value, value >= LEAST_WORDS) for value in values]

    return matches


def picture_matcher(query: Vectors, nearest: npt.NDArray[np.floating]) -> Matcher:
    """(D,) query, and the cosines of sampled rows with the nearest other row, ascending."""

    def matches(codec_id: int, vectors_hat: Vectors) -> list[Match]:
        cosines = unit(vectors_hat) @ unit(query)
        values = (np.searchsorted(nearest, cosines) / len(nearest)).tolist()
        return [Match(value, value >= LEAST_PICTURE) for value in values]

    return matches


def spread(vectors_hat: Vectors, phrases: Vectors) -> float:
    """(k, D) → mean spread of the phrases' cosines with them."""
    return float((unit(vectors_hat) @ phrases.T).std(axis=1).mean())


def no_chance(z: float, rows: int) -> float:
    """Φ(z)ᴺ: how probable it is that N draws from a normal distribution are all below z."""
    above = math.erfc(z / math.sqrt(2)) / 2
    return math.exp(rows * math.log1p(-above)) if above < 1 else 0.0
