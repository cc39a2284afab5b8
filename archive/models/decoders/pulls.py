"""Pulls: what brings estimated latents nearer to a color map, or to an image."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def low_frequencies(z: torch.Tensor, cells: int) -> torch.Tensor:
    """(B, C, h, w) → its means over a grid of cells × cells, enlarged to (B, C, h, w) again."""
    from torch.nn import functional

    grid = (min(cells, z.shape[2]), min(cells, z.shape[3]))
    means = functional.adaptive_avg_pool2d(z, grid)
    enlarged: torch.Tensor = functional.interpolate(
        means, z.shape[2:], mode="bilinear", align_corners=False
    )
    return enlarged


def pixel_gradient(
    z_hat: torch.Tensor, decode: Callable[[torch.Tensor], torch.Tensor], pixels: torch.Tensor
) -> torch.Tensor:
    """(C, h, w) and pixels (1, 3, H, W) in −1 … 1 → −∂/∂ẑ₀ ½ ‖decode(ẑ₀) − pixels‖², (C, h, w)."""
    import torch

    with torch.inference_mode(False), torch.enable_grad():
        z = z_hat[None].clone().requires_grad_()
        error = decode(z) - pixels.clone()
        gradient: torch.Tensor
        [gradient] = torch.autograd.grad(error.square().sum() / 2, z)
    return -gradient[0]
