"""Embeddings and color maps by coders fitted to a sample: what `klt`, `smic` and `pqvae` share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from archive.arrays import Pixels, Vectors
from archive.codecs.codec import VectorCoder
from archive.codecs.coders.colormap import Samples, from_samples, to_samples
from archive.codecs.coders.map_prediction import Prediction, fit_prediction
from archive.codecs.coders.serialization import Arrays
from archive.codecs.coders.transform import Transform
from archive.codecs.coders.transform_fit import fit_transform
from archive.errors import UsageError

MIN_SAMPLE = 64  # rows; fewer make neither a covariance nor a dictionary
MIN_BITS = 6  # of an embedding: a byte that names one of 64 atoms
VECTOR_PREFIX = "vector_"  # of the names in the state
MAP_PREFIX = "map_"
PREDICTION_PREFIX = "map_prediction_"


def check_sample(vectors: Vectors, bits: int) -> None:
    """Raises UsageError for too few vectors (N, D), or too few bits."""
    if len(vectors) < MIN_SAMPLE:
        raise UsageError(
            f"fitting a codec takes at least {MIN_SAMPLE} images, there are {len(vectors)}; "
            f"use coclico"
        )
    if bits < MIN_BITS:
        raise UsageError(f"an embedding takes at least {MIN_BITS} bits, not {bits}")


def fit_maps(
    maps: Pixels, bits: int, vectors: Vectors, coder: VectorCoder, *, seed: int = 0
) -> TransformMaps:
    """(N, n, n, 3) uint8, the vectors (N, D) of the same images and their coder → a coder of color
    maps; n = 0: of none."""
    side = maps.shape[1]
    if not side:
        return TransformMaps(None, 0, 0)
    samples = to_samples(maps)
    vectors_hat = coder.decode(coder.encode(vectors))
    prediction = fit_prediction(vectors_hat, samples, seed=seed)
    residual = samples if prediction is None else samples - prediction(vectors_hat)
    return TransformMaps(fit_transform(residual, bits, seed=seed), side, bits, prediction)


def open_maps(parameters: Mapping[str, Any], arrays: Mapping[str, Any]) -> TransformMaps:
    """The coder of color maps of a codec row. Raises KeyError where something is missing."""
    side = int(parameters["map_side"])
    if not side:
        return TransformMaps(None, 0, 0)
    prediction = None
    if PREDICTION_PREFIX + "unit" in arrays:
        prediction = Prediction.open(arrays, PREDICTION_PREFIX)
    transform = Transform.open(arrays, MAP_PREFIX)
    return TransformMaps(transform, side, int(parameters["map_bits"]), prediction)


class FittedCoder(Protocol):
    """What is fitted to embeddings and codes them."""

    @property
    def mean(self) -> Vectors:
        """(D,), of the sample."""
        ...

    def arrays(self, prefix: str) -> Arrays:
        """Everything, by name, for the codec row."""
        ...

    def encode(self, rows: Vectors) -> list[bytes]:
        """(N, D) float32 → N messages."""
        ...

    def decode(self, messages: list[bytes]) -> Vectors:
        """N messages → (N, D) float32, the same bits on every machine. Raises BadCode."""
        ...


@dataclass(frozen=True)
class FittedVectors:
    """Embeddings by a fitted coder, at a number of bits."""

    coder: FittedCoder
    bits: int  # per image, on average over the sample
    scan_bits = None
    linear_decoder = None
    pending = None

    @property
    def dimension(self) -> int:
        """D of the vectors."""
        return len(self.coder.mean)

    @property
    def payload_bits(self) -> None:
        """None: codes vary in length."""

    def parameters(self) -> dict[str, int]:
        """Numbers for the codec row."""
        return {"dimension": self.dimension, "bits": self.bits}

    def arrays(self) -> Arrays:
        """The fitted state for the codec row."""
        return self.coder.arrays(VECTOR_PREFIX)

    def encode(self, vectors: Vectors) -> list[bytes]:
        """(N, D) float32 → N codes."""
        return self.coder.encode(vectors)

    def decode(self, codes: list[bytes]) -> Vectors:
        """N codes → (N, D) float32, the same bits on every machine. Raises BadCode."""
        return self.coder.decode(codes)


@dataclass(frozen=True)
class TransformMaps:
    """Color maps by a fitted transform of the difference between their samples and a prediction
    from the decoded vector; side 0 stores none."""

    transform: Transform | None
    side: int
    bits: int  # per image, on average over the sample
    prediction: Prediction | None = None

    @property
    def payload_bits(self) -> int | None:
        """None: codes vary in length. 0 without maps."""
        return None if self.transform else 0

    @property
    def quantization_error(self) -> float:
        """The root mean squared error of samples: transform codes have no cells."""
        return 0.0 if self.transform is None else math.sqrt(self.transform.error)

    @property
    def predicted(self) -> bool:
        """Whether maps are coded as differences from a prediction by the decoded vectors."""
        return self.prediction is not None

    def parameters(self) -> dict[str, int]:
        """Numbers for the codec row."""
        return {"map_side": self.side, "map_bits": self.bits}

    def arrays(self) -> Arrays:
        """The fitted state for the codec row; empty without maps."""
        if self.transform is None:
            return {}
        prediction = self.prediction.arrays(PREDICTION_PREFIX) if self.prediction else {}
        return {**self.transform.arrays(MAP_PREFIX), **prediction}

    def encode(self, maps: Pixels, vectors_hat: Vectors) -> list[bytes]:
        """(N, n, n, 3) uint8 RGB and vector_hat (N, D) → N codes; empty ones without maps."""
        if self.transform is None:
            return [b""] * len(maps)
        return self.transform.encode(to_samples(maps) - self._predict(vectors_hat))

    def decode(self, codes: list[bytes], vectors_hat: Vectors) -> Pixels:
        """N codes and vector_hat (N, D) → (N, n, n, 3) uint8 RGB. Raises BadCode."""
        if self.transform is None:
            return np.zeros((len(codes), 0, 0, 3), np.uint8)
        samples = self.transform.decode(codes) + self._predict(vectors_hat)
        return from_samples(np.clip(samples, 0, 255), self.side)

    def _predict(self, vectors_hat: Vectors) -> Samples:
        return self.prediction(vectors_hat) if self.prediction else np.zeros((1, 1), np.float32)
