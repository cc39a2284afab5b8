"""Codewords: 2¹⁶ pseudo-random patterns of signs over the latents, looked up and searched fast.

Element j of codeword i of a book is

    c_i[j] = s[j] · (−1)^(number of ones in i & a[j])        s[j] = ±1, a[j] = 0 … 2¹⁶ − 1

with s and a from the generator: rows of a Hadamard matrix, its columns drawn and signed at random.
All 2¹⁶ inner products with a vector r are one fast Walsh–Hadamard transform of it:

    ⟨c_i, r⟩ = WHT(Σ_j s[j] · r[j] · e_{a[j]})[i]

Several codewords of a step overlap: their sum over √count has unit variance per dimension and is
nearer to normal noise the more there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from archive.detail.random_bits import words

if TYPE_CHECKING:
    import torch

BITS = 16  # of a codeword's number: two bytes of the code
COUNT = 1 << BITS


class Book:
    """The codewords that one position of a code chooses from, for latents of d dimensions."""

    def __init__(self, stream: tuple[int, ...], dimensions: int) -> None:
        """`stream`: the book's name in the generator."""
        drawn = words(stream, dimensions)
        self._columns = (drawn & np.uint64(COUNT - 1)).astype(np.int64)
        self._signs = 1 - 2 * (drawn >> np.uint64(63)).astype(np.float32)

    def codeword(self, number: int) -> npt.NDArray[np.float32]:
        """Codeword `number`, 0 … COUNT − 1: (d,) of ±1."""
        common = self._columns & number
        for shift in (8, 4, 2, 1):
            common ^= common >> shift
        pattern: npt.NDArray[np.float32] = self._signs * (1 - 2 * (common & 1)).astype(np.float32)
        return pattern

    def nearest(self, residual: torch.Tensor) -> int:
        """(d,) → the number of the codeword with the largest inner product."""
        import torch

        scattered = torch.zeros(COUNT, device=residual.device)
        signed = residual * torch.from_numpy(self._signs).to(residual.device)
        scattered.index_add_(0, torch.from_numpy(self._columns).to(residual.device), signed)
        return int(_walsh_hadamard(scattered).argmax())


def noise(books: Sequence[Book], numbers: Sequence[int]) -> npt.NDArray[np.float32]:
    """A codeword's number per book → (d,), of variance 1."""
    total = sum(book.codeword(number) for book, number in zip(books, numbers, strict=True))
    scaled: npt.NDArray[np.float32] = np.asarray(total, np.float32) / np.float32(len(books) ** 0.5)
    return scaled


def _walsh_hadamard(vector: torch.Tensor) -> torch.Tensor:
    """(COUNT,) → its transform in natural order, as four products with a 16 × 16 matrix."""
    import torch

    matrix = torch.ones(1, 1, device=vector.device)
    for _ in range(4):
        matrix = torch.cat([torch.cat([matrix, matrix], 1), torch.cat([matrix, -matrix], 1)])
    cube = vector.view(16, 16, 16, 16)
    for _ in range(4):  # the last axis comes first each time
        cube = torch.tensordot(matrix, cube, dims=([1], [3]))
    return cube.reshape(-1)
