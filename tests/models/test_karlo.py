"""Karlo: the whole way is compared with diffusers' pipeline, super resolution included."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch

from tests.support.pipelines import (
    FEW_STEPS,
    NO_MAP,
    ROUNDING,
    assert_same_arguments,
    open_folder,
    record_calls,
    sample_image,
)


def test_the_decoder_gets_what_its_own_pipeline_passes_and_super_resolution_agrees(
    decoder_folders: dict[str, Path], vector: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = decoder_folders["karlo"]
    decoder = open_folder(folder)
    ours = record_calls(decoder._unet)
    sample_image(decoder, vector, NO_MAP, seed=7, frame=(16, 16))
    pipeline_class = diffusers.UnCLIPImageVariationPipeline
    # the module has moved since checkpoints were saved
    module = sys.modules[pipeline_class.__module__]
    monkeypatch.setattr(diffusers.pipelines, "unclip", module, raising=False)
    pipeline = pipeline_class.from_pretrained(folder)
    pipeline.set_progress_bar_config(disable=True)
    theirs = record_calls(pipeline.decoder)
    small_images: list[torch.Tensor] = []
    original_step = pipeline.decoder_scheduler.step

    def recording_step(*args: Any, generator: object, **kwargs: Any) -> Any:
        """The sampler's step, with noise of its own."""
        stepped = original_step(*args, generator=torch.Generator().manual_seed(1), **kwargs)
        small_images.append(stepped.prev_sample)
        return stepped

    pipeline.decoder_scheduler.step = recording_step
    expected = pipeline(
        image_embeddings=torch.from_numpy(vector)[None],
        decoder_num_inference_steps=FEW_STEPS.steps,
        decoder_guidance_scale=FEW_STEPS.guidance,
        decoder_latents=torch.randn((1, 3, 8, 8), generator=torch.Generator().manual_seed(7)),
        generator=torch.Generator().manual_seed(0),
        output_type="np",
    ).images[0]
    assert_same_arguments(ours[0], theirs[0])  # the samplers differ after the first step
    with torch.inference_mode():
        [enlarged] = decoder.decode_pixels(small_images[-1])
    assert np.abs(enlarged / 255 - expected).max() <= ROUNDING
