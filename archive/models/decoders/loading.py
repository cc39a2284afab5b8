"""A decoder's folder in diffusers' layout: found, recognised, its parts loaded. diffusers' door.

model_index.json    names the pipeline the folder was saved from; where there is none it is Stable unCLIP's
PART/config.json    and its weights, safetensors only; a scheduler has scheduler_config.json, a tokenizer its words

The schedule (noise levels, prediction type, thresholding) is the checkpoint's own; it is run by DPM-Solver++.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive.errors import ModelMissing, UsageError
from archive.models.encoder import best_device
from archive.models.hub import cached_folder, local_folder
from archive.models.pairs import DeviceConfig, Pair

if TYPE_CHECKING:
    import torch

PARTS = (
    *("unet", "vae", "movq", "scheduler", "image_normalizer", "image_noising_scheduler"),
    *("text_encoder", "tokenizer", "text_encoder_2", "tokenizer_2"),
    *(
        "decoder",
        "decoder_scheduler",
        "text_proj",
        "super_res_first",
        "super_res_last",
        "super_res_scheduler",
    ),
)
WEIGHTS = (
    "diffusion_pytorch_model",
    "model",
)  # whole or in pieces; not the other precisions beside them
KINDS = ("*.json", "*.txt", *(f"{name}{end}.safetensors" for name in WEIGHTS for end in ("", "-*")))
PATTERNS = [
    "model_index.json",
    "ip_adapter/*.safetensors",
    *(f"{part}/{kind}" for part in PARTS for kind in KINDS),
]
NEED = ("unet/config.json", "decoder/config.json")  # a folder without either is no decoder
NOISE = (
    "num_train_timesteps",
    "beta_schedule",
    "beta_start",
    "beta_end",
    "trained_betas",
    "prediction_type",
)
UNCLIP = "StableUnCLIPImg2ImgPipeline"


def decoder_folder(pair: Pair) -> Path:
    """Where a pair's decoder lies. Raises ModelMissing, UsageError where none is named."""
    if not pair.decoder:
        raise UsageError(f"the pair {pair.name} names no decoder; give one with --decoder FOLDER")
    folder = Path(pair.decoder[0])
    if folder.is_dir():
        return folder
    if folder.is_absolute():
        raise ModelMissing(f"there is no decoder in {folder}; name a folder in diffusers layout")
    return local_folder(pair.decoder, PATTERNS, need=NEED)


def is_here(place: str) -> bool:
    """Whether a decoder's folder, or the copy of a hub id, is on this machine."""
    if Path(place).is_absolute():
        return any((Path(place) / need).is_file() for need in NEED)
    return cached_folder(place, PATTERNS, need=NEED) is not None


def pipeline_of(folder: Path) -> tuple[str, dict[str, Any]]:
    """The class of the pipeline a folder was saved from, and all that model_index.json says."""
    path = folder / "model_index.json"
    index = json.loads(path.read_text()) if path.is_file() else {}
    return str(index.get("_class_name", UNCLIP)), index


def resolve_device(machine: DeviceConfig | None) -> tuple[str, torch.dtype]:
    """'' → the best device, and the numbers it is best at. Raises UsageError for a device that is not there."""
    import torch

    machine = machine or DeviceConfig()
    device = machine.device or best_device()
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise UsageError(
            f"there is no device {device!r} on this machine; leave --device out for the best"
        ) from error
    dtype: torch.dtype = getattr(
        torch, machine.dtype or ("float32" if device == "cpu" else "float16")
    )
    return device, dtype


def to_device(device: str, dtype: torch.dtype, *parts: torch.nn.Module) -> None:
    """Parts onto a device, to be drawn with; by torch's own `to`, as diffusers' warns of modules it does not have."""
    from torch.nn import Module

    for part in parts:
        Module.to(part, device, dtype).eval().requires_grad_(False)


def require_parts(folder: Path, parts: Sequence[str], kind: str) -> None:
    """Raises ModelMissing where a part of that kind of folder is not there."""
    missing = [part for part in parts if not (folder / part).is_dir()]
    if missing:
        raise ModelMissing(
            f"the decoder in {folder} lacks {', '.join(missing)}; it must be a {kind} folder"
        )


def check_dimension(folder: Path, wanted: int, dimension: int) -> None:
    """Raises UsageError where the decoder's vectors have another dimension than the archive's."""
    if wanted != dimension:
        raise UsageError(
            f"the decoder in {folder} is conditioned on vectors of {wanted} dimensions, this archive's have "
            f"{dimension}; name the decoder that belongs to its encoder"
        )


def load_part(folder: Path, part: str) -> Any:
    """A part by the class its config names, float32 on the CPU. Raises OSError."""
    import diffusers

    kind = diffusers.UNet2DConditionModel.load_config(folder / part)["_class_name"]
    return getattr(diffusers, kind).from_pretrained(folder / part, use_safetensors=True)


def load_schedule(folder: Path, part: str = "scheduler") -> tuple[Any, float | None]:
    """DPM-Solver++ on the folder's schedule, and what its own sampler clips ẑ₀ to, if it does. Raises OSError.

    A learned variance is not for this solver; conditionings leave it out of the model's output.
    """
    import diffusers

    config = diffusers.DPMSolverMultistepScheduler.load_config(folder / part)
    own = getattr(diffusers, config["_class_name"]).from_config(config).config
    noise = {
        name: own[name] for name in NOISE if name in own
    }  # its own sampler's defaults are not the solver's
    solver = diffusers.DPMSolverMultistepScheduler.from_config(
        config | noise, algorithm_type="dpmsolver++", variance_type=None
    )
    clips = own.get("clip_sample", False) and not own.get("thresholding", False)
    return solver, float(own.get("clip_sample_range", 1.0)) if clips else None
