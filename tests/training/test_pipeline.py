"""Fine-tuning a stage: the same start resumes the same training, another start begins a new one."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch

from archive.models.pairs import POCKET_FOLDER
from training import denoiser
from training.export import load_parts
from training.latents import Bucket
from training.networks import Denoiser
from training.pipeline import Pipeline


@pytest.fixture(scope="module")
def bucket() -> Bucket:
    """Noise in place of images."""
    rng = np.random.default_rng(0)
    latents, maps = rng.normal(size=(2, 16, 8, 16, 16)).astype(np.float16)
    vectors, vectors_hat = rng.normal(size=(2, 16, 512)).astype(np.float16)
    return Bucket(latents, maps, vectors, vectors_hat, np.full(16, 0.64, np.float32))


def weights(module: Denoiser) -> torch.Tensor:
    return torch.nn.utils.parameters_to_vector(module.parameters()).detach().clone()


def test_a_stage_starts_from_the_weights_it_is_given(bucket: Bucket, tmp_path: Path) -> None:
    _, _, unet, stats = load_parts(POCKET_FOLDER)
    pipeline = Pipeline(tmp_path, tmp_path, budget=0.05, stages=("denoiser",))

    def trained(start: Denoiser) -> torch.Tensor:
        return weights(pipeline.train_denoiser(([bucket], []), stats, copy.deepcopy(start)))

    first = trained(unet)
    assert not torch.equal(first, weights(unet))
    assert torch.equal(trained(unet), first)  # resumed: its minutes are spent
    other = denoiser.build()
    assert (trained(other) - weights(other)).norm() < (first - weights(other)).norm() / 2
