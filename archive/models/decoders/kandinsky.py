"""Kandinsky 2.2: an embedding in place of prompt and class label, latents of a MoVQ.

A folder is laid out like the hub's decoder repository: unet, movq, scheduler. The UNet predicts
noise and its variance, which the solver does not use. The unconditional embedding is that of a gray
image (every normalized value zero), from the prior's image_encoder if the folder has one, else
zero.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive.arrays import Vectors
from archive.models.decoders.autoencoder import MovqAutoencoder
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

GUIDANCE = 4.0  # its pipeline's default


class ImageEmbeds:
    """Conditioning by an embedding that the UNet projects itself."""

    embedding_stats = None

    def __init__(self, unet: Any, unconditional: torch.Tensor) -> None:
        """`unconditional`: (1, D), on the UNet's device, in its dtype."""
        self._unet = unet
        self._unconditional = unconditional

    def denoiser(self, vectors_hat: Vectors, alignment: float, sampling: Sampling) -> Denoiser:
        """(B, D) float32 → the UNet conditioned on them."""
        import torch

        conditional = torch.from_numpy(vectors_hat).to(self._unconditional)
        embeds = torch.cat([self._unconditional.expand_as(conditional), conditional])

        def denoise(
            z: torch.Tensor, timestep: torch.Tensor, z_map: torch.Tensor | None, guided: bool
        ) -> Any:
            rows = rows_to_run(len(z), guided)
            latents = torch.cat([z, z])[rows].to(embeds.dtype)
            return self._unet(
                latents,
                timestep,
                encoder_hidden_states=None,
                added_cond_kwargs={"image_embeds": embeds[rows]},
            ).sample

        return denoise


def open_kandinsky(
    folder: Path, *, dimension: int, device: str, dtype: torch.dtype
) -> LatentDecoder:
    """As archive.models.decoders.spec.Opener."""
    import torch

    unet = load_part(folder, "unet")
    check_dimension(folder, int(unet.config.encoder_hid_dim), dimension)
    movq = load_part(folder, "movq")
    weights = weights_sha256(unet, movq)
    to_device(device, dtype, unet, movq)
    has_encoder = (folder / "image_encoder").is_dir()
    unconditional = _gray_embedding(folder) if has_encoder else torch.zeros(1, dimension)
    return LatentDecoder(
        unet,
        MovqAutoencoder(movq),
        load_schedule(folder),
        ImageEmbeds(unet, unconditional.to(device, dtype)),
        guidance=GUIDANCE,
        device=device,
        weights_sha256=weights,
    )


def _gray_embedding(folder: Path) -> torch.Tensor:
    """The embedding of a gray image, (1, D); the encoder is not kept."""
    import torch
    from transformers import CLIPVisionModelWithProjection

    encoder: Any = CLIPVisionModelWithProjection.from_pretrained(
        folder / "image_encoder", use_safetensors=True
    )
    size = encoder.config.image_size
    with torch.no_grad():
        embedding: torch.Tensor = encoder.eval()(torch.zeros(1, 3, size, size)).image_embeds
    return embedding


SPEC = DecoderSpec(
    "Kandinsky 2.2",
    pipelines=("KandinskyV22Pipeline",),
    parts=("unet", "movq", "scheduler"),
    open=open_kandinsky,
    guidance=GUIDANCE,
    encoders="ViT-bigG/14",
    summary="the embedding in place of prompt and class label",
)
