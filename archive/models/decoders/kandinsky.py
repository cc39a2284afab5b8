"""Kandinsky 2.2's decoder: an embedding in place of prompt and class label, latents of a MoVQ. transformers' door.

A folder: unet, movq, scheduler, as the hub's decoder repository has them. The unet foresees noise and its variance; the
solver has no use for the latter. The unconditional embedding is that of the grey picture (every normalised value zero),
which the prior's image_encoder gives when it lies in the folder too; without it, it is zero.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive.models.decoder import Vectors
from archive.models.decoders.autoencoder import Movq
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

GUIDANCE = 4.0  # its pipeline's


class ImageEmbeds:
    """Conditioning by an embedding the unet projects itself."""

    embedding_stats = None

    def __init__(self, unet: Any, unconditional: torch.Tensor) -> None:
        """`unconditional`: (1, D), on the unet's device, in its numbers."""
        self._unet = unet
        self._unconditional = unconditional

    def prepare(self, vectors_hat: Vectors, alignment: float, sampling: Sampling) -> Predict:
        """(B, D) → the model told of them."""
        import torch

        vectors = torch.from_numpy(vectors_hat).to(self._unconditional)
        both = torch.cat([self._unconditional.expand_as(vectors), vectors])

        def predict(z: torch.Tensor, timestep: torch.Tensor, z_map: torch.Tensor | None) -> Any:
            doubled = torch.cat([z, z]).to(both.dtype)
            told = {"image_embeds": both}
            return self._unet(
                doubled, timestep, encoder_hidden_states=None, added_cond_kwargs=told
            ).sample

        return predict


def open_kandinsky(
    folder: Path, *, dimension: int, device: str, dtype: torch.dtype
) -> LatentDecoder:
    """Raises ModelMissing or OSError where a part is not there, UsageError where its dimension is another."""
    import torch

    require_parts(folder, ("unet", "movq", "scheduler"), "Kandinsky 2.2 decoder")
    unet = load_part(folder, "unet")
    check_dimension(folder, int(unet.config.encoder_hid_dim), dimension)
    movq = load_part(folder, "movq")
    weights = weights_sha256(unet, movq)
    to_device(device, dtype, unet, movq)
    grey = _grey(folder) if (folder / "image_encoder").is_dir() else torch.zeros(1, dimension)
    conditioning = ImageEmbeds(unet, grey.to(device, dtype))
    scheduler, clip = load_schedule(folder)
    return LatentDecoder(
        unet,
        Movq(movq),
        scheduler,
        conditioning,
        guidance=GUIDANCE,
        device=device,
        weights_sha256=weights,
        clip=clip,
    )


def _grey(folder: Path) -> torch.Tensor:
    """The grey picture's embedding, (1, D); the encoder is not kept."""
    import torch
    from transformers import CLIPVisionModelWithProjection

    encoder: Any = CLIPVisionModelWithProjection.from_pretrained(
        folder / "image_encoder", use_safetensors=True
    )
    side = encoder.config.image_size
    with torch.no_grad():
        embedding: torch.Tensor = encoder.eval()(torch.zeros(1, 3, side, side)).image_embeds
    return embedding
