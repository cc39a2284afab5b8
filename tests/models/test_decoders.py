"""Every family of decoders: drawn with like any other, and told exactly what its own diffusers pipeline tells it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path

import diffusers
import numpy as np
import pytest
import torch

from archive.errors import ModelMissing, UsageError
from archive.models.decoder import DecodeRequest
from archive.models.decoders.open import decoder_is_local, hub_patterns
from archive.models.device import DeviceConfig
from archive.models.pairs import Pair
from tests.support.families import DIMENSION, FAMILIES
from tests.support.pipelines import (
    FEW,
    FRAME,
    NO_MAP,
    OWN_PIPELINE,
    assert_alike,
    draw_with,
    opened,
    own_pipeline,
    told_to,
)


@pytest.fixture
def vector(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=DIMENSION).astype(np.float32)


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


LATENT = [name for name in FAMILIES if name != "karlo"]


@pytest.fixture
def folder(decoder_folders: dict[str, Path], family: str) -> Path:
    return decoder_folders[family]


@pytest.mark.parametrize("family", LATENT)
def test_a_decoder_is_told_what_its_own_pipeline_tells_it_at_every_step(
    folder: Path, family: str, vector: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoder = opened(folder)
    ours = told_to(decoder._unet)
    [drawn] = decoder.sample(
        DecodeRequest(vector[None], NO_MAP[None], [7]), frame=FRAME, sampling=FEW
    )
    pipeline = own_pipeline(family, folder, decoder)
    theirs = told_to(pipeline.unet)
    z = torch.randn(
        (1, 4, FRAME[1] // 2, FRAME[0] // 2), generator=torch.Generator().manual_seed(7)
    )
    picture = draw_with(pipeline, family, vector, z, monkeypatch)
    assert len(ours) == len(theirs) == FEW.steps
    for step, (one, other) in enumerate(zip(ours, theirs, strict=True)):
        assert_alike(one, other, f"step {step}")
    assert np.abs(drawn / 255 - picture).max() <= OWN_PIPELINE


def test_drawing_is_deterministic_and_listens_to_all_it_is_told(
    folder: Path, vector: np.ndarray
) -> None:
    decoder = opened(folder)
    grey = np.full((8, 8, 3), 128, np.uint8)
    red = np.full((8, 8, 3), (250, 20, 20), np.uint8)

    def draw(
        told: np.ndarray = vector, colors: np.ndarray = grey, seed: int = 1, **sampling: float
    ) -> np.ndarray:
        chosen = replace(FEW, **sampling)  # type: ignore[arg-type]
        [drawn] = decoder.sample(
            DecodeRequest(told[None], colors[None], [seed], 0.6), frame=FRAME, sampling=chosen
        )
        return drawn

    first = draw()
    assert first.shape == (FRAME[1], FRAME[0], 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, draw())
    others = [
        draw(told=-vector),
        draw(colors=red),
        draw(colors=NO_MAP),
        draw(seed=2),
        draw(guidance=1.0),
    ]
    others += [draw(strength=0.5), draw(low_frequency_guidance=0.5), draw(steps=5)]
    assert not any(np.array_equal(first, other) for other in others)


def test_the_schedule_is_the_checkpoints_own(folder: Path, family: str) -> None:
    place = folder / ("decoder_scheduler" if family == "karlo" else "scheduler")
    kind = json.loads((place / "scheduler_config.json").read_text())["_class_name"]
    own = getattr(diffusers, kind).from_pretrained(place)
    ours = opened(folder)._schedule.solver
    assert torch.equal(ours.alphas_cumprod, own.alphas_cumprod)
    assert ours.config.prediction_type == own.config.prediction_type


def test_a_late_start_is_the_colour_map_at_the_first_steps_noise(
    folder: Path, vector: np.ndarray
) -> None:
    decoder = opened(folder)
    calls = told_to(decoder._unet)
    colors = np.full((1, 8, 8, 3), (250, 20, 20), np.uint8)
    decoder.sample(
        DecodeRequest(vector[None], colors, [7]), frame=FRAME, sampling=replace(FEW, strength=0.4)
    )
    enlarged = torch.tensor([250.0, 20.0, 20.0])[None, :, None, None].expand(
        1, 3, FRAME[1], FRAME[0]
    )
    with torch.inference_mode():
        z_map = decoder.encode_pixels(enlarged)
    signal = decoder._schedule.solver.alphas_cumprod[400]
    noise = torch.randn(z_map.shape[1:], generator=torch.Generator().manual_seed(7))
    assert int(calls[0]["timestep"]) == 400
    assert torch.allclose(
        calls[0]["sample"][0], signal.sqrt() * z_map[0] + (1 - signal).sqrt() * noise, atol=1e-4
    )


def test_a_dimension_that_does_not_fit_is_refused_in_one_sentence(folder: Path) -> None:
    with pytest.raises(UsageError, match="16 dimensions, this archive's have 768") as caught:
        opened(folder, dimension=768)
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_fetched_of_a_hub_repository_is_enough(
    folder: Path, family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / f"models--someone--{family}"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("a" * 40)
    for path in folder.rglob("*.*"):
        place = path.relative_to(folder)
        if any(fnmatch(place.as_posix(), pattern) for pattern in hub_patterns()):
            (repository / "snapshots" / ("a" * 40) / place).parent.mkdir(
                parents=True, exist_ok=True
            )
            shutil.copy(path, repository / "snapshots" / ("a" * 40) / place)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert decoder_is_local(Pair("x", "", "", (f"someone/{family}",)))
    assert decoder_is_local(Pair("x", "", "", (str(folder),)))
    assert opened(Path(f"someone/{family}")).weights_sha256 == opened(folder).weights_sha256


def test_a_folder_without_its_autoencoder_says_so(
    folder: Path, family: str, tmp_path: Path
) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    part = {"kandinsky": "movq", "karlo": "super_res_last"}.get(family, "vae")
    shutil.rmtree(tmp_path / "copy" / part)
    with pytest.raises(ModelMissing, match=f"lacks {part}"):
        opened(tmp_path / "copy")


def test_a_picture_is_the_same_whatever_is_drawn_beside_it(
    folder: Path, rng: np.random.Generator
) -> None:
    decoder = opened(folder)
    vectors = rng.normal(size=(3, DIMENSION)).astype(np.float32)
    maps = rng.integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)

    def draw(*rows: int) -> list[np.ndarray]:
        picked = list(rows)
        return decoder.sample(
            DecodeRequest(vectors[picked], maps[picked], picked), frame=FRAME, sampling=FEW
        )

    alone = [draw(row)[0] for row in range(3)]
    assert all(np.array_equal(one, other) for one, other in zip(alone, draw(0, 1, 2), strict=True))
    decoder.batch_size = 3  # as on an accelerator
    first, *others = draw(0, 1, 2)
    assert np.array_equal(first, draw(0)[0])
    assert np.array_equal(first, draw(0, 2)[0])
    for one, other in zip(
        alone, [first, *others], strict=True
    ):  # another place in a batch is another order of sums
        assert np.abs(one.astype(int) - other).mean() < 2


def test_weights_that_are_not_safetensors_are_missing(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    for path in (tmp_path / "copy").rglob("diffusion_pytorch_model.safetensors"):
        path.rename(path.with_suffix(".bin"))
    with pytest.raises(ModelMissing, match="cannot be loaded") as caught:
        opened(tmp_path / "copy")
    assert "\n" not in str(caught.value)


def test_half_the_numbers_are_enough(folder: Path, vector: np.ndarray) -> None:
    decoder = opened(folder, device=DeviceConfig("cpu", "bfloat16"))
    colors = np.full((1, 8, 8, 3), 128, np.uint8)
    [drawn] = decoder.sample(DecodeRequest(vector[None], colors, [1]), frame=FRAME, sampling=FEW)
    assert drawn.shape == (FRAME[1], FRAME[0], 3)
    assert decoder.weights_sha256 == opened(folder).weights_sha256


def test_a_pipeline_that_takes_no_embedding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": "FluxPipeline"}))
    with pytest.raises(UsageError, match="is a FluxPipeline"):
        opened(tmp_path)
