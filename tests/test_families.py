"""Every family of decoders: drawn with like any other, and told exactly what its own diffusers pipeline tells it."""

from __future__ import annotations

import inspect
import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from transformers import CLIPImageProcessor

from archive.errors import ModelMissing, UsageError
from archive.models.decoder import Told
from archive.models.families import open_decoder
from archive.models.latent import LatentDecoder
from archive.models.pairs import Machine, Pair, Sampling
from tests.families import DIMENSION, FAMILIES, index_of, save_family, vision

NO_MAP = np.zeros((0, 0, 3), np.uint8)
FEW = Sampling(steps=3, guidance=4.0)
FRAME = (16, 24)  # width, height
OWN_PIPELINE = 1 / 255  # what rounding to eight bits may differ by


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A decoder of each family."""
    place = tmp_path_factory.mktemp("families")
    for name in FAMILIES:
        save_family(name, place / name)
    return {name: place / name for name in FAMILIES}


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


LATENT = [name for name in FAMILIES if name != "karlo"]


@pytest.fixture
def folder(folders: dict[str, Path], family: str) -> Path:
    return folders[family]


@pytest.fixture
def vector(noise: np.random.Generator) -> np.ndarray:
    return noise.normal(size=DIMENSION).astype(np.float32)


def opened(folder: Path, dimension: int = DIMENSION, machine: Machine | None = None) -> LatentDecoder:
    return open_decoder(Pair("x", "", "", (str(folder),)), dimension=dimension, machine=machine)


def told_to(model: torch.nn.Module) -> list[dict[str, Any]]:
    """What a model is called with from now on, by the names of its parameters."""
    calls: list[dict[str, Any]] = []
    names = inspect.signature(model.forward)

    def note(_: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        bound = names.bind(*args, **kwargs).arguments
        calls.append({name: told for name, told in bound.items() if told is not None and name != "return_dict"})

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
        pipeline = diffusers.StableDiffusionImageVariationPipeline.from_pretrained(folder, safety_checker=None)
    else:
        kind = diffusers.StableDiffusionXLPipeline if name == "large_adapter" else diffusers.StableDiffusionPipeline
        pipeline = kind.from_pretrained(folder)
        pipeline.load_ip_adapter(
            str(folder), subfolder="ip_adapter", weight_name="ip-adapter.safetensors", image_encoder_folder=None
        )
    pipeline.scheduler = diffusers.DPMSolverMultistepScheduler.from_config(decoder._scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def draw_with(pipeline: Any, name: str, vector: np.ndarray, z: torch.Tensor, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The pipeline's picture of an embedding from this noise, (height, width, 3) of 0 … 1."""
    row = torch.from_numpy(vector)[None]
    both = torch.stack([torch.zeros_like(row), row])
    common = {"height": FRAME[1], "width": FRAME[0], "num_inference_steps": FEW.steps, "guidance_scale": FEW.guidance}
    common |= {"latents": z, "output_type": "np"}
    if name == "kandinsky":  # divides a frame twice by what its autoencoder divides by once
        monkeypatch.setattr(
            "diffusers.pipelines.kandinsky2_2.pipeline_kandinsky2_2.downscale_height_and_width",
            lambda height, width, scale: (height // scale, width // scale),
        )
        return pipeline(image_embeds=row, negative_image_embeds=torch.zeros_like(row), **common).images[0]
    if name == "variation":
        with torch.no_grad():  # an encoder that gives this very embedding, whatever it sees
            pipeline.image_encoder.visual_projection.weight.zero_()
            hook = pipeline.image_encoder.visual_projection.register_forward_hook(lambda *_: row)
            drawn = pipeline(torch.zeros(1, 3, 32, 32), **common).images[0]
            hook.remove()
        return drawn
    return pipeline("", ip_adapter_image_embeds=[both], **common).images[0]


@pytest.mark.parametrize("family", LATENT)
def test_a_decoder_is_told_what_its_own_pipeline_tells_it_at_every_step(
    folder: Path, family: str, vector: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoder = opened(folder)
    ours = told_to(decoder._unet)
    [drawn] = decoder.draw(Told(vector[None], NO_MAP[None], [7]), frame=FRAME, sampling=FEW)
    pipeline = own_pipeline(family, folder, decoder)
    theirs = told_to(pipeline.unet)
    z = torch.randn((1, 4, FRAME[1] // 2, FRAME[0] // 2), generator=torch.Generator().manual_seed(7))
    picture = draw_with(pipeline, family, vector, z, monkeypatch)
    assert len(ours) == len(theirs) == FEW.steps
    for step, (one, other) in enumerate(zip(ours, theirs, strict=True)):
        assert_alike(one, other, f"step {step}")
    assert np.abs(drawn / 255 - picture).max() <= OWN_PIPELINE


def test_drawing_is_deterministic_and_listens_to_all_it_is_told(folder: Path, vector: np.ndarray) -> None:
    decoder = opened(folder)
    grey, red = np.full((8, 8, 3), 128, np.uint8), np.full((8, 8, 3), (250, 20, 20), np.uint8)

    def draw(told: np.ndarray = vector, colors: np.ndarray = grey, seed: int = 1, **sampling: float) -> np.ndarray:
        chosen = replace(FEW, **sampling)  # type: ignore[arg-type]
        [drawn] = decoder.draw(Told(told[None], colors[None], [seed], 0.6), frame=FRAME, sampling=chosen)
        return drawn

    first = draw()
    assert first.shape == (FRAME[1], FRAME[0], 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, draw())
    others = [draw(told=-vector), draw(colors=red), draw(colors=NO_MAP), draw(seed=2), draw(guidance=1.0)]
    others += [draw(t_start=0.5), draw(consistency=0.5), draw(steps=5)]
    assert not any(np.array_equal(first, other) for other in others)


def test_the_schedule_is_the_checkpoints_own(folder: Path, family: str) -> None:
    place = folder / ("decoder_scheduler" if family == "karlo" else "scheduler")
    kind = json.loads((place / "scheduler_config.json").read_text())["_class_name"]
    own, ours = getattr(diffusers, kind).from_pretrained(place), opened(folder)._scheduler
    assert torch.equal(ours.alphas_cumprod, own.alphas_cumprod)
    assert ours.config.prediction_type == own.config.prediction_type


def test_karlo_is_told_what_its_own_pipeline_tells_it_and_enlarges_alike(
    folders: dict[str, Path], vector: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoder = opened(folders["karlo"])
    ours = told_to(decoder._unet)
    decoder.draw(Told(vector[None], NO_MAP[None], [7]), frame=(16, 16), sampling=FEW)
    kind = diffusers.UnCLIPImageVariationPipeline
    monkeypatch.setattr(diffusers.pipelines, "unclip", sys.modules[kind.__module__], raising=False)  # since moved
    pipeline = kind.from_pretrained(folders["karlo"])
    pipeline.set_progress_bar_config(disable=True)
    theirs, super_seed, small = told_to(pipeline.decoder), torch.Generator().manual_seed(0), []
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


def test_a_late_start_is_the_colour_map_at_the_first_steps_noise(folder: Path, vector: np.ndarray) -> None:
    decoder = opened(folder)
    calls, colors = told_to(decoder._unet), np.full((1, 8, 8, 3), (250, 20, 20), np.uint8)
    decoder.draw(Told(vector[None], colors, [7]), frame=FRAME, sampling=replace(FEW, t_start=0.4))
    enlarged = torch.tensor([250.0, 20.0, 20.0])[None, :, None, None].expand(1, 3, FRAME[1], FRAME[0])
    with torch.inference_mode():
        z_map = decoder.encode_pixels(enlarged)
    signal = decoder._scheduler.alphas_cumprod[400]
    noise = torch.randn(z_map.shape[1:], generator=torch.Generator().manual_seed(7))
    assert int(calls[0]["timestep"]) == 400
    assert torch.allclose(calls[0]["sample"][0], signal.sqrt() * z_map[0] + (1 - signal).sqrt() * noise, atol=1e-4)


def test_a_dimension_that_does_not_fit_is_refused_in_one_sentence(folder: Path) -> None:
    with pytest.raises(UsageError, match="16 dimensions, this archive's have 768") as caught:
        opened(folder, dimension=768)
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_without_its_autoencoder_says_so(folder: Path, family: str, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    part = {"kandinsky": "movq", "karlo": "super_res_last"}.get(family, "vae")
    shutil.rmtree(tmp_path / "copy" / part)
    with pytest.raises(ModelMissing, match=f"lacks {part}"):
        opened(tmp_path / "copy")


def test_half_the_numbers_are_enough(folder: Path, vector: np.ndarray) -> None:
    decoder = opened(folder, machine=Machine("cpu", "bfloat16"))
    colors = np.full((1, 8, 8, 3), 128, np.uint8)
    [drawn] = decoder.draw(Told(vector[None], colors, [1]), frame=FRAME, sampling=FEW)
    assert drawn.shape == (FRAME[1], FRAME[0], 3)
    assert decoder.weights_sha256 == opened(folder).weights_sha256


def test_the_adapter_is_part_of_the_weights(folders: dict[str, Path], tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    shutil.copytree(folders["adapter"], tmp_path / "copy")
    path = tmp_path / "copy" / "ip_adapter" / "ip-adapter.safetensors"
    save_file({name: 2 * tensor for name, tensor in load_file(path).items()}, path)
    assert opened(tmp_path / "copy").weights_sha256 != opened(folders["adapter"]).weights_sha256


def test_stable_diffusion_without_a_fitting_adapter_is_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    from safetensors.torch import save_file

    shutil.copytree(folders["adapter"], tmp_path / "copy")
    adapter = tmp_path / "copy" / "ip_adapter" / "ip-adapter.safetensors"
    save_file({"image_proj.latents": torch.zeros(1, 16, 8), "ip_adapter.1.to_k_ip.weight": torch.zeros(1)}, adapter)
    with pytest.raises(UsageError, match="no adapter for the pooled embedding"):
        opened(tmp_path / "copy")
    adapter.unlink()
    with pytest.raises(ModelMissing, match="only through an IP-Adapter"):
        opened(tmp_path / "copy")


def test_xls_autoencoder_keeps_whole_numbers_where_halves_overflow(folders: dict[str, Path]) -> None:
    decoder = opened(folders["large_adapter"], machine=Machine("cpu", "float16"))
    z = decoder.encode_pixels(torch.full((1, 3, 16, 16), 128.0))
    whole = opened(folders["large_adapter"]).encode_pixels(torch.full((1, 3, 16, 16), 128.0))
    assert torch.equal(z, whole)
    assert next(decoder._unet.parameters()).dtype == torch.float16


@pytest.mark.parametrize("zeros", [True, False])
def test_xls_unconditional_prompt_is_what_its_pipeline_makes_of_none(
    folders: dict[str, Path], tmp_path: Path, zeros: bool
) -> None:
    shutil.copytree(folders["large_adapter"], tmp_path / "copy")
    index = index_of(tmp_path / "copy") | {"force_zeros_for_empty_prompt": zeros}
    (tmp_path / "copy" / "model_index.json").write_text(json.dumps(index))
    pipeline = diffusers.StableDiffusionXLPipeline.from_pretrained(tmp_path / "copy")
    with torch.no_grad():
        told, without, pooled, pooled_without = pipeline.encode_prompt("", device="cpu")
    prompt = opened(tmp_path / "copy")._conditioning._prompt  # type: ignore[attr-defined]
    assert torch.allclose(prompt.hidden, torch.cat([without, told]), atol=1e-5)
    assert torch.allclose(prompt.pooled, torch.cat([pooled_without, pooled]), atol=1e-5)
    assert bool(prompt.hidden[0].any()) != zeros


def test_a_pipeline_that_takes_no_embedding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": "FluxPipeline"}))
    with pytest.raises(UsageError, match="is a FluxPipeline"):
        opened(tmp_path)


def test_kandinskys_unconditional_embedding_is_the_grey_pictures_where_its_encoder_is_there(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    shutil.copytree(folders["kandinsky"], tmp_path / "copy")
    encoder = vision()
    encoder.save_pretrained(tmp_path / "copy" / "image_encoder")
    decoder = opened(tmp_path / "copy")
    calls = told_to(decoder._unet)
    decoder.draw(Told(np.ones((1, DIMENSION), np.float32), NO_MAP[None], [1]), frame=FRAME, sampling=FEW)
    grey = CLIPImageProcessor(size=32, crop_size=32, do_rescale=False, do_normalize=False)(
        np.zeros((32, 32, 3), np.float32), return_tensors="pt"
    )
    with torch.no_grad():
        expected = encoder.eval()(grey.pixel_values).image_embeds[0]
    assert expected.abs().max() > 0
    assert torch.allclose(calls[0]["added_cond_kwargs"]["image_embeds"][0], expected, atol=1e-5)


def test_a_sampler_that_clips_is_followed_in_every_foreseen_picture(
    folders: dict[str, Path], tmp_path: Path, vector: np.ndarray
) -> None:
    shutil.copytree(folders["kandinsky"], tmp_path / "copy")
    path = tmp_path / "copy" / "scheduler" / "scheduler_config.json"
    bound = {"clip_sample": True, "clip_sample_range": 0.01}
    path.write_text(json.dumps(json.loads(path.read_text()) | bound))
    decoder = opened(tmp_path / "copy")
    seen: list[torch.Tensor] = []
    decoder._autoencoder.decode = lambda z: seen.append(z) or torch.zeros(1, 3, 24, 16)  # type: ignore[method-assign, func-returns-value]
    decoder.draw(Told(vector[None], NO_MAP[None], [1]), frame=FRAME, sampling=FEW)
    assert float(seen[0].abs().max()) == pytest.approx(0.01, rel=0.01)
