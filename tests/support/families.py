"""Decoders of the other families with tiny random weights, saved by their own pipelines: the layouts are diffusers'.

Each has the names and kinds of parts that its published checkpoint has, and its schedule's make.
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

UnCLIPTextProjModel = import_module(
    diffusers.UnCLIPImageVariationPipeline.__module__
).UnCLIPTextProjModel
DIMENSION = 16
TOKENS = 4  # of a plain IP-Adapter
STABLE: dict[str, Any] = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
}


def save_variation(folder: Path) -> None:
    """lambdalabs/sd-image-variations-diffusers: unet, vae, image_encoder, feature_extractor, scheduler."""
    diffusers.StableDiffusionImageVariationPipeline(
        vae=vae(),
        image_encoder=vision(),
        unet=unet(cross_attention_dim=DIMENSION),
        scheduler=diffusers.PNDMScheduler(skip_prk_steps=True, steps_offset=1, **STABLE),
        safety_checker=None,
        feature_extractor=CLIPImageProcessor(),
        requires_safety_checker=False,
    ).save_pretrained(folder)


def save_kandinsky(folder: Path) -> None:
    """kandinsky-community/kandinsky-2-2-decoder: unet with a learned variance, movq, scheduler."""
    drawing = diffusers.UNet2DConditionModel(
        sample_size=8,
        in_channels=4,
        out_channels=8,
        addition_embed_type="image",
        encoder_hid_dim=DIMENSION,
        encoder_hid_dim_type="image_proj",
        cross_attention_dim=24,
        down_block_types=("ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"),
        mid_block_type="UNetMidBlock2DSimpleCrossAttn",
        up_block_types=("SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"),
        block_out_channels=(16, 32),
        layers_per_block=1,
        attention_head_dim=8,
        norm_num_groups=8,
        resnet_time_scale_shift="scale_shift",
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
    diffusers.KandinskyV22Pipeline(unet=drawing, scheduler=scheduler, movq=movq).save_pretrained(
        folder
    )


def save_adapter(folder: Path) -> None:
    """Stable Diffusion 1.5 with ip-adapter_sd15.safetensors."""
    drawing = unet(cross_attention_dim=24)
    diffusers.StableDiffusionPipeline(
        vae=vae(),
        text_encoder=CLIPTextModel(text_config(24)),
        tokenizer=tokenizer(folder),
        unet=drawing,
        scheduler=diffusers.PNDMScheduler(skip_prk_steps=True, steps_offset=1, **STABLE),
        safety_checker=None,
        feature_extractor=CLIPImageProcessor(),
        requires_safety_checker=False,
    ).save_pretrained(folder)
    save_adapter_weights(folder, drawing)


def save_large_adapter(folder: Path) -> None:
    """Stable Diffusion XL with ip-adapter_sdxl_vit-h.safetensors."""
    drawing = unet(
        cross_attention_dim=40,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=6 * 8 + 20,
    )
    diffusers.StableDiffusionXLPipeline(
        vae=vae(),
        text_encoder=CLIPTextModel(text_config(24)),
        text_encoder_2=CLIPTextModelWithProjection(text_config(16, projection=20)),
        tokenizer=tokenizer(folder),
        tokenizer_2=tokenizer(folder),
        unet=drawing,
        scheduler=diffusers.EulerDiscreteScheduler(
            timestep_spacing="leading", steps_offset=1, **STABLE
        ),
    ).save_pretrained(folder)
    save_adapter_weights(folder, drawing)


def save_karlo(folder: Path) -> None:
    """kakaobrain/karlo-v1-alpha-image-variations, whose files are older than two names in today's."""
    drawing = diffusers.UNet2DConditionModel(
        sample_size=8,
        in_channels=3,
        out_channels=6,
        down_block_types=("ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"),
        mid_block_type="UNetMidBlock2DSimpleCrossAttn",
        up_block_types=("SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"),
        block_out_channels=(16, 32),
        layers_per_block=1,
        cross_attention_dim=24,
        attention_head_dim=8,
        norm_num_groups=8,
        resnet_time_scale_shift="scale_shift",
        class_embed_type="identity",
    )
    diffusers.UnCLIPImageVariationPipeline(
        decoder=drawing,
        text_encoder=CLIPTextModelWithProjection(text_config(DIMENSION, projection=DIMENSION)),
        tokenizer=tokenizer(folder),
        text_proj=UnCLIPTextProjModel(
            clip_embeddings_dim=DIMENSION, time_embed_dim=64, cross_attention_dim=24
        ),
        feature_extractor=CLIPImageProcessor(),
        image_encoder=vision(),
        super_res_first=enlarging(),
        super_res_last=enlarging(),
        decoder_scheduler=diffusers.UnCLIPScheduler(variance_type="learned_range"),
        super_res_scheduler=diffusers.UnCLIPScheduler(variance_type="fixed_small_log"),
    ).save_pretrained(folder)
    for name in ("decoder_scheduler", "super_res_scheduler"):
        path = folder / name / "scheduler_config.json"
        told = json.loads(path.read_text())
        path.write_text(
            json.dumps({key: value for key, value in told.items() if key != "beta_schedule"})
        )
    index = index_of(folder) | {"text_proj": ["unclip", "UnCLIPTextProjModel"]}
    (folder / "model_index.json").write_text(json.dumps(index))


