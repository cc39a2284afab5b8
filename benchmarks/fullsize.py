"""The full-size architecture: ViT-L/14 and Stable unCLIP's 870 M UNet at 768², random weights.

The weights are saved once in their real layouts (5 GB) and then used as real ones are: by init,
ingest and restore. The output is noise; measured are the seconds per step, those of the bare UNet
call of the same shape in the same process, and the peak memory; and the same of a detail, with
as many coded steps of CODEWORDS codewords, written and read.
"""

from __future__ import annotations

import json
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from archive.archive import Archive
from archive.detail.schedule import DetailSchedule
from archive.imaging.encode import save_image
from archive.models.device import DeviceConfig
from archive.models.pairs import find_pair
from archive.models.sampling import Sampling
from archive.records import DetailScheduleRecord
from archive.restore.run import Restored
from archive.settings import Settings
from archive.store.clock import utc_now
from training.scenes import draw_scene

CODEWORDS = 10  # of a coded step
UNET: dict[str, Any] = {
    "sample_size": 96,
    "block_out_channels": (320, 640, 1280, 1280),
    "cross_attention_dim": 1024,
    "attention_head_dim": (5, 10, 20, 20),
    "use_linear_projection": True,
    "class_embed_type": "projection",
    "projection_class_embeddings_input_dim": 1536,
}
VAE: dict[str, Any] = {
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 2,
    "latent_channels": 4,
    "sample_size": 768,
}
TEXT: dict[str, Any] = {
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_hidden_layers": 23,
    "num_attention_heads": 16,
}


def measure(folder: Path, steps: int, dtype: str) -> dict[str, object]:
    """→ the figures. `folder` keeps the weights."""
    if not (folder / "decoder" / "model_index.json").exists():
        save_full_size(folder)
    with tempfile.TemporaryDirectory() as temporary:
        image = Path(temporary, "image.png")
        save_image(image, draw_scene(1, size=(1024, 1024)).pixels)
        settings = Settings(str(Path(temporary, "archive")))
        Archive.create(settings, find_pair(str(folder))).close()
        with Archive(settings, device=DeviceConfig("", dtype)) as archive:
            list(archive.ingest([str(image)]))
            sampling = Sampling(steps=steps)
            restored, step_times = _timed_restore(archive, Path(temporary, "row"), sampling)
            bare = _bare_step(archive.decoder, len(step_times))
            peak = _peak_memory()
            detail = _detail(archive, Path(temporary, "detail"), sampling)
    return {
        "dtype": dtype,
        "image": f"{restored.width} x {restored.height}",
        "seconds_per_image": restored.seconds,
        "steps": len(step_times) + 1,
        "seconds_per_step": round(float(np.mean(step_times)), 3),
        "bare_seconds_per_step": round(bare, 3),
        "peak_memory_gib": round(peak, 2),
        **detail,
        "threads": torch.get_num_threads(),
    }


def _timed_restore(
    archive: Archive, out: Path, sampling: Sampling
) -> tuple[Restored, npt.NDArray[np.float64]]:
    """Restores the only row → what it is, and the seconds of its steps but the first."""
    times: list[float] = []

    def note_time(done: int, total: int) -> None:
        times.append(time.perf_counter())

    [restored] = archive.restore([1], out, sampling=sampling, on_step=note_time)
    return restored, np.diff(times)


def _detail(archive: Archive, out: Path, sampling: Sampling) -> dict[str, object]:
    """Figures of a detail; its schedule is made up, since fitting one takes 32 more calls."""
    timesteps = np.linspace(999, 200, sampling.steps + 1).astype(int).tolist()
    schedule = DetailSchedule(tuple(timesteps), (CODEWORDS,) * sampling.steps)
    decoder = archive.decoder.weights_sha256
    archive._store.details.add_schedule(
        DetailScheduleRecord(schedule.parameters, decoder, utc_now())
    )
    started = time.perf_counter()
    [written] = archive.write_details(archive, max_bytes=schedule.max_bytes, sampling=sampling)
    seconds = time.perf_counter() - started
    _, times = _timed_restore(archive, out, sampling)
    return {
        "detail_bytes": written.bytes,
        "detail_write_seconds": round(seconds, 1),
        "detail_seconds_per_coded_step": round(float(np.mean(times[: sampling.steps - 1])), 3),
        "detail_peak_memory_gib": round(_peak_memory(), 2),
    }


def _peak_memory() -> float:
    """GiB of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


@torch.inference_mode()
def _bare_step(decoder: Any, times: int) -> float:
    """Seconds of one UNet call on two latents of 96 × 96, after a warm-up call."""
    unet = decoder._unet
    like = next(unet.parameters())
    z = torch.randn(2, 4, 96, 96).to(like)
    prompt = torch.randn(2, 77, 1024).to(like)
    label = torch.randn(2, 1536).to(like)
    unet(z, 500, encoder_hidden_states=prompt, class_labels=label)
    started = time.perf_counter()
    for _ in range(times):
        unet(z, 500, encoder_hidden_states=prompt, class_labels=label)
    return (time.perf_counter() - started) / times


def save_full_size(folder: Path) -> None:
    """Random weights in the layouts of ViT-L-14 and of stable-diffusion-2-1-unclip-small."""
    torch.manual_seed(0)
    _save_encoder(folder / "encoder")
    _save_decoder(folder / "decoder")


def _save_encoder(folder: Path) -> None:
    import open_clip
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    model = open_clip.create_model("ViT-L-14", force_quick_gelu=True)
    config = {
        "model_cfg": open_clip.get_model_config("ViT-L-14") | {"quick_gelu": True},
        "preprocess_cfg": {},
    }
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    weights = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(weights, folder / "open_clip_model.safetensors")


def _save_decoder(folder: Path) -> None:
    import diffusers
    from diffusers.pipelines.stable_diffusion import stable_unclip_image_normalizer
    from transformers import CLIPTextConfig, CLIPTextModel

    from tests.support.pairs import save_tokenizer

    normalizer = stable_unclip_image_normalizer.StableUnCLIPImageNormalizer
    text_model: Any = CLIPTextModel
    text_config = CLIPTextConfig(**TEXT, hidden_act="gelu", vocab_size=1000)
    constructors: dict[str, Callable[[], Any]] = {
        "unet": lambda: diffusers.UNet2DConditionModel(**UNET),
        "vae": lambda: diffusers.AutoencoderKL(**VAE),
        "image_normalizer": lambda: normalizer(768),
        "text_encoder": lambda: text_model(text_config),
    }
    for name, construct in constructors.items():
        construct().half().save_pretrained(folder / name, safe_serialization=True)
    scheduler = diffusers.PNDMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        skip_prk_steps=True,
    )
    scheduler.save_pretrained(folder / "scheduler")
    noiser = diffusers.DDPMScheduler(beta_schedule="squaredcos_cap_v2")
    noiser.save_pretrained(folder / "image_noising_scheduler")
    save_tokenizer(folder / "tokenizer")
    index = {"_class_name": "StableUnCLIPImg2ImgPipeline"}
    (folder / "model_index.json").write_text(json.dumps(index))
