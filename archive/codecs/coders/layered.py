"""Two layers: a few atoms of a dictionary, then a transform coder for the residual.

    x̂ = x̂₁ + x̂₂        x̂₁: sparse code of x        x̂₂: transform code of x − x̂₁

Embeddings of a collection are clusters of clusters: at 30 bits sparse codes are far better than a
transform coder. The residual is nearly Gaussian: there it is the other way round. Both layers are
in one message, which ends in one byte; at few bits there is only the first.

Archives have such states, and code by them. No more are fitted: archive.codecs.coders.additive is
better at every rate.
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
from archive.codecs.coders.transform import Transform


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
