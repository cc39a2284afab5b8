"""Every family of decoders works alike, and passes its UNet what diffusers' pipeline passes."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import pytest
import torch

from archive.errors import ModelMissing, UsageError
from archive.models.decoder import DecodeRequest
from archive.models.decoders.open import DECODERS, decoder_is_local, hub_patterns
from archive.models.device import DeviceConfig
from tests.support.families import DIMENSION, FAMILIES
from tests.support.pipelines import (
    FEW_STEPS,
    FRAME,
    NO_MAP,
    RED_MAP,
    ROUNDING,
    assert_same_arguments,
    decoder_pair,
    diffusers_pipeline,
    open_folder,
    record_calls,
    run_pipeline,
    sample_image,
)

DOCS = Path(__file__).resolve().parents[2] / "docs" / "restoring.md"
LATENT_FAMILIES = [name for name in FAMILIES if name != "karlo"]
COMMIT = "a" * 40


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def folder(decoder_folders: dict[str, Path], family: str) -> Path:
    return decoder_folders[family]


@pytest.mark.parametrize("family", LATENT_FAMILIES)
def test_the_unet_gets_what_diffusers_own_pipeline_passes_at_every_step(
    folder: Path, family: str, vector: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoder = open_folder(folder)
    ours = record_calls(decoder._unet)
    image = sample_image(decoder, vector, NO_MAP, seed=7)
    pipeline = diffusers_pipeline(family, folder, decoder)
    theirs = record_calls(pipeline.unet)
    width, height = FRAME
    generator = torch.Generator().manual_seed(7)
    z = torch.randn((1, 4, height // 2, width // 2), generator=generator)
    expected = run_pipeline(pipeline, family, vector, z, monkeypatch)
    assert len(ours) == len(theirs) == FEW_STEPS.steps
    for step, (our_call, their_call) in enumerate(zip(ours, theirs, strict=True)):
        assert_same_arguments(our_call, their_call, f"step {step}")
    assert np.abs(image / 255 - expected).max() <= ROUNDING


def test_sampling_is_deterministic_and_depends_on_every_parameter(
    folder: Path, vector: np.ndarray
) -> None:
    decoder = open_folder(folder)
    first = sample_image(decoder, vector)
    assert first.shape == (FRAME[1], FRAME[0], 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, sample_image(decoder, vector))
    others = [
        sample_image(decoder, -vector),
        sample_image(decoder, vector, RED_MAP),
        sample_image(decoder, vector, NO_MAP),
        sample_image(decoder, vector, seed=2),
    ]
    for parameters in (
        {"guidance": 1.0},
        {"strength": 0.5},
        {"low_frequency_guidance": 0.5},
        {"steps": 5},
    ):
        sampling = replace(FEW_STEPS, **parameters)
        others.append(sample_image(decoder, vector, sampling=sampling))
    assert not any(np.array_equal(first, other) for other in others)


def test_sampling_starts_from_the_color_map_at_the_first_steps_noise(
    folder: Path, vector: np.ndarray
) -> None:
    decoder = open_folder(folder)
    calls = record_calls(decoder._unet)
    sample_image(decoder, vector, RED_MAP, seed=7, sampling=replace(FEW_STEPS, strength=0.4))
    red = torch.tensor(RED_MAP[0, 0]).float()[None, :, None, None]
    with torch.inference_mode():
        z_map = decoder.encode_pixels(red.expand(1, 3, FRAME[1], FRAME[0]))
    alpha_bar = decoder._schedule.alpha_bar(400)
    noise = torch.randn(z_map.shape[1:], generator=torch.Generator().manual_seed(7))
    expected = alpha_bar.sqrt() * z_map[0] + (1 - alpha_bar).sqrt() * noise
    assert int(calls[0]["timestep"]) == 400
    assert torch.allclose(calls[0]["sample"][0], expected, atol=1e-4)


def test_an_image_is_the_same_whatever_else_is_in_the_request(
    folder: Path, rng: np.random.Generator
) -> None:
    decoder = open_folder(folder)
    vectors = rng.normal(size=(3, DIMENSION)).astype(np.float32)
    maps = rng.integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)

    def sample(*rows: int) -> list[np.ndarray]:
        request = DecodeRequest(vectors[list(rows)], maps[list(rows)], rows)
        return decoder.sample(request, frame=FRAME, sampling=FEW_STEPS)

    alone = [sample(row)[0] for row in range(3)]
    assert np.array_equal(alone, sample(0, 1, 2))
    decoder.batch_size = 3  # as on an accelerator
    batch = sample(0, 1, 2)
    assert np.array_equal(batch[0], sample(0)[0])
    assert np.array_equal(batch[0], sample(0, 2)[0])
    # another position in a batch is another order of summation
    differences = np.abs(np.stack(alone).astype(int) - batch)
    assert differences.mean(axis=(1, 2, 3)).max() < 2


def test_bfloat16_samples_too_and_the_digest_stays(folder: Path, vector: np.ndarray) -> None:
    decoder = open_folder(folder, device=DeviceConfig("cpu", "bfloat16"))
    assert sample_image(decoder, vector).shape == (FRAME[1], FRAME[0], 3)
    assert decoder.weights_sha256 == open_folder(folder).weights_sha256


def test_what_is_downloaded_of_a_hub_repository_is_enough(
    folder: Path, family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / f"models--someone--{family}"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(COMMIT)
    for path in folder.rglob("*.*"):
        name = path.relative_to(folder)
        if any(fnmatch(name.as_posix(), pattern) for pattern in hub_patterns()):
            copy = repository / "snapshots" / COMMIT / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert decoder_is_local(decoder_pair(f"someone/{family}"))
    assert decoder_is_local(decoder_pair(folder))
    from_hub = open_folder(Path(f"someone/{family}"))
    assert from_hub.weights_sha256 == open_folder(folder).weights_sha256


def test_a_dimension_that_does_not_fit_is_refused_in_one_sentence(folder: Path) -> None:
    with pytest.raises(UsageError, match="16 dimensions, this archive's have 768") as raised:
        open_folder(folder, dimension=768)
    assert str(folder) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_folder_without_its_autoencoder_says_so(
    folder: Path, family: str, tmp_path: Path
) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    part = {"kandinsky": "movq", "karlo": "super_res_last"}.get(family, "vae")
    shutil.rmtree(tmp_path / "copy" / part)
    with pytest.raises(ModelMissing, match=f"lacks {part}"):
        open_folder(tmp_path / "copy")


def test_weights_that_are_not_safetensors_count_as_missing(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    for path in (tmp_path / "copy").rglob("diffusion_pytorch_model.safetensors"):
        path.rename(path.with_suffix(".bin"))
    with pytest.raises(ModelMissing, match="cannot be loaded") as raised:
        open_folder(tmp_path / "copy")
    assert "\n" not in str(raised.value)


def test_a_pipeline_without_an_image_embedding_is_refused_and_supported_ones_are_named(
    tmp_path: Path,
) -> None:
    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": "FluxPipeline"}))
    with pytest.raises(UsageError, match="is a FluxPipeline") as raised:
        open_folder(tmp_path)
    assert all(name in str(raised.value) for spec in DECODERS for name in spec.pipelines)


def test_families_have_names_and_pipelines_of_their_own() -> None:
    pipelines = [name for spec in DECODERS for name in spec.pipelines]
    assert len(set(pipelines)) == len(pipelines)
    assert len({spec.name for spec in DECODERS}) == len(DECODERS)


def test_the_page_about_restoring_lists_every_family_with_its_default_guidance() -> None:
    page = DOCS.read_text()
    for spec in DECODERS:
        row = f"| {spec.name} | {spec.encoders} | {spec.guidance:g} | {spec.summary} |"
        assert row in re.sub(" +", " ", page)
