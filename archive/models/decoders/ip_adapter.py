"""Stable Diffusion 1.5 or XL with an IP-Adapter: attention to tokens made of an image embedding.

A folder is laid out as Stable Diffusion's pipelines save it, plus ip_adapter/ with one .safetensors
file as published (image_proj.*, ip_adapter.*). Only the plain adapter takes the pooled embedding;
the others (plus, full, face) need what no row holds. The prompt is empty; the unconditional
embedding is zero (diffusers' convention).

XL attends to the last hidden states but one of two text encoders, concatenated, and also takes the
second encoder's pooled embedding and the frame: (height, width, 0, 0, height, width). Its
unconditional prompt is zero if model_index.json says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive.arrays import Vectors
from archive.errors import ModelMissing, UsageError
from archive.models.decoders.autoencoder import ScaledAutoencoder
from archive.models.decoders.conditioning import Denoiser, rows_to_run
from archive.models.decoders.loading import check_dimension, load_part, read_model_index
from archive.models.decoders.sampler import LatentDecoder
from archive.models.decoders.schedule import load_schedule
from archive.models.decoders.spec import DecoderSpec
from archive.models.device import to_device
from archive.models.sampling import Sampling
from archive.models.text import empty_prompt, encode_empty_prompt
from archive.models.weights import weights_sha256

if TYPE_CHECKING:
    import torch

GUIDANCE = 7.5  # Stable Diffusion's pipeline's default
GUIDANCE_XL = 5.0  # Stable Diffusion XL's
ADAPTER_FOLDER = "ip_adapter"


@dataclass(frozen=True)
class PromptEmbeds:
    """The unconditional prompt, then the empty one."""

    hidden: torch.Tensor  # hidden states, (2, 77, width)
    pooled: torch.Tensor | None = None  # XL's pooled embeddings, (2, P)

    def to(self, device: str, dtype: torch.dtype) -> PromptEmbeds:
        """The same prompts on a device."""
        pooled = None if self.pooled is None else self.pooled.to(device, dtype)
        return PromptEmbeds(self.hidden.to(device, dtype), pooled)


class AdapterTokens:
    """Conditioning by the tokens of an adapter in the UNet."""

    embedding_stats = None

    def __init__(self, unet: Any, prompt: PromptEmbeds, scale: int) -> None:
        """`scale`: pixels per latent, along a side."""
        self._unet = unet
        self._prompt = prompt
        self._scale = scale

    def denoiser(self, vectors_hat: Vectors, alignment: float, sampling: Sampling) -> Denoiser:
        """(B, D) float32 → the UNet conditioned on them."""
        import torch

        conditional = torch.from_numpy(vectors_hat).to(self._prompt.hidden)[:, None]
        embeds = torch.cat([torch.zeros_like(conditional), conditional])
        hidden = self._prompt.hidden.repeat_interleave(len(conditional), dim=0)

        def denoise(
            z: torch.Tensor, timestep: torch.Tensor, z_map: torch.Tensor | None, guided: bool
        ) -> Any:
            rows = rows_to_run(len(z), guided)
            latents = torch.cat([z, z])[rows].to(embeds.dtype)
            return self._unet(
                latents,
                timestep,
                encoder_hidden_states=hidden[rows],
                added_cond_kwargs={"image_embeds": [embeds[rows]], **self._xl_conditions(z, rows)},
            ).sample

        return denoise

    def _xl_conditions(self, z: torch.Tensor, rows: slice) -> dict[str, torch.Tensor]:
        """XL's pooled prompts and frames, such rows of 2·B; {} for Stable Diffusion 1.5."""
        pooled = self._prompt.pooled
        if pooled is None:
            return {}
        height, width = (side * self._scale for side in z.shape[2:])
        time_ids = pooled.new_tensor([[height, width, 0, 0, height, width]])
        return {
            "text_embeds": pooled.repeat_interleave(len(z), dim=0)[rows],
            "time_ids": time_ids.repeat(2 * len(z), 1)[rows],
        }


def open_ip_adapter(
    folder: Path, *, dimension: int, device: str, dtype: torch.dtype
) -> LatentDecoder:
    """Stable Diffusion 1.5; as archive.models.decoders.spec.Opener."""
    unet, vae = _load_adapted(folder, dimension)
    weights = weights_sha256(unet, vae)
    prompt = PromptEmbeds(empty_prompt(folder).expand(2, -1, -1)).to(device, dtype)
    to_device(device, dtype, unet, vae)
    autoencoder = ScaledAutoencoder(vae)
    return LatentDecoder(
        unet,
        autoencoder,
        load_schedule(folder),
        AdapterTokens(unet, prompt, autoencoder.scale),
        guidance=GUIDANCE,
        device=device,
        weights_sha256=weights,
    )


