"""Autoencoders: large images are decoded in tiles."""

from __future__ import annotations

import pytest
import torch

from archive.models.decoders.autoencoder import ScaledAutoencoder
from tests.support.families import build_vae


def test_an_image_too_large_for_the_memory_is_decoded_in_tiles(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch.manual_seed(0)
    vae = build_vae(scaling_factor=0.18215, sample_size=32).eval()
    autoencoder = ScaledAutoencoder(vae)
    z = torch.randn(1, 4, 48, 32)
    with torch.inference_mode():
        whole = autoencoder.decode(z)
        assert not vae.use_tiling
        monkeypatch.setattr("archive.models.decoders.autoencoder.device_memory", lambda _: 1 << 20)
        tiled = autoencoder.decode(z)
        assert vae.use_tiling
        assert tiled.shape == whole.shape == (1, 3, 96, 64)
        assert float((tiled - whole).abs().mean()) < 0.2 * float(whole.std())
        monkeypatch.undo()
        assert torch.equal(autoencoder.decode(z), whole)
