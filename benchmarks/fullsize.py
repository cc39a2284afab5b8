"""The full-size architecture by the real path: ViT-L/14 and Stable unCLIP's 870 M UNet at 768², random weights.

Weights are drawn, saved once in the true layouts (5 GB) and then used as real ones are: by init, ingest and restore.
What comes out is noise; what is measured is seconds a step beside the bare UNet call of the same shape in the same
process, and the most memory the process held.
"""

from __future__ import annotations

import json
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from archive.archive import Archive
from archive.imaging.encode import save_image
from archive.models.device import DeviceConfig
from archive.models.pairs import find_pair
from archive.models.sampling import Sampling
from archive.settings import Settings
from training.scenes import draw_scene

UNET = {
    "sample_size": 96,
    "block_out_channels": (320, 640, 1280, 1280),
    "cross_attention_dim": 1024,
    "attention_head_dim": (5, 10, 20, 20),
    "use_linear_projection": True,
    "class_embed_type": "projection",
    "projection_class_embeddings_input_dim": 1536,
}
VAE = {
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 2,
    "latent_channels": 4,
    "sample_size": 768,
}
TEXT = {
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_hidden_layers": 23,
    "num_attention_heads": 16,
}


def measure(folder: Path, steps: int, dtype: str) -> dict[str, object]:
    """→ the figures. `folder` keeps the weights."""
    if not (folder / "decoder" / "model_index.json").exists():
        save_full_size(folder)
    with tempfile.TemporaryDirectory() as place:
        save_image(Path(place, "picture.png"), draw_scene(1, size=(1024, 1024)).pixels)
        Archive.create(Settings(place + "/archive"), find_pair(str(folder))).close()
        with Archive(Settings(place + "/archive"), machine=DeviceConfig("", dtype)) as archive:
            list(archive.ingest([place + "/picture.png"]))
            told: list[float] = []
            sampling = Sampling(steps=steps)
            [one] = archive.restore(
                [1],
                Path(place),
                sampling=sampling,
                on_step=lambda done, of: told.append(time.perf_counter()),
            )
            bare = _bare(archive.decoder, len(told) - 1)
    return {
        "dtype": dtype,
        "picture": f"{one.width} x {one.height}",
        "seconds_a_picture": one.seconds,
        "steps": len(told),
        "seconds_a_step": round(float(np.mean(np.diff(told))), 3),
        "bare_seconds_a_step": round(bare, 3),
        "most_gibibytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
        "threads": torch.get_num_threads(),
    }


@torch.inference_mode()
def _bare(decoder: object, times: int) -> float:
    """Seconds of one UNet call on two latents of 96 × 96, after a first that is not counted."""
    unet = decoder._unet  # type: ignore[attr-defined]
    kind = next(unet.parameters())
    z, prompt = (torch.randn(shape).to(kind) for shape in ((2, 4, 96, 96), (2, 77, 1024)))
    label = torch.randn(2, 1536).to(kind)
    unet(z, 500, encoder_hidden_states=prompt, class_labels=label)
    started = time.perf_counter()
    for _ in range(times):
        unet(z, 500, encoder_hidden_states=prompt, class_labels=label)
    return (time.perf_counter() - started) / times


def save_full_size(folder: Path) -> None:
    """Random weights in the layouts of open_clip's ViT-L-14 and of stable-diffusion-2-1-unclip-small."""
    import diffusers
    import open_clip
    from diffusers.pipelines.stable_diffusion.stable_unclip_image_normalizer import (
        StableUnCLIPImageNormalizer,
    )
    from safetensors.torch import save_file
    from transformers import CLIPTextConfig, CLIPTextModel

    from tests.support.pairs import save_tokenizer

    torch.manual_seed(0)
    encoder = folder / "encoder"
    decoder = folder / "decoder"
    encoder.mkdir(parents=True, exist_ok=True)
    model = open_clip.create_model("ViT-L-14", force_quick_gelu=True)
    config = {
        "model_cfg": open_clip.get_model_config("ViT-L-14") | {"quick_gelu": True},
        "preprocess_cfg": {},
    }
    (encoder / "open_clip_config.json").write_text(json.dumps(config))
    save_file(
        {name: one.contiguous() for name, one in model.state_dict().items()},
        encoder / "open_clip_model.safetensors",
    )
    parts = {
        "unet": lambda: diffusers.UNet2DConditionModel(**UNET),
        "vae": lambda: diffusers.AutoencoderKL(**VAE),
        "image_normalizer": lambda: StableUnCLIPImageNormalizer(768),
        "text_encoder": lambda: CLIPTextModel(
            CLIPTextConfig(**TEXT, hidden_act="gelu", vocab_size=1000)
        ),
    }
    for name, made in parts.items():
        made().half().save_pretrained(decoder / name, safe_serialization=True)
    schedule = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
    diffusers.PNDMScheduler(
        **schedule, prediction_type="v_prediction", skip_prk_steps=True
    ).save_pretrained(decoder / "scheduler")
    diffusers.DDPMScheduler(beta_schedule="squaredcos_cap_v2").save_pretrained(
        decoder / "image_noising_scheduler"
    )
    save_tokenizer(decoder / "tokenizer")
    (decoder / "model_index.json").write_text(
        json.dumps({"_class_name": "StableUnCLIPImg2ImgPipeline"})
    )
