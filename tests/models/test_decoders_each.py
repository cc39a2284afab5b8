"""What is peculiar to one family of decoders."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from transformers import CLIPImageProcessor

from archive.errors import ModelMissing, UsageError
from archive.models.decoder import DecodeRequest
from archive.models.device import DeviceConfig
from tests.support.families import DIMENSION, index_of, vision
from tests.support.pipelines import FEW, FRAME, NO_MAP, OWN_PIPELINE, assert_alike, opened, told_to


@pytest.fixture
def vector(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=DIMENSION).astype(np.float32)


def test_karlo_is_told_what_its_own_pipeline_tells_it_and_enlarges_alike(
    decoder_folders: dict[str, Path], vector: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoder = opened(decoder_folders["karlo"])
    ours = told_to(decoder._unet)
    decoder.sample(DecodeRequest(vector[None], NO_MAP[None], [7]), frame=(16, 16), sampling=FEW)
    kind = diffusers.UnCLIPImageVariationPipeline
    monkeypatch.setattr(
        diffusers.pipelines, "unclip", sys.modules[kind.__module__], raising=False
    )  # since moved
    pipeline = kind.from_pretrained(decoder_folders["karlo"])
    pipeline.set_progress_bar_config(disable=True)
    theirs = told_to(pipeline.decoder)
    super_seed = torch.Generator().manual_seed(0)
    small = []
    step = pipeline.decoder_scheduler.step

    def watched(*args: Any, generator: object, **kwargs: Any) -> Any:
        """The sampler's step, with noise of its own."""
        stepped = step(*args, generator=torch.Generator().manual_seed(1), **kwargs)
        small.append(stepped.prev_sample)
        return stepped

    pipeline.decoder_scheduler.step = watched
    picture = pipeline(
        image_embeddings=torch.from_numpy(vector)[None],
        decoder_num_inference_steps=FEW.steps,
        decoder_guidance_scale=FEW.guidance,
        decoder_latents=torch.randn((1, 3, 8, 8), generator=torch.Generator().manual_seed(7)),
        generator=super_seed,
        output_type="np",
    ).images[0]
    assert_alike(ours[0], theirs[0])  # the samplers part ways after the first step
    with torch.inference_mode():
        [enlarged] = decoder.decode_pixels(small[-1])
    assert np.abs(enlarged / 255 - picture).max() <= OWN_PIPELINE


