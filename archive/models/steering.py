"""CLIP guidance: which way a foreseen picture has to go to be seen as the row says.

    g = ∂/∂ẑ₀ cos(σ̂ − μ, CLIP(decoder(ẑ₀)) − μ)        direction = g / rms(g)

The gradient is taken at the foreseen latents, not through the unet, so the step stays among the pictures that the
autoencoder can draw (Manifold Preserving Guided Diffusion, arXiv 2311.16424).
It is asked for at every other step: the solver is of second order, and goes on in that direction by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from archive.models.decoder import Likeness, Vectors

if TYPE_CHECKING:
    import torch

EVERY = 2  # steps
LEAST = 1e-12


def direction(
    z_hat: torch.Tensor,
    decode: Callable[[torch.Tensor], torch.Tensor],
    likeness: Likeness,
    vectors_hat: Vectors,
) -> torch.Tensor:
    """ẑ₀ (B, C, h, w) → steps of root mean square 1 for each; `decode` gives pixels of −1 … 1."""
    import torch

    with torch.inference_mode(False), torch.enable_grad():
        z = z_hat.clone().requires_grad_()
        gradient: torch.Tensor
        [gradient] = torch.autograd.grad(likeness(decode(z), vectors_hat).sum(), z)
    size = gradient.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    return gradient / size.clamp(min=LEAST)
