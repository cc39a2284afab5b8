"""The network of `pqvae`: its layers are those of the table, and stored weights keep their meaning.

The golden file's weights follow a formula in integers: the same everywhere, and not worth storing.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from archive.codecs.coders.pqvae_network import Pqvae

GOLDEN = Path(__file__).parents[1] / "golden" / "pqvae.json"
DIMENSION = 16


@pytest.fixture(scope="module")
def network() -> Pqvae:
    """Weights of Knuth's multiplicative hash, about as large as trained ones."""
    made = Pqvae(DIMENSION, 32, 16)
    with torch.inference_mode():
        for number, (_, weight) in enumerate(sorted(made.named_parameters())):
            places = torch.arange(weight.numel()) + 1000 * number
            uniform = (places * 2_654_435_761 % 2**32).double() / 2**31 - 1
            size = 2 / weight[0].numel() ** 0.5 if weight.dim() == 4 else 0.2
            weight.copy_((size * uniform).reshape(weight.shape))
    return made.eval()


def shapes(layers: nn.Module, x: torch.Tensor) -> list[tuple[int, ...]]:
    """Of what the layers that change it make of (1, C, H, W)."""
    found = [tuple(x.shape[1:])]
    for layer in layers.children():
        x = layer(x)
        if tuple(x.shape[1:]) != found[-1]:
            found.append(tuple(x.shape[1:]))
    return found


def test_the_layers_have_the_shapes_of_the_table(network: Pqvae) -> None:
    vector = (DIMENSION, 1, 1)
    grids = [(512, 3, 3), (256, 5, 5), (128, 5, 5)]
    with torch.inference_mode():
        assert shapes(network.encoder, torch.zeros(1, *vector)) == [vector, *grids]
        assert shapes(network.decoder, torch.zeros(1, *grids[-1])) == [*grids[::-1], vector]


def test_the_grid_has_length_one_at_each_position(network: Pqvae) -> None:
    with torch.inference_mode():
        subvectors = network.subvectors(torch.eye(3, DIMENSION))
    assert subvectors.shape == (3, 100, 32)
    lengths = subvectors.reshape(3, 25, 128).norm(dim=2)
    assert lengths.numpy() == pytest.approx(np.ones((3, 25)), abs=1e-5)


def test_golden_indices_decode_to_the_same_vector_forever(network: Pqvae) -> None:
    golden = json.loads(GOLDEN.read_text())
    with torch.inference_mode():
        indices = network.nearest(network.subvectors(torch.eye(1, DIMENSION)))[0]
        unit_hat = network.reconstruct(network.codebook[torch.tensor([golden["indices"]])])[0]
    same = indices == torch.tensor(golden["indices"])
    assert int(same.sum()) > 95  # of 100; where two entries are equally near, rounding decides
    assert unit_hat.tolist() == pytest.approx(golden["unit_hat"], abs=1e-5)
