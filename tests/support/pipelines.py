"""Our decoder and diffusers' own pipeline on one folder: run both, record what their UNets get."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch

from archive.models.decoder import DecodeRequest
from archive.models.decoders.open import open_decoder
from archive.models.decoders.sampler import LatentDecoder
from archive.models.device import DeviceConfig
from archive.models.pairs import Pair
from archive.models.sampling import Sampling
from tests.support.families import DIMENSION

FRAME = (16, 24)  # width, height
NO_MAP = np.zeros((0, 0, 3), np.uint8)
GRAY_MAP = np.full((8, 8, 3), 128, np.uint8)
RED_MAP = np.full((8, 8, 3), (250, 20, 20), np.uint8)
FEW_STEPS = Sampling(steps=3, guidance=4.0)
ROUNDING = 1 / 255  # what 8-bit rounding may change


def open_folder(
    folder: Path, dimension: int = DIMENSION, device: DeviceConfig | None = None
) -> LatentDecoder:
    """The decoder in a folder, or with a hub id."""
    return open_decoder(decoder_pair(folder), dimension=dimension, device=device)


def decoder_pair(folder: Path | str) -> Pair:
    """A pair without an encoder."""
    return Pair("decoder only", encoder="", pretrained="", decoder=(str(folder),))


def sample_image(
    decoder: LatentDecoder,
    vector: np.ndarray,
    colors: np.ndarray = GRAY_MAP,
    *,
    seed: int = 1,
    frame: tuple[int, int] = FRAME,
    sampling: Sampling = FEW_STEPS,
) -> np.ndarray:
    """One image, (height, width, 3) uint8."""
    request = DecodeRequest(vector[None], colors[None], [seed], alignment=0.6)
    [image] = decoder.sample(request, frame=frame, sampling=sampling)
    return image


def record_calls(model: torch.nn.Module) -> list[dict[str, Any]]:
    """The arguments of all calls of a model from now on, by parameter name."""
    calls: list[dict[str, Any]] = []
    signature = inspect.signature(model.forward)

    def record(_: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        arguments = signature.bind(*args, **kwargs).arguments
        arguments.pop("return_dict", None)
        calls.append({name: value for name, value in arguments.items() if value is not None})

    model.register_forward_pre_hook(record, with_kwargs=True)
    return calls


def assert_same_arguments(ours: Any, theirs: Any, where: str = "") -> None:
    """Compares the tensors in two calls' arguments, however they are nested."""
    assert type(ours) is type(theirs), where
    if isinstance(ours, dict):
        assert ours.keys() == theirs.keys(), where
        for name in ours:
            assert_same_arguments(ours[name], theirs[name], f"{where}.{name}")
    elif isinstance(ours, list | tuple):
        for our_item, their_item in zip(ours, theirs, strict=True):
            assert_same_arguments(our_item, their_item, where)
    else:
        assert ours.shape == theirs.shape, where
        assert torch.allclose(ours.float(), theirs.float(), atol=1e-4), where


def diffusers_pipeline(family: str, folder: Path, decoder: LatentDecoder) -> Any:
    """diffusers' own pipeline on a folder, with our solver on its schedule."""
    if family == "kandinsky":
        pipeline = diffusers.KandinskyV22Pipeline.from_pretrained(folder)
    elif family == "variation":
        pipeline = diffusers.StableDiffusionImageVariationPipeline.from_pretrained(
            folder, safety_checker=None
        )
    else:
        is_xl = family == "ip_adapter_xl"
        pipeline_class = (
            diffusers.StableDiffusionXLPipeline if is_xl else diffusers.StableDiffusionPipeline
        )
        pipeline = pipeline_class.from_pretrained(folder)
        pipeline.load_ip_adapter(
            str(folder),
            subfolder="ip_adapter",
            weight_name="ip-adapter.safetensors",
            image_encoder_folder=None,
        )
    solver_config = decoder._schedule.solver.config
    pipeline.scheduler = diffusers.DPMSolverMultistepScheduler.from_config(solver_config)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def run_pipeline(
    pipeline: Any, family: str, vector: np.ndarray, z: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """The pipeline's image for an embedding and initial noise, (height, width, 3) in 0 … 1."""
    conditional = torch.from_numpy(vector)[None]
    unconditional = torch.zeros_like(conditional)
    width, height = FRAME
    common: dict[str, Any] = {
        "height": height,
        "width": width,
        "num_inference_steps": FEW_STEPS.steps,
        "guidance_scale": FEW_STEPS.guidance,
        "latents": z,
        "output_type": "np",
    }
    if family == "kandinsky":
        # it divides a frame twice by what its autoencoder divides by once
        monkeypatch.setattr(
            "diffusers.pipelines.kandinsky2_2.pipeline_kandinsky2_2.downscale_height_and_width",
            lambda height, width, scale: (height // scale, width // scale),
        )
        common |= {"image_embeds": conditional, "negative_image_embeds": unconditional}
        return pipeline(**common).images[0]
    if family == "variation":
        # an encoder that returns this embedding, whatever it sees
        projection = pipeline.image_encoder.visual_projection
        hook = projection.register_forward_hook(lambda *_: conditional)
        image = pipeline(torch.zeros(1, 3, 32, 32), **common).images[0]
        hook.remove()
        return image
    embeds = torch.stack([unconditional, conditional])
    return pipeline("", ip_adapter_image_embeds=[embeds], **common).images[0]
