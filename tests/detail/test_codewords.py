"""Codewords are looked up and searched as the books say; they must never change."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import torch

from archive.detail.codewords import COUNT, Book, noise
from archive.detail.random_bits import gaussians

STREAM = (1, 3, 2)
GOLDEN = {  # SHA-256 of float32, little-endian
    (60, 0): "94e81db166ee71ac28d6464053f67ce5cdc522f4b4ecdf7dddca97bbaf3645a0",
    (60, 1): "6078a5d5e2ff69a2416dd4b8b3066e47d0b0e9144b678755205d8e997c1c6059",
    (60, 65535): "84c415019d04b800b2a822d86570e5a47d859444c55b2021d5062d2359567636",
    (2048, 0): "09239ff4d3d914a2f11a090257c70ca9e937111dfa37a8096cdd37b9aeb9816b",
    (2048, 40961): "7658e327bd3411c1027417df90f53ed9cdef6501ba0779dd6f44623f13d97460",
    (2048, 65535): "6237110b36c3370c8d146ae6317ebda299a5d1ae5321a6f9534ff07de7119e9f",
    (36864, 0): "fc9dc0a4170e6365070ffba0aded05d37c16041b2d58f1ed0c9cc985ed7d316a",
    (36864, 40961): "9e30cc82b0439e371edc4f0ec19b4a18fa2c5393669dd13b74a339c82f667dfa",
    (36864, 65535): "ed68f834156d2eb7caa891259b851d9b35cc9b6c472295c518188188282416e1",
}


@pytest.mark.parametrize(("dimensions", "number"), GOLDEN)
def test_codewords_never_change(dimensions: int, number: int) -> None:
    codeword = Book(STREAM, dimensions).codeword(number)
    assert codeword.shape == (dimensions,)
    assert set(codeword.tolist()) == {-1.0, 1.0}
    digest = hashlib.sha256(codeword.astype("<f4").tobytes()).hexdigest()
    assert digest == GOLDEN[dimensions, number]


@pytest.mark.parametrize("dimensions", [1, 24, 60])
def test_the_nearest_codeword_is_the_one_that_trying_all_finds(dimensions: int) -> None:
    book = Book((7, dimensions), dimensions)
    codewords = np.stack([book.codeword(number) for number in range(COUNT)])
    for trial in range(5):
        residual = gaussians((8, trial), dimensions) + np.float32(0.01 * trial)
        products = codewords.astype(np.float64) @ residual
        found = book.nearest(torch.from_numpy(residual))
        assert products[found] == pytest.approx(products.max(), abs=1e-4)


def test_noise_has_unit_variance_however_many_codewords_overlap() -> None:
    for count in (1, 2, 9):
        books = [Book((1, 0, position), 4096) for position in range(count)]
        drawn = noise(books, range(100, 100 + count))
        assert drawn.dtype == np.float32
        assert drawn.mean() == pytest.approx(0, abs=0.06)
        assert drawn.var() == pytest.approx(1, abs=0.1)