FAMILIES: dict[str, Callable[[Path], None]] = {
    "variation": save_variation,
    "kandinsky": save_kandinsky,
    "adapter": save_adapter,
    "large_adapter": save_large_adapter,
    "karlo": save_karlo,
}


def save_family(name: str, folder: Path) -> None:
    """One of FAMILIES; the same weights every time."""
    torch.manual_seed(0)
    FAMILIES[name](folder)


def save_adapter_weights(folder: Path, drawing: Any) -> None:
    """ip_adapter/ip-adapter.safetensors as published: image_proj.*, and keys and values by the attention's number."""
    width = drawing.config.cross_attention_dim
    weights = {"image_proj.proj.weight": torch.randn(TOKENS * width, DIMENSION)}
    weights |= {"image_proj.proj.bias": torch.randn(TOKENS * width)}
    weights |= {
        "image_proj.norm.weight": torch.ones(width),
        "image_proj.norm.bias": torch.zeros(width),
    }
    for number, name in enumerate(drawing.attn_processors):
        if name.endswith("attn2.processor"):
            inner = drawing.get_submodule(name.removesuffix(".processor")).to_k.weight.shape[0]
            for one in ("k", "v"):
                weights[f"ip_adapter.{number}.to_{one}_ip.weight"] = torch.randn(inner, width)
    (folder / "ip_adapter").mkdir()
    save_file(weights, folder / "ip_adapter" / "ip-adapter.safetensors")


def unet(**differing: Any) -> Any:
    """Stable Diffusion's."""
    return diffusers.UNet2DConditionModel(
        sample_size=8,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        block_out_channels=(16, 32),
        layers_per_block=1,
        attention_head_dim=4,
        norm_num_groups=8,
        **differing,
    )


def enlarging() -> Any:
    """Karlo's super resolution, by two."""
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


def vae() -> Any:
    return diffusers.AutoencoderKL(
        block_out_channels=(8, 16),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4,
        norm_num_groups=4,
        scaling_factor=0.13025,
    )


def vision() -> CLIPVisionModelWithProjection:
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


def text_config(width: int, *, projection: int = 16) -> CLIPTextConfig:
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


def tokenizer(folder: Path) -> CLIPTokenizer:
    """The tiny pair's, loaded."""
    place = folder.parent / f"{folder.name}-tokenizer"
    if not place.is_dir():
        save_tokenizer(place)
    loaded: CLIPTokenizer = CLIPTokenizer.from_pretrained(place)
    return loaded


def index_of(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / "model_index.json").read_text())
    return told