def open_ip_adapter_xl(
    folder: Path, *, dimension: int, device: str, dtype: torch.dtype
) -> LatentDecoder:
    """Stable Diffusion XL; as archive.models.decoders.spec.Opener."""
    import torch

    unet, vae = _load_adapted(folder, dimension)
    weights = weights_sha256(unet, vae)
    prompt = _xl_prompt(folder).to(device, dtype)
    overflows = dtype == torch.float16 and vae.config.force_upcast
    to_device(device, dtype, unet)
    to_device(device, torch.float32 if overflows else dtype, vae)
    autoencoder = ScaledAutoencoder(vae)
    return LatentDecoder(
        unet,
        autoencoder,
        load_schedule(folder),
        AdapterTokens(unet, prompt, autoencoder.scale),
        guidance=GUIDANCE_XL,
        device=device,
        weights_sha256=weights,
    )


def _load_adapted(folder: Path, dimension: int) -> tuple[Any, Any]:
    """→ UNet with the adapter in it, VAE; float32 on the CPU."""
    adapter = _load_adapter(folder)
    check_dimension(folder, adapter["image_proj"]["proj.weight"].shape[1], dimension)
    unet = load_part(folder, "unet")
    vae = load_part(folder, "vae")
    token_width = adapter["image_proj"]["norm.weight"].shape[0]
    if token_width != unet.config.cross_attention_dim:
        raise UsageError(
            f"the adapter in {folder / ADAPTER_FOLDER} makes tokens of {token_width} values, its "
            f"UNet attends to {unet.config.cross_attention_dim}; use the adapter made for this "
            "Stable Diffusion"
        )
    # what the pipelines' load_ip_adapter calls
    unet._load_ip_adapter_weights([adapter], low_cpu_mem_usage=False)
    return unet, vae


def _load_adapter(folder: Path) -> dict[str, dict[str, torch.Tensor]]:
    """The weights in ip_adapter/, by the first part of their names."""
    from safetensors.torch import load_file

    files = sorted((folder / ADAPTER_FOLDER).glob("*.safetensors"))
    if len(files) != 1:
        raise ModelMissing(
            f"the decoder in {folder} takes an image embedding only through an IP-Adapter; put one "
            f".safetensors file into {folder / ADAPTER_FOLDER}, which has {len(files)}"
        )
    adapter: dict[str, dict[str, torch.Tensor]] = {"image_proj": {}, "ip_adapter": {}}
    for name, tensor in load_file(files[0]).items():
        part, _, rest = name.partition(".")
        adapter.setdefault(part, {})[rest] = tensor
    if "proj.weight" not in adapter["image_proj"]:
        raise UsageError(
            f"{files[0]} is not an adapter for the pooled embedding; use the plain one, not plus, "
            "full or face"
        )
    return adapter


def _xl_prompt(folder: Path) -> PromptEmbeds:
    """XL's prompts."""
    import torch

    first, _ = encode_empty_prompt(folder)
    second, _ = encode_empty_prompt(folder, suffix="_2", projected=True)
    hidden = torch.cat([first.hidden_states[-2], second.hidden_states[-2]], dim=-1)
    pooled = second.text_embeds
    zeros = read_model_index(folder).get("force_zeros_for_empty_prompt", True)
    scale = 0.0 if zeros else 1.0
    return PromptEmbeds(torch.cat([scale * hidden, hidden]), torch.cat([scale * pooled, pooled]))


PARTS = ("unet", "vae", "scheduler", "text_encoder", "tokenizer")
SPEC = DecoderSpec(
    "IP-Adapter on Stable Diffusion 1.5",
    pipelines=("StableDiffusionPipeline",),
    parts=PARTS,
    other_files=(f"{ADAPTER_FOLDER}/*.safetensors",),
    open=open_ip_adapter,
    guidance=GUIDANCE,
    encoders="ViT-H/14",
    summary="tokens next to an empty prompt; adapter in `ip_adapter/`",
)
SPEC_XL = DecoderSpec(
    "IP-Adapter on Stable Diffusion XL",
    pipelines=("StableDiffusionXLPipeline",),
    parts=(*PARTS, "text_encoder_2", "tokenizer_2"),
    other_files=(f"{ADAPTER_FOLDER}/*.safetensors",),
    open=open_ip_adapter_xl,
    guidance=GUIDANCE_XL,
    encoders="ViT-H/14",
    summary="tokens next to an empty prompt; adapter in `ip_adapter/`",
)
