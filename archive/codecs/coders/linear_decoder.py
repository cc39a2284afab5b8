"""A better decoder for scalar codes: linear least squares instead of the middles of cells.

    σ̂ = m + unit · W s          s = 2 · index + 1, odd integers, ±1 for one bit

Half of the energy of CLIP's image embeddings is in their mean, and their coordinates are
correlated: W and m, fitted to a sample of embeddings and their codes, exploit both. The bytes of a
code stay what they are (docs/codecs.md). W is stored in integers, so that the sums are exact in
double precision in any order: |W| < 2¹⁵, |s| < 2⁸, D ≤ 2¹¹ → |Σ| < 2³⁴.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from archive.arrays import Vectors
from archive.codecs.coders.serialization import Arrays

MATRIX_LIMIT = (1 << 15) - 1
RIDGE = 1e-3  # of the codes' mean variance
SMALLEST_VARIANCE = 1e-12  # in the ridge
STATE_PREFIX = "squares_"  # of the names in the state


@dataclass(frozen=True, eq=False)
class LinearDecoder:
    """The fitted state."""

    mean: npt.NDArray[np.float32]  # (D,), m
    matrix: npt.NDArray[np.int16]  # (D, D), W
    unit: npt.NDArray[np.float64]  # ()

    @classmethod
    def fit(cls, vectors: Vectors, signs: Vectors) -> LinearDecoder:
        """(N, D) embeddings and s (N, D), the odd integers of their codes → m and W."""
        s = signs.astype(np.float64)
        x = vectors.astype(np.float64)
        s_mean = s.mean(axis=0)
        x_mean = x.mean(axis=0)
        normal = (s - s_mean).T @ (s - s_mean)
        mean_variance = float(np.trace(normal)) / len(normal)
        normal += RIDGE * max(mean_variance, SMALLEST_VARIANCE) * np.eye(len(normal))
        weights = np.linalg.solve(normal, (s - s_mean).T @ (x - x_mean)).T
        unit = float(np.abs(weights).max()) / MATRIX_LIMIT or 1.0
        matrix = np.rint(weights / unit).astype(np.int16)
        mean = x_mean - unit * (matrix.astype(np.float64) @ s_mean)
        return cls(mean.astype(np.float32), matrix, np.array(unit))

    @classmethod
    def open(cls, arrays: Mapping[str, Any]) -> LinearDecoder:
        """From a codec row. Raises KeyError where something is missing."""
        return cls(**{field.name: arrays[STATE_PREFIX + field.name] for field in fields(cls)})

    def arrays(self) -> Arrays:
        """Everything, by name, for the codec row."""
        return {STATE_PREFIX + field.name: getattr(self, field.name) for field in fields(self)}

    def reconstruct(self, signs: Vectors) -> Vectors:
        """s (N, D), odd integers → vector_hat (N, D), the same bits on every machine."""
        exact = signs.astype(np.float64) @ self.matrix.T.astype(np.float64)
        vectors: Vectors = (self.mean + exact * float(self.unit)).astype(np.float32)
        return vectors

    def query(self, queries: Vectors) -> Vectors:
        """(N, D) q → (N, D) Wᵀq: its dot product with s ranks as that of q with W s."""
        transformed: Vectors = (queries @ self.matrix.astype(np.float32)) * np.float32(self.unit)
        return transformed
