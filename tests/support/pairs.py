"""A model pair with tiny random weights, saved in exactly the layouts of the real one.

encoder/   open_clip_config.json and open_clip_model.safetensors, as the hub's open_clip repositories have them
decoder/   what stable-diffusion-2-1-unclip-small holds: unet, vae, image_normalizer, image_noising_scheduler,
           scheduler, text_encoder, tokenizer, model_index.json
"""

from __future__ import annotations

import json
from pathlib import Path

import torch

DIMENSION = 16


def save_tiny_pair(folder: Path, *, dimension: int = DIMENSION) -> None:
    """encoder/ and decoder/ in `folder`."""
    torch.manual_seed(0)
    save_tiny_encoder(folder / "encoder", dimension)
    save_tiny_decoder(folder / "decoder", dimension)


def save_tiny_encoder(folder: Path, dimension: int = DIMENSION) -> None:
    """A ViT and a text transformer in open_clip's local-dir layout, OpenAI's preprocessing."""
    from open_clip.model import CLIP
    from safetensors.torch import save_file

    config = {
        "embed_dim": dimension,
        "quick_gelu": True,
        "vision_cfg": {
            "image_size": 32,
            "layers": 2,
            "width": 32,
            "patch_size": 8,
            "head_width": 16,
        },
        "text_cfg": {
            "context_length": 77,
            "vocab_size": 49408,
            "width": 16,
            "heads": 2,
            "layers": 2,
        },
    }
    preprocess = {
        "mean": [0.481, 0.458, 0.408],
        "std": [0.269, 0.261, 0.276],
        "interpolation": "bicubic",
    }
    folder.mkdir(parents=True)
    told = {"model_cfg": config, "preprocess_cfg": preprocess | {"resize_mode": "shortest"}}
    (folder / "open_clip_config.json").write_text(json.dumps(told))
    state = {name: tensor.contiguous() for name, tensor in CLIP(**config).state_dict().items()}
    save_file(state, folder / "open_clip_model.safetensors")


def save_tiny_decoder(folder: Path, dimension: int = DIMENSION) -> None:
    """Stable unCLIP with every part tiny: cross-attention on a prompt, class labels of 2·D, four latent channels."""
    import diffusers
    from diffusers.pipelines.stable_diffusion.stable_unclip_image_normalizer import (
        StableUnCLIPImageNormalizer,
    )
    from transformers import CLIPTextConfig, CLIPTextModel

    unet = diffusers.UNet2DConditionModel(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        block_out_channels=(16, 32),
        layers_per_block=1,
        cross_attention_dim=24,
        attention_head_dim=(2, 4),
        norm_num_groups=8,
        use_linear_projection=True,
        class_embed_type="projection",
        projection_class_embeddings_input_dim=2 * dimension,
    )
    vae = diffusers.AutoencoderKL(
        block_out_channels=(8, 16),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4,
        norm_num_groups=4,
        scaling_factor=0.18215,
    )
    normalizer = StableUnCLIPImageNormalizer(dimension)
    text = CLIPTextModel(
        CLIPTextConfig(
            hidden_size=24,
            intermediate_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            vocab_size=1000,
        )
    )
    for name, module in (
        ("unet", unet),
        ("vae", vae),
        ("image_normalizer", normalizer),
        ("text_encoder", text),
    ):
        module.save_pretrained(folder / name, safe_serialization=True)
    diffusers.PNDMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        skip_prk_steps=True,
    ).save_pretrained(folder / "scheduler")
    diffusers.DDPMScheduler(beta_schedule="squaredcos_cap_v2").save_pretrained(
        folder / "image_noising_scheduler"
    )
    save_tokenizer(folder / "tokenizer")
    (folder / "model_index.json").write_text(
        json.dumps({"_class_name": "StableUnCLIPImg2ImgPipeline"})
    )


def save_tokenizer(folder: Path) -> None:
    """A CLIP tokenizer that knows letters and the two marks."""
    folder.mkdir(parents=True)
    letters = [chr(code) for code in range(33, 127)]
    words = ["<|startoftext|>", "<|endoftext|>", *letters, *(f"{letter}</w>" for letter in letters)]
    (folder / "vocab.json").write_text(
        json.dumps({word: position for position, word in enumerate(words)})
    )
    (folder / "merges.txt").write_text("#version: 0.2\n")
    config = {
        "tokenizer_class": "CLIPTokenizer",
        "model_max_length": 77,
        "pad_token": "<|endoftext|>",
    }
    marks = {
        "bos_token": "<|startoftext|>",
        "eos_token": "<|endoftext|>",
        "unk_token": "<|endoftext|>",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config | marks))
    (folder / "special_tokens_map.json").write_text(
        json.dumps(marks | {"pad_token": "<|endoftext|>"})
    )
