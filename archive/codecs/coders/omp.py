"""Orthogonal matching pursuit of many rows at once: the best n atoms of a dictionary, n = 1, 2, … S."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
RIDGE = 1e-5  # keeps atoms that are nearly parallel apart in the normal equations
TINY = 1e-20  # squared length of an atom that is zero


@dataclass(frozen=True)
class Pursuit:
    """N rows and their first n atoms, ascending, with what choosing levels needs."""

    atoms: Integers  # (N, n)
    coefficients: Rows  # (N, n), least squares
    correlations: Rows  # (N, n), xᵀd
    gram: Rows  # (N, n, n), dᵀd


def pursue(correlations: Rows, gram: Rows, most: int) -> Iterator[Pursuit]:
    """xᵀd (N, K) and dᵀd (K, K) → the atoms after 1, 2 … `most` steps of orthogonal matching pursuit."""
    rows = np.arange(len(correlations))[:, None]
    scale = 1 / np.sqrt(np.maximum(np.diag(gram), TINY))
    picks = np.zeros((len(rows), 0), np.int64)
    rest = correlations
    for _ in range(most):
        gain = np.abs(rest * scale)
        gain[rows, picks] = -1
        picks = np.sort(np.column_stack([picks, gain.argmax(axis=1)]), axis=1)
        own = np.take_along_axis(correlations, picks, axis=1)
        inner = gram[picks[:, :, None], picks[:, None, :]]
        ridge = RIDGE * inner.diagonal(axis1=1, axis2=2) + np.float32(TINY)
        ridged = inner + ridge[..., None] * np.eye(picks.shape[1], dtype=np.float32)
        coefficients: Rows = np.linalg.solve(ridged, own[..., None])[..., 0]
        rest = correlations - (coefficients[:, None] @ gram[picks])[:, 0]
        yield Pursuit(picks, coefficients, own, inner)
