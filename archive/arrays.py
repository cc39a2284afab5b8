"""The arrays that pass between the stages, and two formulas on them.

Vectors   float32, (N, D) unless said otherwise: embeddings, queries, vector_hat
Pixels    uint8 RGB, (H, W, 3) or (N, n, n, 3): images, color maps, colors_hat
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

Vectors = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]
SHORTEST = 1e-12  # length below which a vector has no direction


def unit(vectors: Vectors) -> Vectors:
    """(..., D) → (..., D) of length 1; zero vectors stay zero."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    units: Vectors = vectors / np.maximum(lengths, SHORTEST)
    return units


def cosine(vectors: Vectors, others: Vectors) -> Vectors:
    """Rows of (N, D) and (N or 1, D) → (N,) cosines, -1 … 1; 0 where a vector is zero."""
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(others, axis=1)
    cosines: Vectors = (vectors * others).sum(axis=1) / np.maximum(lengths, SHORTEST)
    return cosines


def one_blas_thread() -> AbstractContextManager[object]:
    """Products of small matrices within: a second thread costs more than it brings, most beside
    other programs.
    """
    limit: AbstractContextManager[object] = _thread_pools().limit(limits=1, user_api="blas")
    return limit


@cache
def _thread_pools() -> ThreadpoolController:
    """Those of the libraries that are loaded, which takes milliseconds to find out."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
