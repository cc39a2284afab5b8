"""Stable Diffusion 1.5 or XL with an IP-Adapter: extra attention to a few tokens made of an image embedding.

A folder as Stable Diffusion is saved, and beside its parts ip_adapter/ with one .safetensors file as published
(image_proj.*, ip_adapter.*). Only the plain adapter is made for the pooled embedding; the others (plus, full, faces)
want what no row holds. The prompt is empty; the unconditional embedding is zero (diffusers' convention).

XL attends to two text encoders' last hidden states but one, side by side, and adds the second's pooled embedding, and
the frame: (height, width, 0, 0, height, width). Its unconditional prompt is zero where model_index.json says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive.errors import ModelMissing, UsageError
from archive.models.decoder import Vectors
from archive.models.decoders.autoencoder import Scaled
from archive.models.decoders.loading import (
    check_dimension,
    load_part,
    load_schedule,
    pipeline_of,
    require_parts,
    to_device,
)
from archive.models.decoders.sampler import LatentDecoder, Predict
from archive.models.encoder import weights_sha256
from archive.models.pairs import Sampling
from archive.models.text import empty_prompt, encoded_empty

if TYPE_CHECKING:
    import torch

# Stable Diffusion's pipelines'
GUIDANCE = 7.5
GUIDANCE_XL = 5.0
PARTS = ("unet", "vae", "scheduler", "text_encoder", "tokenizer")


@dataclass(frozen=True)
class Prompt:
    """The unconditional prompt and the empty one: hidden states (2, 77, width); XL's pooled embeddings (2, P)."""

    hidden: torch.Tensor
    pooled: torch.Tensor | None = None

    def to(self, device: str, dtype: torch.dtype) -> Prompt:
        return Prompt(
            self.hidden.to(device, dtype),
            None if self.pooled is None else self.pooled.to(device, dtype),
        )


class Adapted:
    """Conditioning by an adapter in the unet."""

    embedding_stats = None

    def __init__(self, unet: Any, prompt: Prompt, scale: int) -> None:
        """`scale`: pixels a latent stands for, along a side."""
        self._unet = unet
        self._prompt = prompt
        self._scale = scale

    def prepare(self, vectors_hat: Vectors, alignment: float, sampling: Sampling) -> Predict:
        """(B, D) → the model told of them."""
        import torch

        vectors = torch.from_numpy(vectors_hat).to(self._prompt.hidden)[:, None]
        both = torch.cat([torch.zeros_like(vectors), vectors])
        hidden = self._prompt.hidden
        hidden = hidden.repeat_interleave(len(vectors), dim=0)

        def predict(z: torch.Tensor, timestep: torch.Tensor, z_map: torch.Tensor | None) -> Any:
            doubled = torch.cat([z, z]).to(both.dtype)
            told = {"image_embeds": [both]} | self._added(z)
            return self._unet(
                doubled, timestep, encoder_hidden_states=hidden, added_cond_kwargs=told
            ).sample

        return predict

    def _added(self, z: torch.Tensor) -> dict[str, torch.Tensor]:
        """What XL is told besides."""
        pooled = self._prompt.pooled
        if pooled is None:
            return {}
        height, width = (side * self._scale for side in z.shape[2:])
        frame = pooled.new_tensor([[height, width, 0, 0, height, width]])
        return {
            "text_embeds": pooled.repeat_interleave(len(z), dim=0),
            "time_ids": frame.repeat(2 * len(z), 1),
        }


def open_adapter(folder: Path, *, dimension: int, device: str, dtype: torch.dtype) -> LatentDecoder:
    """Raises ModelMissing or OSError where a part is not there, UsageError where adapter or dimension do not fit."""
    import torch

    large = (folder / "text_encoder_2").is_dir()
    require_parts(
        folder, (*PARTS, "text_encoder_2", "tokenizer_2") if large else PARTS, "Stable Diffusion"
    )
    adapter = _adapter(folder)
    check_dimension(folder, adapter["image_proj"]["proj.weight"].shape[1], dimension)
    unet = load_part(folder, "unet")
    vae = load_part(folder, "vae")
    _check_width(
        folder, adapter["image_proj"]["norm.weight"].shape[0], unet.config.cross_attention_dim
    )
    unet._load_ip_adapter_weights(
        [adapter], low_cpu_mem_usage=False
    )  # what the pipelines' load_ip_adapter calls
    weights = weights_sha256(unet, vae)
    prompt = (
        _large_prompt(folder) if large else Prompt(empty_prompt(folder).expand(2, -1, -1))
    ).to(device, dtype)
    narrow = large and dtype == torch.float16 and vae.config.force_upcast
    to_device(device, dtype, unet)
    to_device(device, torch.float32 if narrow else dtype, vae)
    autoencoder = Scaled(vae)
    scheduler, clip = load_schedule(folder)
    conditioning = Adapted(unet, prompt, autoencoder.scale)
    return LatentDecoder(
        unet,
        autoencoder,
        scheduler,
        conditioning,
        guidance=GUIDANCE_XL if large else GUIDANCE,
        device=device,
        weights_sha256=weights,
        clip=clip,
    )


def _adapter(folder: Path) -> dict[str, dict[str, torch.Tensor]]:
    """The weights of ip_adapter/, by what they belong to."""
    from safetensors.torch import load_file

    files = sorted((folder / "ip_adapter").glob("*.safetensors"))
    if len(files) != 1:
        raise ModelMissing(
            f"the decoder in {folder} listens to an image embedding only through an IP-Adapter; put its one "
            f".safetensors file into {folder / 'ip_adapter'}, where there are {len(files)}"
        )
    adapter: dict[str, dict[str, torch.Tensor]] = {"image_proj": {}, "ip_adapter": {}}
    for name, tensor in load_file(files[0]).items():
        part, _, rest = name.partition(".")
        adapter.setdefault(part, {})[rest] = tensor
    if "proj.weight" not in adapter["image_proj"]:
        raise UsageError(
            f"{files[0]} is no adapter for the pooled embedding; use the plain one, not plus, full or face"
        )
    return adapter


def _check_width(folder: Path, adapter: int, unet: int) -> None:
    """Raises UsageError where an adapter's tokens are not what the unet attends to."""
    if adapter != unet:
        raise UsageError(
            f"the adapter in {folder / 'ip_adapter'} makes tokens of {adapter} values, the unet beside it attends to "
            f"{unet}; use the adapter made for this Stable Diffusion"
        )


def _large_prompt(folder: Path) -> Prompt:
    """XL's prompts."""
    import torch

    first = encoded_empty(folder, "")
    second = encoded_empty(folder, "_2")
    hidden = torch.cat([one.hidden_states[-2] for one in (first, second)], dim=-1)
    pooled = second.text_embeds
    share = 0.0 if pipeline_of(folder)[1].get("force_zeros_for_empty_prompt", True) else 1.0
    return Prompt(torch.cat([share * hidden, hidden]), torch.cat([share * pooled, pooled]))
