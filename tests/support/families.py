"""Decoders of all families but Stable unCLIP, tiny and random, in diffusers' own layouts.

Each has the part names, part classes and the kind of schedule of its published checkpoint.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import diffusers
import torch
from safetensors.torch import save_file
from transformers import (
    CLIPImageProcessor,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

from tests.support.pairs import save_tokenizer

UNCLIP_MODULE: Any = import_module(diffusers.UnCLIPImageVariationPipeline.__module__)
DIMENSION = 16
ADAPTER_TOKENS = 4  # of a plain IP-Adapter
STABLE_DIFFUSION_NOISE: dict[str, Any] = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
}


def save_variation(folder: Path) -> None:
    """lambdalabs/sd-image-variations-diffusers."""
    diffusers.StableDiffusionImageVariationPipeline(
        vae=build_vae(),
        image_encoder=build_image_encoder(),
        unet=build_unet(cross_attention_dim=DIMENSION),
        scheduler=_stable_diffusion_scheduler(),
        safety_checker=None,
        feature_extractor=CLIPImageProcessor(),
        requires_safety_checker=False,
    ).save_pretrained(folder)


def save_kandinsky(folder: Path) -> None:
    """kandinsky-community/kandinsky-2-2-decoder; its UNet predicts a variance too."""
    unet = _unclip_unet(
        in_channels=4,
        out_channels=8,
        addition_embed_type="image",
        encoder_hid_dim=DIMENSION,
        encoder_hid_dim_type="image_proj",
    )
    movq = diffusers.VQModel(
        block_out_channels=(32, 32),
        down_block_types=("DownEncoderBlock2D", "AttnDownEncoderBlock2D"),
        up_block_types=("AttnUpDecoderBlock2D", "UpDecoderBlock2D"),
        latent_channels=4,
        vq_embed_dim=4,
        num_vq_embeddings=12,
        norm_type="spatial",
    )
    scheduler = diffusers.DDPMScheduler(
        beta_start=0.0001, beta_end=0.02, variance_type="learned_range", clip_sample=False
    )
    pipeline = diffusers.KandinskyV22Pipeline(unet=unet, scheduler=scheduler, movq=movq)
    pipeline.save_pretrained(folder)


def save_ip_adapter(folder: Path) -> None:
    """Stable Diffusion 1.5 with ip-adapter_sd15.safetensors."""
    unet = build_unet(cross_attention_dim=24)
    diffusers.StableDiffusionPipeline(
        vae=build_vae(),
        text_encoder=CLIPTextModel(_text_config(24)),
        tokenizer=_load_tokenizer(folder),
        unet=unet,
        scheduler=_stable_diffusion_scheduler(),
        safety_checker=None,
        feature_extractor=CLIPImageProcessor(),
        requires_safety_checker=False,
    ).save_pretrained(folder)
    _save_adapter_weights(folder, unet)


def save_ip_adapter_xl(folder: Path) -> None:
    """Stable Diffusion XL with ip-adapter_sdxl_vit-h.safetensors."""
    unet = build_unet(
        cross_attention_dim=40,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=6 * 8 + 20,
    )
    diffusers.StableDiffusionXLPipeline(
        vae=build_vae(),
        text_encoder=CLIPTextModel(_text_config(24)),
        text_encoder_2=CLIPTextModelWithProjection(_text_config(16, projection=20)),
        tokenizer=_load_tokenizer(folder),
        tokenizer_2=_load_tokenizer(folder),
        unet=unet,
        scheduler=diffusers.EulerDiscreteScheduler(
            timestep_spacing="leading", steps_offset=1, **STABLE_DIFFUSION_NOISE
        ),
    ).save_pretrained(folder)
    _save_adapter_weights(folder, unet)


def save_karlo(folder: Path) -> None:
    """kakaobrain/karlo-v1-alpha-image-variations, older than two names in today's diffusers."""
    text_encoder = CLIPTextModelWithProjection(_text_config(DIMENSION, projection=DIMENSION))
    text_proj = UNCLIP_MODULE.UnCLIPTextProjModel(
        clip_embeddings_dim=DIMENSION, time_embed_dim=64, cross_attention_dim=24
    )
    diffusers.UnCLIPImageVariationPipeline(
        decoder=_unclip_unet(in_channels=3, out_channels=6, class_embed_type="identity"),
        text_encoder=text_encoder,
        tokenizer=_load_tokenizer(folder),
        text_proj=text_proj,
        feature_extractor=CLIPImageProcessor(),
        image_encoder=build_image_encoder(),
        super_res_first=_super_resolution_unet(),
        super_res_last=_super_resolution_unet(),
        decoder_scheduler=diffusers.UnCLIPScheduler(variance_type="learned_range"),
        super_res_scheduler=diffusers.UnCLIPScheduler(variance_type="fixed_small_log"),
    ).save_pretrained(folder)
    for part in ("decoder_scheduler", "super_res_scheduler"):
        path = folder / part / "scheduler_config.json"
        config = json.loads(path.read_text())
        config.pop("beta_schedule", None)
        path.write_text(json.dumps(config))
    update_model_index(folder, text_proj=["unclip", "UnCLIPTextProjModel"])


