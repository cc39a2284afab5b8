"""Orthogonal matching pursuit of many rows at once: n atoms of a dictionary, n = 1, 2, … S."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from archive.arrays import Vectors

Integers = npt.NDArray[np.int64]
RIDGE = 1e-5  # keeps atoms that are nearly parallel apart in the normal equations
TINY = 1e-20  # squared length of an atom that is zero


@dataclass(frozen=True)
class OmpSolution:
    """N rows and their first n atoms, ascending, with what choosing levels needs."""

    atoms: Integers  # (N, n)
    coefficients: Vectors  # (N, n), least squares
    correlations: Vectors  # (N, n), xᵀd
    gram: Vectors  # (N, n, n), dᵀd


def omp_solutions(correlations: Vectors, gram: Vectors, max_atoms: int) -> Iterator[OmpSolution]:
    """xᵀd (N, K) and dᵀd (K, K) → the solutions with 1, 2 … `max_atoms` atoms."""
    rows = np.arange(len(correlations))[:, None]
    scale = 1 / np.sqrt(np.maximum(np.diag(gram), TINY))
    atoms = np.zeros((len(rows), 0), np.int64)
    residual = correlations
    for _ in range(max_atoms):
        gain = np.abs(residual * scale)
        gain[rows, atoms] = -1
        atoms = np.sort(np.column_stack([atoms, gain.argmax(axis=1)]), axis=1)
        atom_correlations = np.take_along_axis(correlations, atoms, axis=1)
        atom_gram = gram[atoms[:, :, None], atoms[:, None, :]]
        ridge = RIDGE * atom_gram.diagonal(axis1=1, axis2=2) + np.float32(TINY)
        normal = atom_gram + ridge[..., None] * np.eye(atoms.shape[1], dtype=np.float32)
        coefficients: Vectors = np.linalg.solve(normal, atom_correlations[..., None])[..., 0]
        residual = correlations - (coefficients[:, None] @ gram[atoms])[:, 0]
        yield OmpSolution(atoms, coefficients, atom_correlations, atom_gram)
