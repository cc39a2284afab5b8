"""The upscaler: from photos at half their size to the photos themselves.

    loss = |x − x̂₂(y)| + |∇x − ∇x̂₂(y)|        y = x at half its size

The photos are no larger than what the decoder draws, so the net learns its factor one scale below where it is used. It
sees plain float16_codec, not what the autoencoder makes of them: held to mend the autoencoder's losses as well, it only
smooths.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from archive.models.decoders.upscaler import FACTOR, build_upscaler, upscale

WIDTH = 16  # channels: 5,000 weights, 10 kB


def build() -> nn.Module:
    return build_upscaler(WIDTH)


def loss(model: nn.Module, pixels: torch.Tensor, progress: float) -> tuple[torch.Tensor, int]:
    """The loss in this module's head, for `loop.fit`."""
    error = upscale(model, halved(pixels)) - pixels
    gradient = (error.diff(dim=2).abs().mean() + error.diff(dim=3).abs().mean()) / 2
    return error.abs().mean() + gradient, len(pixels)


def halved(pixels: torch.Tensor) -> torch.Tensor:
    """(B, 3, H, W) → (B, 3, H / 2, W / 2)."""
    return F.interpolate(pixels, scale_factor=1 / FACTOR, mode="bicubic", antialias=True).clamp(
        -1, 1
    )
