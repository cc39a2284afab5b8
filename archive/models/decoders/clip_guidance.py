"""CLIP guidance: the direction in which the encoder sees more of the row's embedding in an image.

    g = ∂/∂ẑ₀ Σ_views cos(σ̂ − μ, CLIP(view of decoder(ẑ₀)) − μ)        direction = g / rms(g)

The gradient is taken at the predicted clean latents ẑ₀, not through the UNet, so a step stays among
the images that the autoencoder can produce (Manifold Preserving Guided Diffusion, arXiv
2311.16424). The views are the whole image and CROP_COUNT random crops, new ones at every step:
marks that mean nothing can please an encoder once, but not in every crop. Every second step is
enough, because the solver is of second order and carries the direction on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from archive.arrays import Vectors
from archive.models.decoder import ClipSimilarity

if TYPE_CHECKING:
    import torch

GUIDANCE_INTERVAL = 2  # steps
CROP_COUNT = 2
CROP_SCALE = (0.65, 0.95)  # side of a crop as a share of the image's
EPSILON = 1e-12  # keeps the direction finite where the gradient vanishes


def guidance_gradient(
    z_hat: torch.Tensor,
    decode: Callable[[torch.Tensor], torch.Tensor],
    clip_similarity: ClipSimilarity,
    vectors_hat: Vectors,
    *,
    seed: int,
) -> torch.Tensor:
    """ẑ₀ (B, C, h, w) → directions of the same shape with root mean square 1 each.

    `decode` turns latents into pixels in −1 … 1; `seed` selects the crops.
    """
    import torch

    with torch.inference_mode(False), torch.enable_grad():
        z = z_hat.clone().requires_grad_()
        similarities = [
            clip_similarity(view, vectors_hat).sum() for view in _views(decode(z), seed)
        ]
        gradient: torch.Tensor
        [gradient] = torch.autograd.grad(sum(similarities), z)
    rms = gradient.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    return gradient / rms.clamp(min=EPSILON)


def _views(pixels: torch.Tensor, seed: int) -> Iterator[torch.Tensor]:
    """(B, 3, H, W) → itself, then its crops."""
    import torch

    yield pixels
    height, width = pixels.shape[2:]
    smallest, largest = CROP_SCALE
    random = torch.rand(CROP_COUNT, 3, generator=torch.Generator().manual_seed(seed))
    for size, down, across in random.tolist():
        scale = smallest + size * (largest - smallest)
        top = int(down * (1 - scale) * height)
        left = int(across * (1 - scale) * width)
        bottom = top + int(scale * height)
        right = left + int(scale * width)
        yield pixels[:, :, top:bottom, left:right]