FAMILIES: dict[str, Callable[[Path], None]] = {
    "variation": save_variation,
    "kandinsky": save_kandinsky,
    "ip_adapter": save_ip_adapter,
    "ip_adapter_xl": save_ip_adapter_xl,
    "karlo": save_karlo,
}


def save_family(name: str, folder: Path) -> None:
    """A decoder of one of FAMILIES, with the same weights every time."""
    torch.manual_seed(0)
    FAMILIES[name](folder)


def update_model_index(folder: Path, **entries: Any) -> None:
    """Sets entries of model_index.json."""
    path = folder / "model_index.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


def build_unet(**options: Any) -> Any:
    """A UNet of Stable Diffusion's kind."""
    return diffusers.UNet2DConditionModel(
        sample_size=8,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        block_out_channels=(16, 32),
        layers_per_block=1,
        attention_head_dim=4,
        norm_num_groups=8,
        **options,
    )


def build_vae(*, scaling_factor: float = 0.13025, **options: Any) -> Any:
    """A VAE of Stable Diffusion's kind."""
    return diffusers.AutoencoderKL(
        block_out_channels=(8, 16),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4,
        norm_num_groups=4,
        scaling_factor=scaling_factor,
        **options,
    )


def build_image_encoder() -> CLIPVisionModelWithProjection:
    """An image encoder whose embeddings have DIMENSION values."""
    config = CLIPVisionConfig(
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=32,
        patch_size=16,
        projection_dim=DIMENSION,
    )
    return CLIPVisionModelWithProjection(config)


def _stable_diffusion_scheduler() -> Any:
    return diffusers.PNDMScheduler(skip_prk_steps=True, steps_offset=1, **STABLE_DIFFUSION_NOISE)


def _unclip_unet(**options: Any) -> Any:
    """Karlo's and Kandinsky's."""
    return diffusers.UNet2DConditionModel(
        sample_size=8,
        cross_attention_dim=24,
        down_block_types=("ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"),
        mid_block_type="UNetMidBlock2DSimpleCrossAttn",
        up_block_types=("SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"),
        block_out_channels=(16, 32),
        layers_per_block=1,
        attention_head_dim=8,
        norm_num_groups=8,
        resnet_time_scale_shift="scale_shift",
        **options,
    )


def _super_resolution_unet() -> Any:
    """Karlo's, by a factor of two."""
    return diffusers.UNet2DModel(
        sample_size=16,
        in_channels=6,
        out_channels=3,
        down_block_types=("ResnetDownsampleBlock2D",) * 2,
        up_block_types=("ResnetUpsampleBlock2D",) * 2,
        block_out_channels=(16, 32),
        layers_per_block=1,
        norm_num_groups=8,
        attention_head_dim=8,
    )


def _text_config(width: int, *, projection: int = 16) -> CLIPTextConfig:
    return CLIPTextConfig(
        hidden_size=width,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        vocab_size=1000,
        projection_dim=projection,
        bos_token_id=0,
        eos_token_id=1,
    )


def _load_tokenizer(folder: Path) -> CLIPTokenizer:
    """The tiny pair's tokenizer, saved next to the decoder's folder."""
    place = folder.parent / f"{folder.name}-tokenizer"
    if not place.is_dir():
        save_tokenizer(place)
    tokenizer: CLIPTokenizer = CLIPTokenizer.from_pretrained(place)
    return tokenizer


def _save_adapter_weights(folder: Path, unet: Any) -> None:
    """ip_adapter/ip-adapter.safetensors as published: image_proj.*, and ip_adapter.* by layer."""
    width = unet.config.cross_attention_dim
    weights = {
        "image_proj.proj.weight": torch.randn(ADAPTER_TOKENS * width, DIMENSION),
        "image_proj.proj.bias": torch.randn(ADAPTER_TOKENS * width),
        "image_proj.norm.weight": torch.ones(width),
        "image_proj.norm.bias": torch.zeros(width),
    }
    for number, name in enumerate(unet.attn_processors):
        if name.endswith("attn2.processor"):
            inner = unet.get_submodule(name.removesuffix(".processor")).to_k.weight.shape[0]
            weights[f"ip_adapter.{number}.to_k_ip.weight"] = torch.randn(inner, width)
            weights[f"ip_adapter.{number}.to_v_ip.weight"] = torch.randn(inner, width)
    (folder / "ip_adapter").mkdir()
    save_file(weights, folder / "ip_adapter" / "ip-adapter.safetensors")
