"""A linear prediction of a color map's samples from the decoded embedding, with few parameters.

    p = t · V rint(s ∘ Uᵀ(v − m))        v = rint(σ̂ / unit)       U: (D, r), V: (r, S), r ≤ RANK

The decoder knows σ̂ too. The fit is ridge regression, reduced to its r leading outputs
(reduced-rank regression), with the ridge that predicts held-out rows best; there is no prediction
where none helps. U, V, m and v are integers and all sums stay below 2⁵³, so p is the same on every
machine.

    |v| ≤ 2¹⁵, |U|, |V| ≤ 2⁷, D ≤ 2¹¹, |rint(…)| ≤ 2²⁴   →   |Σ| ≤ 2³⁵
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from archive.arrays import Vectors
from archive.codecs.coders.state import FittedState

Samples = npt.NDArray[np.float32]
RANK = 12
RIDGES = (0.1, 1.0, 10.0)  # of the mean eigenvalue
MIN_GAIN = 0.05  # of the squared error; below, a prediction does not pay for its parameters
HELD_OUT_SHARE = 5  # one row in five is held out
MATRIX_LIMIT = 127  # of U and V
USUAL_PLACE = 1 << 13  # greatest v of the sample
PLACE_LIMIT = 1 << 15  # of v
FACTOR_LIMIT = 1 << 24
FACTOR_STEPS = 64  # factors are counted in 64ths of a gray level
TINY_SINGULAR = 1e-6  # of the greatest singular value: numerically zero
TINY = 1e-12  # instead of zero, where something is divided


@dataclass(frozen=True)
class Prediction(FittedState):
    """The fitted state. D: dimensions, S: samples of a map, r: rank."""

    unit: npt.NDArray[np.float64]  # (), of v
    center: npt.NDArray[np.int32]  # (D,), m
    down: npt.NDArray[np.int8]  # (D, r), U
    scales: npt.NDArray[np.float64]  # (r,), s
    up: npt.NDArray[np.int8]  # (r, S), V
    sample_unit: npt.NDArray[np.float64]  # (), t

    def __call__(self, vectors_hat: Vectors) -> Samples:
        """(N, D) float32 → p (N, S) float32, differences of the samples from their mean."""
        scaled = np.rint(vectors_hat.astype(np.float64) / self.unit)
        places = np.clip(scaled, -PLACE_LIMIT, PLACE_LIMIT) - self.center
        factors = np.rint(self.scales * (places @ self.down.astype(np.float64)))
        exact = np.clip(factors, -FACTOR_LIMIT, FACTOR_LIMIT) @ self.up.astype(np.float64)
        predicted: Samples = (float(self.sample_unit) * exact).astype(np.float32)
        return predicted


def fit_prediction(vectors_hat: Vectors, samples: Samples, *, seed: int = 0) -> Prediction | None:
    """(N, D) decoded embeddings and (N, S) samples → the prediction; None where it gains little."""
    order = np.random.default_rng(seed).permutation(len(samples))
    held_out, fitted = np.split(order, [max(1, len(order) // HELD_OUT_SHARE)])

    def error(ridge: float) -> float:
        center, weights, mean = _regress(vectors_hat[fitted], samples[fitted], ridge)
        predicted = (vectors_hat[held_out] - center) @ weights
        return float(np.square(samples[held_out] - mean - predicted).mean())

    errors = [error(ridge) for ridge in RIDGES]
    mean_error = float(np.square(samples[held_out] - samples[fitted].mean(axis=0)).mean())
    if min(errors) > (1 - MIN_GAIN) * mean_error:
        return None
    center, weights, _ = _regress(vectors_hat, samples, RIDGES[int(np.argmin(errors))])
    return _to_integers(vectors_hat, center, weights)


def _regress(
    vectors: Vectors, samples: Samples, ridge: float
) -> tuple[Vectors, npt.NDArray[np.float64], Samples]:
    """→ the mean of the vectors (D,), the weights (D, S), and the mean of the samples (S,)."""
    center = vectors.mean(axis=0)
    mean = samples.mean(axis=0)
    centered = (vectors - center).astype(np.float64)
    covariance = centered.T @ centered
    mean_eigenvalue = float(covariance.diagonal().mean())
    covariance += ridge * max(mean_eigenvalue, TINY) * np.eye(len(covariance))
    return center, np.linalg.solve(covariance, centered.T @ (samples - mean)), mean


def _to_integers(vectors: Vectors, center: Vectors, weights: npt.NDArray[np.float64]) -> Prediction:
    """Weights (D, S) → their RANK leading outputs for these vectors, in integers."""
    _, sizes, outputs = np.linalg.svd((vectors - center) @ weights, full_matrices=False)
    rank = min(RANK, int((sizes > TINY_SINGULAR * sizes[0]).sum()))
    outputs = outputs[:rank]
    down = weights @ outputs.T
    down_units = np.maximum(np.abs(down).max(axis=0), TINY) / MATRIX_LIMIT
    up_unit = np.abs(outputs).max() / MATRIX_LIMIT
    unit = float(np.abs(vectors).max()) / USUAL_PLACE or 1.0
    return Prediction(
        unit=np.array(unit),
        center=np.rint(center / unit).astype(np.int32),
        down=np.rint(down / down_units).astype(np.int8),
        scales=down_units * unit * FACTOR_STEPS,
        up=np.rint(outputs / up_unit).astype(np.int8),
        sample_unit=np.array(up_unit / FACTOR_STEPS),
    )
