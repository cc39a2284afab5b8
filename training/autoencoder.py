"""The autoencoder: a small DC-AE (diffusers' AutoencoderDC, arXiv 2410.10733), f = 8, z = 8.

    loss = |x − x̂| + (x − x̂)² + GRADIENT·|∇x − ∇x̂| + PERCEPTUAL·Σ_stages ‖φ(x) − φ(x̂)‖² + MOMENTS·(mean² + (std − 1)²)

φ are the image tower's features, normalised over channels at each position (as in LPIPS, arXiv 1801.03924). The latents
carry noise while training, so that the decoder forgives what the denoiser leaves. Crops of 64 px, later 128; photos of
less than 128 px are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from training.corpus import Corpus
from training.image_tower import MEAN, STD

LATENT_CHANNELS = 8
LATENT_NOISE = 0.05
GRADIENT, PERCEPTUAL, MOMENTS = 1.0, 0.3, 1e-3
SHARP = 128  # pixels; smaller photos teach blur
STAGES = 3  # of the tower's features, from the finest
CROPS = ((0.8, 64, 32), (1.0, 128, 8))  # until this progress: pixels, pictures a batch


def build() -> nn.Module:
    """→ AutoencoderDC, 2.7 M parameters."""
    from diffusers import AutoencoderDC

    channels = (64, 64, 128, 128)
    return AutoencoderDC(
        latent_channels=LATENT_CHANNELS,
        encoder_block_types="ResBlock",
        decoder_block_types="ResBlock",
        encoder_block_out_channels=channels,
        decoder_block_out_channels=channels,
        encoder_layers_per_block=(0, 1, 1, 1),
        decoder_layers_per_block=(0, 2, 2, 1),
        encoder_qkv_multiscales=((),) * 4,
        decoder_qkv_multiscales=((),) * 4,
        scaling_factor=1.0,
    )


class Batches:
    """Random crops at the photos' own scale, mirrored half of the time, one batch ahead."""

    def __init__(self, corpora: list[Corpus], *, seed: int) -> None:
        self._corpora = corpora
        sharp = [c.trained[np.minimum(c.height, c.width)[c.trained] >= SHARP] for c in corpora]
        self._photos = [(corpus, int(photo)) for corpus, rows in zip(corpora, sharp, strict=True) for photo in rows]
        self._rng = np.random.default_rng(seed)
        self._pool = ThreadPoolExecutor(1)
        self._next: Future[torch.Tensor] | None = None

    def __call__(self, progress: float) -> torch.Tensor:
        """→ (B, 3, P, P) float32 in [−1, 1]."""
        side, count = next((pixels, batch) for until, pixels, batch in CROPS if progress <= until)
        ready = self._next.result() if self._next else self._draw(side, count)
        self._next = self._pool.submit(self._draw, side, count)
        return ready

    def _draw(self, side: int, count: int) -> torch.Tensor:
        chosen = [self._photos[position] for position in self._rng.integers(len(self._photos), size=count)]
        return torch.stack([self._crop(corpus.photo(photo), side) for corpus, photo in chosen])

    def _crop(self, pixels: np.ndarray, side: int) -> torch.Tensor:
        top = self._rng.integers(pixels.shape[0] - side + 1)
        left = self._rng.integers(pixels.shape[1] - side + 1)
        crop = pixels[top : top + side, left : left + side]
        if self._rng.random() < 0.5:
            crop = crop[:, ::-1]
        return torch.from_numpy(crop.copy()).permute(2, 0, 1).float() / 127.5 - 1


def loss_of(tower: nn.Module) -> Callable[[nn.Module, torch.Tensor, float], tuple[torch.Tensor, int]]:
    """The loss in this module's head, for `loop.fit`; `tower` is the trained image tower."""
    tower.requires_grad_(False).eval()

    def loss(model: nn.Module, pixels: torch.Tensor, progress: float) -> tuple[torch.Tensor, int]:
        pixels = pixels.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            z = model.encode(pixels).latent
            noisy = z + LATENT_NOISE * torch.randn_like(z)
            drawn = model.decode(noisy).sample
            perceptual = _perceptual(tower, drawn, pixels)
        error, z = drawn.float() - pixels, z.float()
        gradient = (error.diff(dim=2).abs().mean() + error.diff(dim=3).abs().mean()) / 2
        channels = z.transpose(0, 1).flatten(1)
        moments = channels.mean(1).pow(2).mean() + (channels.std(1) - 1).pow(2).mean()
        plain = error.abs().mean() + error.pow(2).mean() + GRADIENT * gradient
        return plain + PERCEPTUAL * perceptual.float() + MOMENTS * moments, len(pixels)

    return loss


def _perceptual(tower: nn.Module, drawn: torch.Tensor, pixels: torch.Tensor) -> torch.Tensor:
    both = torch.cat([drawn, pixels])
    shifted = ((both + 1) / 2 - both.new_tensor(MEAN)[:, None, None]) / both.new_tensor(STD)[:, None, None]
    stages = tower.trunk.forward_intermediates(shifted, indices=list(range(STAGES)), intermediates_only=True)
    total = both.new_zeros(())
    for features in stages:
        one, other = F.normalize(features, dim=1).chunk(2)
        total = total + (one - other.detach()).pow(2).sum(1).mean()
    return total


@torch.no_grad()
def settle_scale(model: nn.Module, batch: torch.Tensor) -> nn.Module:
    """Writes the scaling factor that gives the latents unit variance into the model's configuration."""
    model.register_to_config(scaling_factor=float(1 / model.encode(batch).latent.std()))
    return model
