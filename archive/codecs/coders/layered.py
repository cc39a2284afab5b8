"""Two layers: a few atoms of a dictionary, then a transform coder for the residual.

    x̂ = x̂₁ + x̂₂        x̂₁: sparse code of x        x̂₂: transform code of x − x̂₁

Embeddings of a collection are clusters of clusters: at 30 bits sparse codes are far better than a
transform coder. The residual is nearly Gaussian: there it is the other way round. Both layers are
in one message, which ends in one byte.

Below TWO_LAYERS bits the dictionary is better alone, and a code is what `smic` would write, unless
the sample is too small for nearly all its atoms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from archive.arrays import Vectors
from archive.codecs.coders import range_coder
from archive.codecs.coders.sparse import Dictionary
from archive.codecs.coders.sparse_fit import atoms_for, fit_dictionary, shape_for
from archive.codecs.coders.transform import Transform
from archive.codecs.coders.transform_fit import MessageStart, fit_transform

TWO_LAYERS = 60  # bits, from which on there are two layers
MIN_TWO_LAYERS = 16  # bits; below, there is one layer whatever the sample
MIN_ATOMS_SHARE = 0.9  # of the shape's atoms; a sample for fewer is better coded in two layers
GAINS = 13  # that a row chooses from, from GAIN_BITS on
GAIN_BITS = 160
FIRST_LAYER_SHARE = 0.8  # of the bits, up to the following limits
FIRST_LAYER_LIMIT = 38  # bits, without gains
FIRST_LAYER_LIMIT_GAINS = 24  # bits, with gains


@dataclass(frozen=True)
class Layered:
    """The fitted state; `rest` is the second layer, None without one."""

    dictionary: Dictionary
    rest: Transform | None

    @property
    def mean(self) -> Vectors:
        """(d,), of the sample."""
        return self.dictionary.mean

    def encode(self, rows: Vectors) -> list[bytes]:
        """(N, d) float32 → N messages."""
        if self.rest is None:
            return self.dictionary.encode(rows)
        first = self.dictionary.quantize(rows, rate_granularity=0)
        residual = rows - self.dictionary.reconstruct(first)
        second = self.rest.quantize(residual, first.bits)
        messages = []
        for row in range(len(rows)):
            segments = [*self.dictionary.symbols(first, row), *self.rest.symbols(second, row)]
            messages.append(range_coder.encode(segments))
        return messages

    def decode(self, messages: list[bytes]) -> Vectors:
        """N messages → (N, d) float32, the same bits on every machine. Raises BadCode."""
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


def fit_layered(rows: Vectors, bits: float, *, seed: int = 0) -> Layered:
    """(N, d) sample → a coder that spends `bits` per row on average, in whole bytes."""
    shape = shape_for(bits)
    is_large_sample = atoms_for(rows) >= MIN_ATOMS_SHARE * shape.atoms
    if bits < MIN_TWO_LAYERS or (bits < TWO_LAYERS and is_large_sample):
        return Layered(fit_dictionary(rows, bits, shape, seed=seed), None)
    has_gains = bits >= GAIN_BITS
    limit = FIRST_LAYER_LIMIT_GAINS if has_gains else FIRST_LAYER_LIMIT
    first_bits = min(FIRST_LAYER_SHARE * bits, limit)
    first_shape = shape_for(first_bits)
    dictionary = fit_dictionary(rows, first_bits, first_shape, rate_granularity=0, seed=seed)
    first = dictionary.quantize(rows, rate_granularity=0)
    rest = fit_transform(
        rows - dictionary.reconstruct(first),
        bits,
        gains=GAINS if has_gains else 1,
        start=MessageStart(first.bits, lambda row: dictionary.symbols(first, row)),
        seed=seed,
    )
    return Layered(dictionary, rest)
