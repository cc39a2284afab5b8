"""No pattern of its own in the pocket pair's pictures: what the loss sees of one, and what the shipped weights do."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from archive.models.pairs import POCKET_FOLDER
from training.autoencoder import repeated
from training.scenes import draw_scene

SIDE = 128  # pixels
LEVEL = 1 / 127.5  # a grey level where pictures are −1 … 1


@pytest.fixture(scope="module")
def scenes() -> torch.Tensor:
    """(12, 3, 128, 128) of −1 … 1."""
    pixels = np.stack([draw_scene(seed, size=(SIDE, SIDE)).pixels for seed in range(12)])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float() * LEVEL - 1


@pytest.mark.parametrize("period", [8, 4, 2])
def test_a_pattern_of_two_grey_levels_is_seen(period: int, scenes: torch.Tensor) -> None:
    place = torch.arange(SIDE)
    dots = 2 * LEVEL * torch.cos(2 * torch.pi / period * (place[:, None] + place))
    assert (repeated(scenes + dots) > repeated(scenes) + LEVEL / 4).all()


def test_the_shipped_autoencoder_draws_no_dots(scenes: torch.Tensor) -> None:
    from diffusers import AutoencoderDC

    vae = AutoencoderDC.from_pretrained(
        POCKET_FOLDER / "decoder" / "vae", torch_dtype=torch.float32
    ).eval()
    with torch.inference_mode():
        back = vae.decode(vae.encode(scenes).latent).sample
    more = (repeated(back) - repeated(scenes)).clamp(min=0) / LEVEL
    assert more.mean() < 0.1
    assert more.max() < 0.3
