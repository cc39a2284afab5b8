"""Trained parts → the pocket pair's folder, in the layouts that the two doors read, all weights safetensors.

Weights are fp16; the encoder's matrices named EIGHT_BITS are float8 (e4m3: to one part in sixteen), which torch widens
as it loads them. That float16_codec the text encoder, most of which is its table of words.

encoder/   open_clip_config.json, open_clip_model.safetensors                  (open_clip's local-dir layout)
decoder/   unet, vae, scheduler, image_normalizer, image_noising_scheduler     (Stable unCLIP's, without a prompt)
           upscaler                                                            (archive.models.decoders.upscaler's)
codecs/    `klt` at KLT_RATES, and least squares for one-bit codes, fitted to this pair's embeddings
"""

from __future__ import annotations

import json
from pathlib import Path

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
from archive.models.decoders.upscaler import save_upscaler
from archive.models.encoder import OpenClipEncoder
from archive.models.pairs import find_pair
from training import image_encoder, text_encoder
from training.corpus import Corpus
from training.denoiser import Space, embedding_noiser, noise_scheduler
from training.frames import embed

SCENES = 1500  # that codecs are fitted to, beside the photos
EIGHT_BITS = (
    "token_embedding.",
    "transformer.",
    "text_projection",
    "visual.trunk.conv_head.",
)  # of the encoder
DEFAULT = get_spec("klt").default
KLT_RATES = ((60, 20), (DEFAULT.bits, DEFAULT.map_bits), (250, 64))  # bits of embedding and map


def export_encoder(image: nn.Module, text: nn.Module, folder: Path) -> None:
    """Both towers as one open_clip model; `text` may be a whole one, of which only the words are taken."""
    from open_clip.model import CLIP
    from safetensors.torch import save_file

    side = image_encoder.SIZES[-1][1]
    config = {
        "embed_dim": image_encoder.DIMENSION,
        "vision_cfg": {
            "timm_model_name": image_encoder.TIMM_NAME,
            "timm_pool": "avg",
            "timm_proj": "",
            "image_size": side,
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
    words = {
        name: tensor for name, tensor in text.state_dict().items() if not name.startswith("visual.")
    }
    model.load_state_dict(words, strict=False)
    model.visual.load_state_dict(image.state_dict())
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "open_clip_config.json").write_text(
        json.dumps({"model_cfg": config, "preprocess_cfg": preprocess}, indent=2)
    )
    save_file(_narrowed(model), folder / "open_clip_model.safetensors")


def export_decoder(
    unet: nn.Module, vae: nn.Module, upscaler: nn.Module, space: Space, folder: Path
) -> None:
    """UNet, autoencoder, upscaler, schedules and the embedding's normaliser as a diffusers folder."""
    from diffusers.pipelines.stable_diffusion.stable_unclip_image_normalizer import (
        StableUnCLIPImageNormalizer,
    )

    normalizer = StableUnCLIPImageNormalizer(len(space.mean))
    normalizer.mean.data = space.mean[None]
    normalizer.std.data = space.std[None]
    for name, module in (("unet", unet), ("vae", vae), ("image_normalizer", normalizer)):
        module.half().save_pretrained(folder / name, safe_serialization=True)
    save_upscaler(upscaler, folder)
    noise_scheduler().save_pretrained(folder / "scheduler")
    embedding_noiser().save_pretrained(folder / "image_noising_scheduler")


def export_codecs(folder: Path, photos: Corpus, scenery: Corpus) -> tuple[Codec, Space]:
    """Codecs fitted to what the exported encoder in `folder` makes of the pictures trained on → `klt` at its default.

    Some are procedural scenes: fitted to photos alone, `klt` spent five times the bits asked for on drawings. The space
    is that of the photos.
    """
    encoder = OpenClipEncoder(find_pair(str(folder)))
    seen = [(photos, photos.trained), (scenery, scenery.trained[:SCENES])]
    made = [
        embed(encoder, (one.photo(int(row)) for row in rows), map_side=DEFAULT.map_side)
        for one, rows in seen
    ]
    space = Space.of(made[0][0])
    vectors, maps = (np.concatenate(column) for column in zip(*made, strict=True))
    (folder / "codecs").mkdir(exist_ok=True)
    for bits, map_bits in KLT_RATES:
        codec = fit_codec("klt", vectors, maps, bits=bits, map_bits=map_bits)
        save_codec(codec, folder / "codecs" / f"klt-{bits}-{map_bits}.npz")
    squared = with_linear_decoder(coclico(vectors.shape[1], map_side=0), vectors)
    save_codec(squared, folder / "codecs" / "clip-squares.npz")
    return resolve_codec("klt", vectors.shape[1], shipped=str(folder / "codecs")), space


def load_parts(folder: Path) -> tuple[nn.Module, nn.Module, nn.Module, Space]:
    """A pair's folder → CLIP (`visual` is its image tower), autoencoder, UNet, the normaliser's space; all float32."""
    import open_clip
    from diffusers import AutoencoderDC, UNet2DConditionModel
    from diffusers.pipelines.stable_diffusion.stable_unclip_image_normalizer import (
        StableUnCLIPImageNormalizer,
    )

    clip = open_clip.create_model(f"local-dir:{folder / 'encoder'}").float().eval()
    vae = _anew(AutoencoderDC, folder / "decoder" / "vae").eval()
    unet = _anew(UNet2DConditionModel, folder / "decoder" / "unet")
    normalizer = StableUnCLIPImageNormalizer.from_pretrained(
        folder / "decoder" / "image_normalizer"
    ).float()
    space = Space(normalizer.mean.data[0], normalizer.std.data[0])
    return clip, vae.to(memory_format=torch.channels_last), unet, space


def _anew(kind: type, folder: Path) -> nn.Module:
    """A diffusers model in float32, whose configuration says nothing of where it came from."""
    from diffusers.utils import SAFETENSORS_WEIGHTS_NAME
    from safetensors.torch import load_model

    model = kind.from_config(kind.load_config(folder))  # type: ignore[attr-defined]
    load_model(model, folder / SAFETENSORS_WEIGHTS_NAME)
    return model


def _narrowed(module: nn.Module) -> dict[str, torch.Tensor]:
    """The state, matrices named EIGHT_BITS in float8, other floating-point tensors in fp16."""
    state = {name: tensor.detach().contiguous() for name, tensor in module.state_dict().items()}
    return {name: tensor.to(_kept_as(name, tensor)) for name, tensor in state.items()}


def _kept_as(name: str, tensor: torch.Tensor) -> torch.dtype:
    if not tensor.is_floating_point():
        return tensor.dtype
    return torch.float8_e4m3fn if tensor.ndim > 1 and name.startswith(EIGHT_BITS) else torch.float16
