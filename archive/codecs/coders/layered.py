"""Two layers: a few atoms of a dictionary, then a transform coder for what they leave.

    x̂ = x̂₁ + x̂₂        x̂₁: archive.codecs.coders.sparse, of x      x̂₂: archive.codecs.coders.transform, of x − x̂₁

Embeddings of a collection are clusters of clusters: at 30 bits sparse codes are far better than a transform coder. What
they leave is nearly Gaussian: there it is the other way round. Both parts stand in one message, and end in one byte.

Below LAYERED bits the dictionary is better alone, and a code is what `smic` would write, unless the sample is too small
to teach it nearly all its atoms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from archive.codecs.coders import range_coder
from archive.codecs.coders.sparse import Dictionary
from archive.codecs.coders.sparse_fit import atoms_for, fit_dictionary, shape_for
from archive.codecs.coders.transform import Rows, Transform
from archive.codecs.coders.transform_fit import Before, fit_transform

LAYERED = 60  # bits, from which on there are two layers
LAYERABLE = 16  # bits; fewer never make two
TAUGHT = 0.9  # of its atoms; a sample that teaches fewer is better coded in two layers
# of the bits, but no more than so many: the first layer's
SHARE = 0.8
MOST = 38
MOST_GAINED = 24
# a row has one of so many gains, from so many bits on
GAINS = 13
GAINED = 160


@dataclass(frozen=True)
class Layered:
    """The fitted state; without a second layer, `rest` is None."""

    dictionary: Dictionary
    rest: Transform | None

    @property
    def mean(self) -> Rows:
        """(d,), of the sample."""
        return self.dictionary.mean

    def encode(self, rows: Rows) -> list[bytes]:
        """(N, d) float32 → N messages."""
        if self.rest is None:
            return self.dictionary.encode(rows)
        first = self.dictionary.code(rows, rate_granularity=0)
        second = self.rest.levels(rows - self.dictionary.reconstruct(first), first.bits)
        return [
            range_coder.encode(
                [*self.dictionary.symbols(first, row), *self.rest.symbols(second, row)]
            )
            for row in range(len(rows))
        ]

    def decode(self, messages: list[bytes]) -> Rows:
        """N messages → (N, d) float32, the same bits on every machine. Raises BadCode for what cannot be a message."""
        readers = [range_coder.Reader(message) for message in messages]
        rows = self.dictionary.reconstruct(self.dictionary.read(readers))
        return rows if self.rest is None else rows + self.rest.reconstruct(self.rest.read(readers))

    def arrays(self, prefix: str) -> dict[str, npt.NDArray[np.generic]]:
        """Everything, by name, for the codec row."""
        rest = {} if self.rest is None else self.rest.arrays(f"{prefix}rest_")
        return {**self.dictionary.arrays(f"{prefix}dictionary_"), **rest}

    @classmethod
    def open(cls, arrays: Mapping[str, Any], prefix: str) -> Layered:
        """The mirror of arrays. Raises KeyError where something is missing."""
        rest = Transform.open(arrays, f"{prefix}rest_") if f"{prefix}rest_step" in arrays else None
        return cls(Dictionary.open(arrays, f"{prefix}dictionary_"), rest)


def fit_layered(rows: Rows, bits: float, *, seed: int = 0) -> Layered:
    """(N, d) sample → a coder that spends `bits` a row on it, on average, in whole bytes."""
    taught = atoms_for(rows) >= TAUGHT * shape_for(bits).atoms
    if bits < LAYERABLE or (bits < LAYERED and taught):
        return Layered(fit_dictionary(rows, bits, shape_for(bits), seed=seed), None)
    own = min(SHARE * bits, MOST if bits < GAINED else MOST_GAINED)
    dictionary = fit_dictionary(rows, own, shape_for(own), rate_granularity=0, seed=seed)
    first = dictionary.code(rows, rate_granularity=0)
    before = Before(first.bits, lambda row: dictionary.symbols(first, row))
    left = rows - dictionary.reconstruct(first)
    gains = GAINS if bits >= GAINED else 1
    return Layered(dictionary, fit_transform(left, bits, gains=gains, before=before, seed=seed))
