"""A decoder of ours beside its own diffusers pipeline: both drawn with, and what each tells its model."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch

from archive.models.decoders.open import open_decoder
from archive.models.decoders.sampler import LatentDecoder
from archive.models.device import DeviceConfig
from archive.models.pairs import Pair
from archive.models.sampling import Sampling
from tests.support.families import DIMENSION

FRAME = (16, 24)  # width, height
NO_MAP = np.zeros((0, 0, 3), np.uint8)
FEW = Sampling(steps=3, guidance=4.0)
OWN_PIPELINE = 1 / 255  # what rounding to eight bits may differ by


def opened(
    folder: Path, dimension: int = DIMENSION, device: DeviceConfig | None = None
) -> LatentDecoder:
    return open_decoder(Pair("x", "", "", (str(folder),)), dimension=dimension, device=device)


def told_to(model: torch.nn.Module) -> list[dict[str, Any]]:
    """What a model is called with from now on, by the names of its parameters."""
    calls: list[dict[str, Any]] = []
    names = inspect.signature(model.forward)

    def note(_: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        bound = names.bind(*args, **kwargs).arguments
        calls.append(
            {
                name: told
                for name, told in bound.items()
                if told is not None and name != "return_dict"
            }
        )

    model.register_forward_pre_hook(note, with_kwargs=True)
    return calls


def assert_alike(one: Any, other: Any, where: str = "") -> None:
    """Two calls' arguments, whatever holds the tensors."""
    assert type(one) is type(other), where
    if isinstance(one, dict):
        assert one.keys() == other.keys(), where
        for name in one:
            assert_alike(one[name], other[name], f"{where}.{name}")
    elif isinstance(one, list | tuple):
        for left, right in zip(one, other, strict=True):
            assert_alike(left, right, where)
    else:
        assert one.shape == other.shape, where
        assert torch.allclose(one.float(), other.float(), atol=1e-4), where


def own_pipeline(name: str, folder: Path, decoder: LatentDecoder) -> Any:
    """diffusers' own pipeline on the folder, with our solver on its schedule."""
    if name == "kandinsky":
        pipeline = diffusers.KandinskyV22Pipeline.from_pretrained(folder)
    elif name == "variation":
        pipeline = diffusers.StableDiffusionImageVariationPipeline.from_pretrained(
            folder, safety_checker=None
        )
    else:
        kind = (
            diffusers.StableDiffusionXLPipeline
            if name == "large_adapter"
            else diffusers.StableDiffusionPipeline
        )
        pipeline = kind.from_pretrained(folder)
        pipeline.load_ip_adapter(
            str(folder),
            subfolder="ip_adapter",
            weight_name="ip-adapter.safetensors",
            image_encoder_folder=None,
        )
    pipeline.scheduler = diffusers.DPMSolverMultistepScheduler.from_config(
        decoder._schedule.solver.config
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def draw_with(
    pipeline: Any, name: str, vector: np.ndarray, z: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """The pipeline's picture of an embedding from this noise, (height, width, 3) of 0 … 1."""
    row = torch.from_numpy(vector)[None]
    both = torch.stack([torch.zeros_like(row), row])
    common = {
        "height": FRAME[1],
        "width": FRAME[0],
        "num_inference_steps": FEW.steps,
        "guidance_scale": FEW.guidance,
    }
    common |= {"latents": z, "output_type": "np"}
    if name == "kandinsky":  # divides a frame twice by what its autoencoder divides by once
        monkeypatch.setattr(
            "diffusers.pipelines.kandinsky2_2.pipeline_kandinsky2_2.downscale_height_and_width",
            lambda height, width, scale: (height // scale, width // scale),
        )
        return pipeline(
            image_embeds=row, negative_image_embeds=torch.zeros_like(row), **common
        ).images[0]
    if name == "variation":
        with torch.no_grad():  # an encoder that gives this very embedding, whatever it sees
            pipeline.image_encoder.visual_projection.weight.zero_()
            hook = pipeline.image_encoder.visual_projection.register_forward_hook(lambda *_: row)
            drawn = pipeline(torch.zeros(1, 3, 32, 32), **common).images[0]
            hook.remove()
        return drawn
    return pipeline("", ip_adapter_image_embeds=[both], **common).images[0]
