"""The upscaler: from photos at half their size to the photos.

    loss = |x − x̂₂(y)| + |∇x − ∇x̂₂(y)|        y = x at half its size

The photos are no larger than what the decoder draws, so the network learns its factor one scale
below the one it is used at. It is trained on plain half-size photos, not on the autoencoder's
output: trained to repair the autoencoder's losses as well, it only blurred.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

from archive.models.decoders.upscaler import FACTOR, build_upscaler, upscale
from training.networks import Upscaler

WIDTH = 16  # channels: 5,000 weights, 10 kB


def build() -> Upscaler:
    """→ the upscaler, WIDTH channels."""
    return build_upscaler(WIDTH)


def loss(model: Upscaler, pixels: torch.Tensor, progress: float) -> tuple[torch.Tensor, int]:
    """The loss in this module's docstring, for `loop.fit`."""
    error = upscale(model, half_size(pixels)) - pixels
    gradient = (error.diff(dim=2).abs().mean() + error.diff(dim=3).abs().mean()) / 2
    return error.abs().mean() + gradient, len(pixels)


def half_size(pixels: torch.Tensor) -> torch.Tensor:
    """(B, 3, H, W) → (B, 3, H / 2, W / 2)."""
    small = F.interpolate(pixels, scale_factor=1 / FACTOR, mode="bicubic", antialias=True)
    return small.clamp(-1, 1)
