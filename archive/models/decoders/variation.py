"""Stable Diffusion image variations: an image embedding in place of the prompt.

The hidden states are the projected embedding as the encoder gives it, a sequence of length one; the
unconditional one is zero, as in training.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive.arrays import Vectors
from archive.models.decoders.autoencoder import ScaledAutoencoder
from archive.models.decoders.conditioning import Denoiser, rows_to_run
from archive.models.decoders.loading import check_dimension, load_part
from archive.models.decoders.sampler import LatentDecoder
from archive.models.decoders.schedule import load_schedule
from archive.models.decoders.spec import DecoderSpec
from archive.models.device import to_device
from archive.models.sampling import Sampling
from archive.models.weights import weights_sha256

if TYPE_CHECKING:
    import torch

GUIDANCE = 7.5  # its pipeline's default


class HiddenStates:
    """Conditioning by the hidden states that the UNet attends to."""

    embedding_stats = None

    def __init__(self, unet: Any) -> None:
        self._unet = unet
        self._parameter = next(unet.parameters())

    def denoiser(self, vectors_hat: Vectors, alignment: float, sampling: Sampling) -> Denoiser:
        """(B, D) float32 → the UNet conditioned on them."""
        import torch

        vectors = torch.from_numpy(vectors_hat)[:, None]
        conditional = vectors.to(self._parameter.device, self._parameter.dtype)
        hidden = torch.cat([torch.zeros_like(conditional), conditional])

        def denoise(
            z: torch.Tensor, timestep: torch.Tensor, z_map: torch.Tensor | None, guided: bool
        ) -> Any:
            rows = rows_to_run(len(z), guided)
            latents = torch.cat([z, z])[rows].to(hidden.dtype)
            return self._unet(latents, timestep, encoder_hidden_states=hidden[rows]).sample

        return denoise


def open_variation(
    folder: Path, *, dimension: int, device: str, dtype: torch.dtype
) -> LatentDecoder:
    """As archive.models.decoders.spec.Opener."""
    unet = load_part(folder, "unet")
    check_dimension(folder, int(unet.config.cross_attention_dim), dimension)
    vae = load_part(folder, "vae")
    weights = weights_sha256(unet, vae)
    to_device(device, dtype, unet, vae)
    return LatentDecoder(
        unet,
        ScaledAutoencoder(vae),
        load_schedule(folder),
        HiddenStates(unet),
        guidance=GUIDANCE,
        device=device,
        weights_sha256=weights,
    )


SPEC = DecoderSpec(
    "Stable Diffusion image variations",
    pipelines=("StableDiffusionImageVariationPipeline",),
    parts=("unet", "vae", "scheduler"),
    open=open_variation,
    guidance=GUIDANCE,
    encoders="ViT-L/14",
    summary="the embedding in place of the prompt",
)
