"""A stage that goes on from a pair: stopped and started it is the same training; from other weights it is another."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from archive.models.pairs import POCKET_FOLDER
from training import denoiser
from training.export import load_parts
from training.latents import Shelf
from training.pipeline import Recipe


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    """Noise in the place of pictures."""
    rng = np.random.default_rng(0)
    latents, maps = rng.normal(size=(2, 16, 8, 16, 16)).astype(np.float16)
    vectors, vectors_hat = rng.normal(size=(2, 16, 512)).astype(np.float16)
    return Shelf(latents, maps, vectors, vectors_hat, np.full(16, 0.64, np.float32))


def weights(module: nn.Module) -> torch.Tensor:
    return nn.utils.parameters_to_vector(module.parameters()).detach().clone()


def test_a_stage_goes_on_from_the_weights_it_is_given(shelf: Shelf, tmp_path: Path) -> None:
    _, _, unet, space = load_parts(POCKET_FOLDER)
    recipe = Recipe(tmp_path, tmp_path, budget=0.05, stages=("denoiser",))

    def trained(start: nn.Module) -> torch.Tensor:
        return weights(recipe.train_denoiser(([shelf], []), space, copy.deepcopy(start)))

    first = trained(unet)
    assert not torch.equal(first, weights(unet))
    assert torch.equal(trained(unet), first)  # its minutes are spent
    other = denoiser.build()
    assert (trained(other) - weights(other)).norm() < (first - weights(other)).norm() / 2
