"""A model pair with tiny random weights, saved in the layouts of real ones.

encoder/   open_clip_config.json and open_clip_model.safetensors, as in open_clip's repositories
decoder/   the parts of stable-diffusion-2-1-unclip-small: unet, vae, image_normalizer,
           image_noising_scheduler, scheduler, text_encoder, tokenizer, model_index.json
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

DIMENSION = 16


def save_tiny_pair(folder: Path, *, dimension: int = DIMENSION) -> None:
    """encoder/ and decoder/ in a folder."""
    torch.manual_seed(0)
    save_tiny_encoder(folder / "encoder", dimension)
    save_tiny_decoder(folder / "decoder", dimension)


def save_tiny_encoder(folder: Path, dimension: int = DIMENSION) -> None:
    """A ViT and a text transformer in open_clip's local-dir layout, with OpenAI's preprocessing."""
    from open_clip.model import CLIP
    from safetensors.torch import save_file

    image_encoder = {
        "image_size": 32,
        "layers": 2,
        "width": 32,
        "patch_size": 8,
        "head_width": 16,
    }
    text_encoder = {
        "context_length": 77,
        "vocab_size": 49408,
        "width": 16,
        "heads": 2,
        "layers": 2,
    }
    model: dict[str, Any] = {
        "embed_dim": dimension,
        "quick_gelu": True,
        "vision_cfg": image_encoder,
        "text_cfg": text_encoder,
    }
    preprocessing = {
        "mean": [0.481, 0.458, 0.408],
        "std": [0.269, 0.261, 0.276],
        "interpolation": "bicubic",
        "resize_mode": "shortest",
    }
    folder.mkdir(parents=True)
    config = {"model_cfg": model, "preprocess_cfg": preprocessing}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    state = CLIP(**model).state_dict()
    weights = {name: tensor.contiguous() for name, tensor in state.items()}
    save_file(weights, folder / "open_clip_model.safetensors")


def save_tiny_decoder(folder: Path, dimension: int = DIMENSION) -> None:
    """Stable unCLIP: attention to a prompt, class labels of 2·D, four latent channels."""
    import diffusers

    _save_networks(folder, dimension)
    diffusers.PNDMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        skip_prk_steps=True,
    ).save_pretrained(folder / "scheduler")
    embedding_noise = diffusers.DDPMScheduler(beta_schedule="squaredcos_cap_v2")
    embedding_noise.save_pretrained(folder / "image_noising_scheduler")
    save_tokenizer(folder / "tokenizer")
    index = {"_class_name": "StableUnCLIPImg2ImgPipeline"}
    (folder / "model_index.json").write_text(json.dumps(index))


def _save_networks(folder: Path, dimension: int) -> None:
    """unet, vae, image_normalizer, text_encoder."""
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
    text_config = CLIPTextConfig(
        hidden_size=24,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        vocab_size=1000,
    )
    unet.save_pretrained(folder / "unet")
    vae.save_pretrained(folder / "vae")
    normalizer.save_pretrained(folder / "image_normalizer")
    CLIPTextModel(text_config).save_pretrained(folder / "text_encoder")


def save_tokenizer(folder: Path) -> None:
    """A CLIP tokenizer that knows ASCII letters and the two marks."""
    folder.mkdir(parents=True)
    letters = [chr(code) for code in range(33, 127)]
    words = ["<|startoftext|>", "<|endoftext|>", *letters, *(f"{letter}</w>" for letter in letters)]
    vocabulary = {word: position for position, word in enumerate(words)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    marks = {
        "bos_token": "<|startoftext|>",
        "eos_token": "<|endoftext|>",
        "unk_token": "<|endoftext|>",
        "pad_token": "<|endoftext|>",
    }
    config = {"tokenizer_class": "CLIPTokenizer", "model_max_length": 77, **marks}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    (folder / "special_tokens_map.json").write_text(json.dumps(marks))
