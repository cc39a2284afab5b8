"""Rewiring a denoiser to the embeddings of another encoder."""

from __future__ import annotations

import copy

import numpy as np
import torch

from training import denoiser
from training.image_encoder import DIMENSION

IMAGES = 4 * DIMENSION


def test_a_rewired_denoiser_takes_new_embeddings_for_old_ones() -> None:
    """Here the old ones are a linear function of the new, so that nothing is lost."""
    rng = np.random.default_rng(0)
    torch.manual_seed(0)
    new = rng.normal(1, 0.5, size=(IMAGES, DIMENSION)).astype(np.float32)
    matrix = rng.normal(size=(DIMENSION, DIMENSION)).astype(np.float32) / DIMENSION**0.5
    old = new @ matrix + 3
    model = denoiser.build()
    rewired = copy.deepcopy(model)
    denoiser.rewire(rewired, old, new)
    levels = torch.full((8,), 100)

    def embed(network: torch.nn.Module, vectors: np.ndarray) -> torch.Tensor:
        label = denoiser.class_label(torch.from_numpy(vectors[:8]), levels)
        embedded: torch.Tensor = network.class_embedding(label)  # type: ignore[operator]
        return embedded

    with torch.inference_mode():
        expected = embed(model, old)
        difference = (embed(rewired, new) - expected).norm() / expected.norm()
        unwired = (embed(model, new) - expected).norm() / expected.norm()
    assert difference < 0.05
    assert unwired > 0.3
