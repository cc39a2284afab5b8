"""Periodic patterns: the loss detects them, and the shipped weights draw none."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from archive.models.pairs import POCKET_FOLDER
from training.autoencoder import periodic_rms
from training.scenes import draw_scene

SIDE = 128  # pixels
LEVEL = 1 / 127.5  # a gray level of images in -1 … 1


@pytest.fixture(scope="module")
def scenes() -> torch.Tensor:
    """(12, 3, 128, 128) in -1 … 1."""
    pixels = np.stack([draw_scene(seed, size=(SIDE, SIDE)).pixels for seed in range(12)])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float() * LEVEL - 1


@pytest.mark.parametrize("period", [8, 4, 2])
def test_a_pattern_of_two_gray_levels_is_detected(period: int, scenes: torch.Tensor) -> None:
    position = torch.arange(SIDE)
    phase = 2 * torch.pi / period * (position[:, None] + position)
    dots = 2 * LEVEL * torch.cos(phase)
    assert (periodic_rms(scenes + dots) > periodic_rms(scenes) + LEVEL / 4).all()


def test_the_shipped_autoencoder_adds_no_pattern(scenes: torch.Tensor) -> None:
    from diffusers import AutoencoderDC

    folder = POCKET_FOLDER / "decoder" / "vae"
    vae = AutoencoderDC.from_pretrained(folder, torch_dtype=torch.float32).eval()
    with torch.inference_mode():
        round_trip = vae.decode(vae.encode(scenes).latent).sample
    excess = (periodic_rms(round_trip) - periodic_rms(scenes)).clamp(min=0) / LEVEL
    assert excess.mean() < 0.1
    assert excess.max() < 0.3
