"""CLIP guidance: which way a predict_x0 picture has to go to be seen as the row says.

    g = ∂/∂ẑ₀ Σ_views cos(σ̂ − μ, CLIP(view of decoder(ẑ₀)) − μ)        direction = g / rms(g)

The gradient is taken at the predict_x0 latents, not through the unet, so the step stays among the pictures that the
autoencoder can draw (Manifold Preserving Guided Diffusion, arXiv 2311.16424). The views are the whole picture and CROPS
random parts of it, others at every step: an encoder is easily pleased by marks that mean nothing, less so by parts.
It is asked at every other step: the solver is of second order, and goes on in that direction by itself; and in bfloat16
where the processor multiplies matrices of it (archive.models.encoder.precision).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from archive.models.decoder import ClipSimilarity, Vectors

if TYPE_CHECKING:
    import torch

EVERY = 2  # steps
# parts that are looked at, and their sides as shares of the picture's
CROPS = 2
SHARES = (0.65, 0.95)
LEAST = 1e-12


def guidance_gradient(
    z_hat: torch.Tensor,
    decode: Callable[[torch.Tensor], torch.Tensor],
    clip_similarity: ClipSimilarity,
    vectors_hat: Vectors,
    *,
    seed: int,
) -> torch.Tensor:
    """ẑ₀ (B, C, h, w) → steps of root mean square 1 for each; `decode` gives pixels of −1 … 1; `seed` of the parts."""
    import torch

    with torch.inference_mode(False), torch.enable_grad():
        z = z_hat.clone().requires_grad_()
        alike = [clip_similarity(view, vectors_hat).sum() for view in _views(decode(z), seed)]
        gradient: torch.Tensor
        [gradient] = torch.autograd.grad(sum(alike), z)
    size = gradient.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    return gradient / size.clamp(min=LEAST)


def _views(pixels: torch.Tensor, seed: int) -> Iterator[torch.Tensor]:
    """The picture and parts of it."""
    import torch

    yield pixels
    height, width = pixels.shape[2:]
    chances = torch.rand(CROPS, 3, generator=torch.Generator().manual_seed(seed))
    for share, down, across in chances.tolist():
        side = SHARES[0] + share * (SHARES[1] - SHARES[0])
        top = int(down * (1 - side) * height)
        left = int(across * (1 - side) * width)
        yield pixels[:, :, top : top + int(side * height), left : left + int(side * width)]
