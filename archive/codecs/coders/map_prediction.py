"""What an embedding tells about a colour map: a linear prediction of its samples, of few numbers.

    p = t · V rint(s ∘ Uᵀ(v − m))        v = rint(σ̂ / unit)       U: (D, r), V: (r, S), r ≤ RANK

σ̂ is the decoded embedding, so that the decoder knows it too. The fit is ridge regression, cut down to its r leading
outputs (reduced-rank regression); the ridge is the one that predicts rows best that were held out, and there is no
prediction where none helps. U, V, m and v are integers and all sums stay below 2⁵³: the same p everywhere.

    |v| ≤ 2¹⁵, |U|, |V| ≤ 2⁷, D ≤ 2¹¹, |rint(…)| ≤ 2²⁴   →   |Σ| ≤ 2³⁵
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.float32]
RANK = 12
RIDGES = (0.1, 1.0, 10.0)  # of the mean eigenvalue
LEAST_GAIN = 0.05  # of the squared error; below, a prediction does not pay for its numbers
HELD = 5  # one row in so many is held out
LARGEST = 127  # of U and V
FINEST = 1 << 13  # of v where σ̂ is as long as usual
LIMIT = 1 << 15
FACTOR_LIMIT = 1 << 24


@dataclass(frozen=True)
class Prediction:
    """The fitted state. D: dimensions, S: samples of a map, r: rank."""

    unit: npt.NDArray[np.float64]  # (), of v
    center: npt.NDArray[np.int32]  # (D,), m
    down: npt.NDArray[np.int8]  # (D, r), U
    scales: npt.NDArray[np.float64]  # (r,), s
    up: npt.NDArray[np.int8]  # (r, S), V
    sample_unit: npt.NDArray[np.float64]  # (), t

    def __call__(self, vectors_hat: Rows) -> Rows:
        """(N, D) float32 → what it tells of the samples, (N, S) float32: about their mean."""
        places = (
            np.clip(np.rint(vectors_hat.astype(np.float64) / self.unit), -LIMIT, LIMIT)
            - self.center
        )
        factors = np.rint(self.scales * (places @ self.down.astype(np.float64)))
        exact = np.clip(factors, -FACTOR_LIMIT, FACTOR_LIMIT) @ self.up.astype(np.float64)
        predicted: Rows = (float(self.sample_unit) * exact).astype(np.float32)
        return predicted

    def arrays(self, prefix: str) -> dict[str, npt.NDArray[np.generic]]:
        """Everything, by name, for the codec row."""
        return {f"{prefix}{field.name}": getattr(self, field.name) for field in fields(self)}

    @classmethod
    def open(cls, arrays: Mapping[str, Any], prefix: str) -> Prediction:
        """The mirror of arrays. Raises KeyError where something is missing."""
        return cls(**{field.name: arrays[prefix + field.name] for field in fields(cls)})


def fit_prediction(vectors_hat: Rows, samples: Rows, *, seed: int = 0) -> Prediction | None:
    """(N, D) decoded embeddings and (N, S) samples → the prediction; None where embeddings do not tell enough."""
    order = np.random.default_rng(seed).permutation(len(samples))
    held, known = np.split(order, [max(1, len(order) // HELD)])

    def error(ridge: float) -> float:
        center, weights, mean = _regress(vectors_hat[known], samples[known], ridge)
        return float(
            np.square(samples[held] - mean - (vectors_hat[held] - center) @ weights).mean()
        )

    errors = [error(ridge) for ridge in RIDGES]
    plain = float(np.square(samples[held] - samples[known].mean(axis=0)).mean())
    if min(errors) > (1 - LEAST_GAIN) * plain:
        return None
    center, weights, _ = _regress(vectors_hat, samples, RIDGES[int(np.argmin(errors))])
    return _integers(vectors_hat, center, weights)


def _regress(
    vectors: Rows, samples: Rows, ridge: float
) -> tuple[Rows, npt.NDArray[np.float64], Rows]:
    """→ means of vectors and samples, and the weights (D, S) between."""
    center = vectors.mean(axis=0)
    mean = samples.mean(axis=0)
    known = (vectors - center).astype(np.float64)
    covariance = known.T @ known
    covariance += ridge * max(float(covariance.diagonal().mean()), 1e-12) * np.eye(len(covariance))
    return center, np.linalg.solve(covariance, known.T @ (samples - mean)), mean


def _integers(vectors: Rows, center: Rows, weights: npt.NDArray[np.float64]) -> Prediction:
    """Weights (D, S) → their RANK leading outputs for these vectors, in integers."""
    _, sizes, outputs = np.linalg.svd((vectors - center) @ weights, full_matrices=False)
    outputs = outputs[: min(RANK, int((sizes > 1e-6 * sizes[0]).sum()))]
    down = weights @ outputs.T
    down_units = np.maximum(np.abs(down).max(axis=0), 1e-12) / LARGEST
    up_unit = np.abs(outputs).max() / LARGEST
    unit = float(np.abs(vectors).max()) / FINEST or 1.0
    sample_unit = up_unit / 64  # factors are counted in 64ths of a grey level
    return Prediction(
        np.array(unit),
        np.rint(center / unit).astype(np.int32),
        np.rint(down / down_units).astype(np.int8),
        down_units * unit * 64,
        np.rint(outputs / up_unit).astype(np.int8),
        np.array(sample_unit),
    )
