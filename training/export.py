"""Trained parts → the pocket pair's folder, in open_clip's and diffusers' layouts, as safetensors.

Weights are fp16; the encoder's matrices named FLOAT8 are float8 (e4m3: accurate to one part in
sixteen), which torch widens on loading. That halves the text encoder, most of which is its token
table.

    encoder/   open_clip_config.json, open_clip_model.safetensors: open_clip's local-dir layout
    decoder/   unet, vae, scheduler, image_normalizer, image_noising_scheduler: Stable unCLIP's
               layout, without a prompt; upscaler: archive.models.decoders.upscaler's
    codecs/    `klt` at KLT_RATES, and a linear decoder of one-bit codes, fitted to the embeddings
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from archive.codecs import (
    Codec,
    fit_codec,
    get_spec,
    resolve_codec,
    save_codec,
    with_linear_decoder,
)
from archive.codecs.coclico import coclico
from archive.models.decoders.upscaler import WEIGHTS, save_upscaler
from archive.models.encoder import OpenClipEncoder
from archive.models.names_head import TIMM_NAME
from archive.models.pairs import find_pair
from training import image_encoder, text_encoder
from training.corpus import Corpus
from training.denoiser import EmbeddingStats, embedding_noiser, noise_scheduler
from training.frames import embed
from training.networks import (
    Autoencoder,
    ClipModel,
    Denoiser,
    ImageEncoder,
    TextEncoder,
    Upscaler,
)

PHOTOS = 20_000  # that codecs are fitted to, at most
SCENES = 1500  # besides the photos
# parameters of the encoder by the start of their names
FLOAT8 = ("token_embedding.", "transformer.", "text_projection")
DEFAULT = get_spec("klt").default
KLT_RATES = ((60, 20), (120, 40), (DEFAULT.bits, DEFAULT.map_bits))  # bits of embedding and map


def export_encoder(image: ImageEncoder, text: TextEncoder | ClipModel, folder: Path) -> None:
    """Both encoders as one open_clip model; of a CLIP as `text`, only the text part is used."""
    from open_clip.model import CLIP
    from safetensors.torch import save_file

    config = {
        "embed_dim": image_encoder.DIMENSION,
        "vision_cfg": {
            "timm_model_name": TIMM_NAME,
            "timm_pool": "avg",
            "timm_proj": "",
            "image_size": image_encoder.SIDE,
        },
        "text_cfg": text_encoder.CONFIG,
    }
    preprocess = {
        "mean": image_encoder.MEAN,
        "std": image_encoder.STD,
        "interpolation": "bicubic",
        "resize_mode": "squash",
    }
    model = CLIP(**config)
    model.visual = image
    text_state = {
        name: tensor for name, tensor in text.state_dict().items() if not name.startswith("visual.")
    }
    model.load_state_dict(text_state, strict=False)
    folder.mkdir(parents=True, exist_ok=True)
    text_config = json.dumps({"model_cfg": config, "preprocess_cfg": preprocess}, indent=2)
    (folder / "open_clip_config.json").write_text(text_config)
    save_file(_narrow(model), folder / "open_clip_model.safetensors")


def export_decoder(
    unet: Denoiser, vae: Autoencoder, upscaler: Upscaler, stats: EmbeddingStats, folder: Path
) -> None:
    """UNet, autoencoder, upscaler, schedules and embedding normalizer as a diffusers folder."""
    normalizer = _normalizer_class()(len(stats.mean))
    normalizer.mean.data = stats.mean[None]
    normalizer.std.data = stats.std[None]
    for name, module in (("unet", unet), ("vae", vae), ("image_normalizer", normalizer)):
        module.half().save_pretrained(folder / name, safe_serialization=True)
    save_upscaler(upscaler, folder)
    noise_scheduler().save_pretrained(folder / "scheduler")
    embedding_noiser().save_pretrained(folder / "image_noising_scheduler")


def export_codecs(folder: Path, photos: Corpus, scenes: Corpus) -> tuple[Codec, EmbeddingStats]:
    """Codecs fitted to the exported encoder's embeddings of training images → default `klt`, stats.

    Some of the images are procedural scenes: fitted to photos alone, `klt` spent five times the
    requested bits on drawings. The statistics are of the photos.
    """
    encoder = OpenClipEncoder(find_pair(str(folder)))
    rows = photos.training_rows[:: math.ceil(len(photos.training_rows) / PHOTOS)]
    samples = [(photos, rows), (scenes, scenes.training_rows[:SCENES])]
    embedded = [
        embed(encoder, (corpus.photo(int(row)) for row in chosen), map_side=DEFAULT.map_side)
        for corpus, chosen in samples
    ]
    stats = EmbeddingStats.of(embedded[0][0])
    vectors = np.concatenate([sample_vectors for sample_vectors, _ in embedded])
    maps = np.concatenate([sample_maps for _, sample_maps in embedded])
    codecs = folder / "codecs"
    codecs.mkdir(exist_ok=True)
    for bits, map_bits in KLT_RATES:
        codec = fit_codec("klt", vectors, maps, bits=bits, map_bits=map_bits)
        save_codec(codec, codecs / f"klt-{bits}-{map_bits}.npz")
    linear = with_linear_decoder(coclico(vectors.shape[1], map_side=0), vectors)
    save_codec(linear, codecs / "clip-squares.npz")
    return resolve_codec("klt", vectors.shape[1], shipped=str(codecs)), stats


def load_parts(folder: Path) -> tuple[ClipModel, Autoencoder, Denoiser, EmbeddingStats]:
    """A pair's folder → CLIP (`visual`: image encoder), autoencoder, UNet, stats; all float32."""
    import open_clip
    from diffusers import AutoencoderDC, UNet2DConditionModel

    import archive.models.names_head  # noqa: F401  # the pair's own image encoder

    decoder = folder / "decoder"
    clip = open_clip.create_model(f"local-dir:{folder / 'encoder'}").float().eval()
    vae = _load_model(AutoencoderDC, decoder / "vae").eval()
    unet = _load_model(UNet2DConditionModel, decoder / "unet")
    normalizer = _normalizer_class().from_pretrained(decoder / "image_normalizer").float()
    stats = EmbeddingStats(normalizer.mean.data[0], normalizer.std.data[0])
    return clip, vae.to(memory_format=torch.channels_last), unet, stats


def _normalizer_class() -> Any:
    from diffusers.pipelines.stable_diffusion import stable_unclip_image_normalizer

    return stable_unclip_image_normalizer.StableUnCLIPImageNormalizer


def _load_model(kind: Any, folder: Path) -> Any:
    """A diffusers model in float32 with a configuration that does not record its path."""
    from safetensors.torch import load_model

    model = kind.from_config(kind.load_config(folder))
    load_model(model, folder / WEIGHTS)
    return model


def _narrow(module: nn.Module) -> dict[str, torch.Tensor]:
    """The state: matrices named FLOAT8 in float8, other floating-point tensors in fp16."""
    state = {name: tensor.detach().contiguous() for name, tensor in module.state_dict().items()}
    return {name: tensor.to(_stored_dtype(name, tensor)) for name, tensor in state.items()}


def _stored_dtype(name: str, tensor: torch.Tensor) -> torch.dtype:
    if not tensor.is_floating_point():
        return tensor.dtype
    return torch.float8_e4m3fn if tensor.ndim > 1 and name.startswith(FLOAT8) else torch.float16