def test_the_adapter_is_part_of_the_weights(
    decoder_folders: dict[str, Path], tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    shutil.copytree(decoder_folders["adapter"], tmp_path / "copy")
    path = tmp_path / "copy" / "ip_adapter" / "ip-adapter.safetensors"
    save_file({name: 2 * tensor for name, tensor in load_file(path).items()}, path)
    assert (
        opened(tmp_path / "copy").weights_sha256
        != opened(decoder_folders["adapter"]).weights_sha256
    )


def test_an_adapter_for_another_unet_is_refused(
    decoder_folders: dict[str, Path], tmp_path: Path
) -> None:
    shutil.copytree(decoder_folders["adapter"], tmp_path / "copy")
    shutil.rmtree(tmp_path / "copy" / "ip_adapter")
    shutil.copytree(
        decoder_folders["large_adapter"] / "ip_adapter", tmp_path / "copy" / "ip_adapter"
    )
    with pytest.raises(UsageError, match="tokens of 40 values, its UNet attends to 24"):
        opened(tmp_path / "copy")


def test_stable_diffusion_without_a_fitting_adapter_is_refused(
    decoder_folders: dict[str, Path], tmp_path: Path
) -> None:
    from safetensors.torch import save_file

    shutil.copytree(decoder_folders["adapter"], tmp_path / "copy")
    adapter = tmp_path / "copy" / "ip_adapter" / "ip-adapter.safetensors"
    save_file(
        {
            "image_proj.latents": torch.zeros(1, 16, 8),
            "ip_adapter.1.to_k_ip.weight": torch.zeros(1),
        },
        adapter,
    )
    with pytest.raises(UsageError, match="not an adapter for the pooled embedding"):
        opened(tmp_path / "copy")
    adapter.unlink()
    with pytest.raises(ModelMissing, match="only through an IP-Adapter"):
        opened(tmp_path / "copy")


def test_xls_autoencoder_keeps_whole_numbers_where_halves_overflow(
    decoder_folders: dict[str, Path],
) -> None:
    decoder = opened(decoder_folders["large_adapter"], device=DeviceConfig("cpu", "float16"))
    z = decoder.encode_pixels(torch.full((1, 3, 16, 16), 128.0))
    whole = opened(decoder_folders["large_adapter"]).encode_pixels(
        torch.full((1, 3, 16, 16), 128.0)
    )
    assert torch.equal(z, whole)
    assert next(decoder._unet.parameters()).dtype == torch.float16


@pytest.mark.parametrize("zeros", [True, False])
def test_xls_unconditional_prompt_is_what_its_pipeline_makes_of_none(
    decoder_folders: dict[str, Path], tmp_path: Path, zeros: bool
) -> None:
    shutil.copytree(decoder_folders["large_adapter"], tmp_path / "copy")
    index = index_of(tmp_path / "copy") | {"force_zeros_for_empty_prompt": zeros}
    (tmp_path / "copy" / "model_index.json").write_text(json.dumps(index))
    pipeline = diffusers.StableDiffusionXLPipeline.from_pretrained(tmp_path / "copy")
    with torch.no_grad():
        told, without, pooled, pooled_without = pipeline.encode_prompt("", device="cpu")
    prompt = opened(tmp_path / "copy")._conditioning._prompt  # type: ignore[attr-defined]
    assert torch.allclose(prompt.hidden, torch.cat([without, told]), atol=1e-5)
    assert torch.allclose(prompt.pooled, torch.cat([pooled_without, pooled]), atol=1e-5)
    assert bool(prompt.hidden[0].any()) != zeros


def test_kandinskys_unconditional_embedding_is_the_grey_pictures_where_its_encoder_is_there(
    decoder_folders: dict[str, Path], tmp_path: Path
) -> None:
    shutil.copytree(decoder_folders["kandinsky"], tmp_path / "copy")
    encoder = vision()
    encoder.save_pretrained(tmp_path / "copy" / "image_encoder")
    decoder = opened(tmp_path / "copy")
    calls = told_to(decoder._unet)
    decoder.sample(
        DecodeRequest(np.ones((1, DIMENSION), np.float32), NO_MAP[None], [1]),
        frame=FRAME,
        sampling=FEW,
    )
    grey = CLIPImageProcessor(size=32, crop_size=32, do_rescale=False, do_normalize=False)(
        np.zeros((32, 32, 3), np.float32), return_tensors="pt"
    )
    with torch.no_grad():
        expected = encoder.eval()(grey.pixel_values).image_embeds[0]
    assert expected.abs().max() > 0
    assert torch.allclose(calls[0]["added_cond_kwargs"]["image_embeds"][0], expected, atol=1e-5)


def test_a_sampler_that_clips_is_followed_in_every_foreseen_picture(
    decoder_folders: dict[str, Path], tmp_path: Path, vector: np.ndarray
) -> None:
    shutil.copytree(decoder_folders["kandinsky"], tmp_path / "copy")
    path = tmp_path / "copy" / "scheduler" / "scheduler_config.json"
    bound = {"clip_sample": True, "clip_sample_range": 0.01}
    path.write_text(json.dumps(json.loads(path.read_text()) | bound))
    decoder = opened(tmp_path / "copy")
    seen: list[torch.Tensor] = []
    decoder._autoencoder.decode = lambda z: seen.append(z) or torch.zeros(1, 3, 24, 16)  # type: ignore[method-assign, func-returns-value]
    decoder.sample(DecodeRequest(vector[None], NO_MAP[None], [1]), frame=FRAME, sampling=FEW)
    assert float(seen[0].abs().max()) == pytest.approx(0.01, rel=0.01)
