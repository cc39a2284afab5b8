"""Karlo, the unCLIP of pixels: a decoder of small pictures, and two unets to enlarge them.

A folder as the hub's image-variation repository has it: decoder, text_proj, super_res_first, super_res_last, their
schedulers, text_encoder, tokenizer. What is drawn from the late start is the small picture itself, of −1 … 1:

    encode    the picture, averaged over scale × scale pixels
    decode    super resolution in SUPER_STEPS steps of its own sampler, the last by super_res_last

The noise of super resolution is the same for every picture, so that decoding is a function of the small one. text_proj
joins the embedding with the empty prompt; the unconditional embedding is a learned one.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive.models.decoder import Vectors
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

PARTS = (
    *("decoder", "decoder_scheduler", "text_proj", "text_encoder", "tokenizer"),
    *("super_res_first", "super_res_last", "super_res_scheduler"),
)
GUIDANCE = 8.0  # its pipeline's, for the decoder
SUPER_STEPS = 7  # as its pipeline has it
SUPER_SEED = 0


class Projected:
    """Conditioning by extra tokens and a class label, both of text_proj."""

    embedding_stats = None

    def __init__(self, unet: Any, text_proj: Any, prompt: Any, mask: torch.Tensor) -> None:
        """`prompt`: text_embeds (1, D) and last_hidden_state (1, L, D) of the empty one; `mask`: its (1, L) bool."""
        self._unet = unet
        self._project = text_proj
        self._prompt = prompt
        self._mask = mask

    def prepare(self, vectors_hat: Vectors, alignment: float, sampling: Sampling) -> Predict:
        """(B, D) → the model told of them."""
        import torch

        first = next(self._unet.parameters())
        count = 2 * len(vectors_hat)
        pooled, hidden = (
            one.to(first).expand(count, *one.shape[1:])
            for one in (self._prompt.text_embeds, self._prompt.last_hidden_state)
        )
        told, label = self._project(
            image_embeddings=torch.from_numpy(vectors_hat).to(first),
            prompt_embeds=pooled,
            text_encoder_hidden_states=hidden,
            do_classifier_free_guidance=True,
        )
        seen = torch.nn.functional.pad(self._mask, (told.shape[1] - hidden.shape[1], 0), value=True)
        seen = seen.to(first.device).expand(count, -1)

        def predict(z: torch.Tensor, timestep: torch.Tensor, z_map: torch.Tensor | None) -> Any:
            doubled = torch.cat([z, z]).to(told.dtype)
            return self._unet(
                doubled,
                timestep,
                encoder_hidden_states=told,
                class_labels=label,
                attention_mask=seen,
            ).sample

        return predict


class SuperResolution:
    """Small pictures ⇄ pictures, in an autoencoder's place."""

    channels = 3

    def __init__(self, first: Any, last: Any, scheduler: Any, small: int) -> None:
        """`small`: the side of the small picture it was trained with."""
        self._first = first
        self._last = last
        self._scheduler = scheduler
        self.scale = int(first.config.sample_size) // small

    def encode(self, pixels: torch.Tensor) -> torch.Tensor:
        """(B, 3, height, width) → (B, 3, height / scale, width / scale)."""
        import torch

        return torch.nn.functional.avg_pool2d(pixels, self.scale)

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """(B, 3, h, w) → (B, 3, h · scale, w · scale)."""
        import torch

        size = [side * self.scale for side in z.shape[2:]]
        first = next(self._first.parameters())
        enlarged = torch.nn.functional.interpolate(
            z.clamp(-1, 1), size, mode="bicubic", align_corners=False, antialias=True
        )
        generators = [torch.Generator("cpu").manual_seed(SUPER_SEED) for _ in z]
        drawn = torch.stack([torch.randn((3, *size), generator=one) for one in generators]).to(z)
        self._scheduler.set_timesteps(SUPER_STEPS, device=z.device)
        timesteps = self._scheduler.timesteps
        for position, timestep in enumerate(timesteps):
            unet = self._last if position == SUPER_STEPS - 1 else self._first
            out = unet(torch.cat([drawn, enlarged], dim=1).to(first.dtype), timestep).sample.float()
            after = timesteps[position + 1] if position + 1 < SUPER_STEPS else None
            stepped = self._scheduler.step(
                out, timestep, drawn, prev_timestep=after, generator=generators
            )
            drawn = stepped.prev_sample
        return drawn


def open_karlo(folder: Path, *, dimension: int, device: str, dtype: torch.dtype) -> LatentDecoder:
    """Raises ModelMissing or OSError where a part is not there, UsageError where its dimension is another."""
    import diffusers

    require_parts(folder, PARTS, "Karlo image variation")
    text_proj = _text_proj(folder)
    check_dimension(folder, int(text_proj.config.clip_embeddings_dim), dimension)
    unet, first, last = (
        load_part(folder, part) for part in ("decoder", "super_res_first", "super_res_last")
    )
    weights = weights_sha256(unet, text_proj, first, last)
    to_device(device, dtype, unet, text_proj, first, last)
    conditioning = Projected(unet, text_proj, *_empty_prompt(folder))
    side = unet.config.sample_size
    sampler = diffusers.UnCLIPScheduler.from_pretrained(folder / "super_res_scheduler")
    enlarging = SuperResolution(first, last, sampler, side)
    scheduler, clip = load_schedule(folder, PARTS[1])
    return LatentDecoder(
        unet,
        enlarging,
        scheduler,
        conditioning,
        guidance=GUIDANCE,
        device=device,
        weights_sha256=weights,
        clip=clip,
    )


def _text_proj(folder: Path) -> Any:
    """Its class is found where its pipeline is, which has moved; that of the folder's index may not be found."""
    import diffusers

    module: Any = import_module(diffusers.UnCLIPImageVariationPipeline.__module__)
    return module.UnCLIPTextProjModel.from_pretrained(folder / "text_proj", use_safetensors=True)


def _empty_prompt(folder: Path) -> tuple[Any, torch.Tensor]:
    """What the text encoder makes of the empty prompt, and which of its (1, L) tokens count; it is not kept."""
    import torch
    from transformers import CLIPTextModelWithProjection, CLIPTokenizer

    tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
    encoder: Any = CLIPTextModelWithProjection.from_pretrained(
        folder / "text_encoder", use_safetensors=True
    )
    tokens = tokenizer(
        "", padding="max_length", max_length=tokenizer.model_max_length, return_tensors="pt"
    )
    with torch.no_grad():
        return encoder(tokens.input_ids), tokens.attention_mask.bool()
