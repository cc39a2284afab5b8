"""`klt`: ours. Embedding and colour map by mixture transform coding, each at a chosen number of bits.

    clip_code     message of archive.codecs.transform for the embedding, K clusters
    color_code    message for the 1.5 n² samples of the map, one cluster

Codes have no header and vary in length; their ends are the ends of their fields. The fitted state (means, bases, tables
of counts, centroids) is kept once, in the codec row. One number a part sets the rate: `bits` and `map_bits` are what a
code takes on average over the sample it was fitted to, in whole bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Protocol

import numpy as np

from archive.codecs.codec import Arrays, Codec, NoLevels, Pixels, Vectors
from archive.codecs.colormap import from_samples, to_samples
from archive.codecs.fitting import fit_transform
from archive.codecs.transform import Transform
from archive.errors import UsageError

CLUSTERS = 512  # of embeddings, where the sample allows
LEAST_BITS = 16  # the cluster, and something beside it
LEAST_SAMPLE = 64  # rows; fewer do not make a covariance


def fit_klt(vectors: Vectors, maps: Pixels, *, bits: int = 120, map_bits: int = 40, seed: int = 0) -> Codec:
    """(N, D) float32 and (N, n, n, 3) uint8 (n = 0: no maps) → a codec fitted to them. Raises UsageError if too few."""
    if len(vectors) < LEAST_SAMPLE:
        raise UsageError(f"klt is fitted to at least {LEAST_SAMPLE} pictures, there are {len(vectors)}; use coclico")
    if bits < LEAST_BITS:
        raise UsageError(f"klt needs at least {LEAST_BITS} bits for an embedding, {bits} were asked for; use smic")
    fitted = FittedVectors(fit_transform(vectors, bits, clusters=CLUSTERS, seed=seed), bits)
    return Codec("klt", fitted, fit_maps(maps, map_bits, seed=seed))


def open_klt(parameters: Mapping[str, Any], arrays: Mapping[str, Any]) -> Codec:
    """From a codec row. Raises KeyError where something is missing."""
    vectors = FittedVectors(_transform(arrays, "vector_"), int(parameters["bits"]))
    return Codec("klt", vectors, open_maps(parameters, arrays))


def fit_maps(maps: Pixels, bits: int, *, seed: int = 0) -> TransformMaps:
    """(N, n, n, 3) uint8 → a coder of colour maps; n = 0: of none."""
    side = maps.shape[1]
    colors = fit_transform(to_samples(maps), bits, clusters=1, seed=seed) if side else None
    return TransformMaps(colors, side, bits if side else 0)


def open_maps(parameters: Mapping[str, Any], arrays: Mapping[str, Any]) -> TransformMaps:
    """The coder of colour maps of a codec row. Raises KeyError where something is missing."""
    side = int(parameters["map_side"])
    return TransformMaps(_transform(arrays, "map_") if side else None, side, int(parameters["map_bits"]))


class Fitted(Protocol):
    """What is fitted to embeddings, and codes them."""

    @property
    def mean(self) -> Vectors: ...
    def arrays(self, prefix: str) -> Arrays: ...
    def encode(self, rows: Vectors) -> list[bytes]: ...
    def decode(self, messages: list[bytes]) -> Vectors: ...


@dataclass(frozen=True)
class FittedVectors(NoLevels):
    """Embeddings by a fitted coder, at a number of bits."""

    coder: Fitted
    bits: int

    @property
    def dimension(self) -> int:
        return len(self.coder.mean)

    @property
    def payload_bits(self) -> None:
        """Codes vary in length."""

    def parameters(self) -> dict[str, int]:
        return {"dimension": self.dimension, "bits": self.bits}

    def arrays(self) -> Arrays:
        return self.coder.arrays("vector_")

    def encode(self, vectors: Vectors) -> list[bytes]:
        """(N, D) float32 → N codes."""
        return self.coder.encode(vectors)

    def decode(self, codes: list[bytes]) -> Vectors:
        """N codes → (N, D) float32, the same bits on every machine."""
        return self.coder.decode(codes)


@dataclass(frozen=True)
class TransformMaps:
    """Colour maps by a fitted transform of their samples; side 0 keeps none."""

    transform: Transform | None
    side: int
    bits: int

    @property
    def payload_bits(self) -> int | None:
        """Codes vary in length, unless there are none."""
        return None if self.transform else 0

    def parameters(self) -> dict[str, int]:
        return {"map_side": self.side, "map_bits": self.bits}

    def arrays(self) -> Arrays:
        return self.transform.arrays("map_") if self.transform else {}

    def encode(self, maps: Pixels) -> list[bytes]:
        """(N, n, n, 3) uint8 RGB → N codes; empty ones without a map."""
        return self.transform.encode(to_samples(maps)) if self.transform else [b""] * len(maps)

    def decode(self, codes: list[bytes]) -> Pixels:
        """N codes → (N, n, n, 3) uint8 RGB."""
        if self.transform is None:
            return np.zeros((len(codes), 0, 0, 3), np.uint8)
        return from_samples(np.clip(self.transform.decode(codes), 0, 255), self.side)


def _transform(arrays: Mapping[str, Any], prefix: str) -> Transform:
    return Transform(**{field.name: arrays[prefix + field.name] for field in fields(Transform)})
