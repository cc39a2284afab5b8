"""Stable Diffusion that attends to one image embedding in a prompt's place (image variations).

A folder: unet, vae, scheduler. The hidden states are the project_colors embedding itself, as it comes from the encoder, a
sequence of one; the unconditional one is zero, as it was trained.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive.models.decoder import Vectors
from archive.models.decoders.autoencoder import Scaled
from archive.models.decoders.loading import (
    check_dimension,
    load_part,
    load_schedule,
    require_parts,
    to_device,
)
from archive.models.decoders.sampler import LatentDecoder, Predict
from archive.models.encoder import weights_sha256
from archive.models.pairs import Sampling

if TYPE_CHECKING:
    import torch

GUIDANCE = 7.5  # its pipeline's


class HiddenStates:
    """Conditioning by hidden states."""

    embedding_stats = None

    def __init__(self, unet: Any) -> None:
        self._unet = unet
        self._first = next(unet.parameters())

    def prepare(self, vectors_hat: Vectors, alignment: float, sampling: Sampling) -> Predict:
        """(B, D) → the model told of them."""
        import torch

        vectors = torch.from_numpy(vectors_hat).to(self._first.device, self._first.dtype)[:, None]
        both = torch.cat([torch.zeros_like(vectors), vectors])

        def predict(z: torch.Tensor, timestep: torch.Tensor, z_map: torch.Tensor | None) -> Any:
            doubled = torch.cat([z, z]).to(both.dtype)
            return self._unet(doubled, timestep, encoder_hidden_states=both).sample

        return predict


def open_variation(
    folder: Path, *, dimension: int, device: str, dtype: torch.dtype
) -> LatentDecoder:
    """Raises ModelMissing or OSError where a part is not there, UsageError where its dimension is another."""
    require_parts(folder, ("unet", "vae", "scheduler"), "Stable Diffusion image variation")
    unet = load_part(folder, "unet")
    check_dimension(folder, int(unet.config.cross_attention_dim), dimension)
    vae = load_part(folder, "vae")
    weights = weights_sha256(unet, vae)
    to_device(device, dtype, unet, vae)
    scheduler, clip = load_schedule(folder)
    conditioning = HiddenStates(unet)
    return LatentDecoder(
        unet,
        Scaled(vae),
        scheduler,
        conditioning,
        guidance=GUIDANCE,
        device=device,
        weights_sha256=weights,
        clip=clip,
    )
