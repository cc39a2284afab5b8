"""Embeddings and colour maps by coders that were fitted to a sample: what `klt`, `smic` and `pqvae` share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from archive.arrays import Pixels, Vectors
from archive.codecs.codec import VectorCoder
from archive.codecs.coders.colormap import from_samples, to_samples
from archive.codecs.coders.map_prediction import Prediction, fit_prediction
from archive.codecs.coders.serialization import Arrays
from archive.codecs.coders.transform import Transform
from archive.codecs.coders.transform_fit import fit_transform
from archive.errors import UsageError

MIN_SAMPLE = 64  # rows; fewer make neither a covariance nor a dictionary
TOLD = "map_prediction_"  # of the names in the state
MIN_BITS = 6  # of an embedding: a byte, that names one of 64 atoms


def check_sample(vectors: Vectors, bits: int) -> None:
    """Raises UsageError for too few vectors (N, D), or too few bits."""
    if len(vectors) < MIN_SAMPLE:
        raise UsageError(
            f"it takes at least {MIN_SAMPLE} pictures to fit a codec, there are {len(vectors)}; use coclico"
        )
    if bits < MIN_BITS:
        raise UsageError(f"an embedding takes at least {MIN_BITS} bits, {bits} were asked for")


def fit_maps(
    maps: Pixels, bits: int, vectors: Vectors, coder: VectorCoder, *, seed: int = 0
) -> TransformMaps:
    """(N, n, n, 3) uint8, the vectors beside them and their coder → a coder of colour maps; n = 0: of none."""
    side = maps.shape[1]
    if not side:
        return TransformMaps(None, 0, 0)
    samples = to_samples(maps)
    vectors_hat = coder.decode(coder.encode(vectors))
    prediction = fit_prediction(vectors_hat, samples, seed=seed)
    left = samples if prediction is None else samples - prediction(vectors_hat)
    return TransformMaps(fit_transform(left, bits, seed=seed), side, bits, prediction)


def open_maps(parameters: Mapping[str, Any], arrays: Mapping[str, Any]) -> TransformMaps:
    """The coder of colour maps of a codec row. Raises KeyError where something is missing."""
    side = int(parameters["map_side"])
    bits = int(parameters["map_bits"])
    if not side:
        return TransformMaps(None, 0, 0)
    prediction = Prediction.open(arrays, TOLD) if TOLD + "unit" in arrays else None
    return TransformMaps(Transform.open(arrays, "map_"), side, bits, prediction)


class Fitted(Protocol):
    """What is fitted to embeddings, and codes them."""

    @property
    def mean(self) -> Vectors: ...
    def arrays(self, prefix: str) -> Arrays: ...
    def encode(self, rows: Vectors) -> list[bytes]: ...
    def decode(self, messages: list[bytes]) -> Vectors: ...


@dataclass(frozen=True)
class FittedVectors:
    """Embeddings by a fitted coder, at a number of bits."""

    coder: Fitted
    bits: int
    scan_bits = None
    linear_decoder = None
    pending = None

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
    """Colour maps by a fitted transform of what the vector does not tell of their samples; side 0 keeps none."""

    transform: Transform | None
    side: int
    bits: int
    prediction: Prediction | None = None

    @property
    def payload_bits(self) -> int | None:
        """Codes vary in length, unless there are none."""
        return None if self.transform else 0

    @property
    def quantization_error(self) -> float:
        """The root mean square of what samples are wrong by: transform codes have no cells."""
        return 0.0 if self.transform is None else math.sqrt(self.transform.error)

    @property
    def predicted(self) -> bool:
        return self.prediction is not None

    def parameters(self) -> dict[str, int]:
        return {"map_side": self.side, "map_bits": self.bits}

    def arrays(self) -> Arrays:
        told = self.prediction.arrays(TOLD) if self.prediction else {}
        return {**self.transform.arrays("map_"), **told} if self.transform else {}

    def encode(self, maps: Pixels, vectors_hat: Vectors) -> list[bytes]:
        """(N, n, n, 3) uint8 RGB → N codes; empty ones without a map."""
        if self.transform is None:
            return [b""] * len(maps)
        return self.transform.encode(to_samples(maps) - self._told(vectors_hat))

    def decode(self, codes: list[bytes], vectors_hat: Vectors) -> Pixels:
        """N codes → (N, n, n, 3) uint8 RGB."""
        if self.transform is None:
            return np.zeros((len(codes), 0, 0, 3), np.uint8)
        samples = self.transform.decode(codes) + self._told(vectors_hat)
        return from_samples(np.clip(samples, 0, 255), self.side)

    def _told(self, vectors_hat: Vectors) -> Vectors:
        return self.prediction(vectors_hat) if self.prediction else np.zeros((1, 1), np.float32)
