"""The two doors: the real pair's code path on tiny weights in its true layouts, and what happens without weights."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from archive.errors import ModelMissing, UsageError
from archive.imaging.resize import to_square
from archive.metrics import color_score
from archive.models.decoder import DecodeRequest
from archive.models.decoders.autoencoder import ScaledAutoencoder
from archive.models.decoders.open import open_decoder
from archive.models.decoders.sampler import (
    LatentDecoder,
    low_frequencies,
)
from archive.models.decoders.schedule import Schedule
from archive.models.decoders.unclip import GUIDANCE, ClassLabels
from archive.models.device import DeviceConfig, precision
from archive.models.encoder import OpenClipEncoder, weights_source
from archive.models.pairs import PAIRS, UNCLIP_MIRRORS, Pair, find_pair
from archive.models.sampling import Sampling
from tests.support.pairs import DIMENSION

GREY = np.full((8, 8, 3), 128, np.uint8)
NO_MAP = np.zeros((0, 0, 3), np.uint8)
FEW = Sampling(steps=4)


@pytest.fixture(scope="module")
def decoder(tiny_pair: Path) -> LatentDecoder:
    return open_decoder(find_pair(str(tiny_pair)), dimension=DIMENSION)


@pytest.fixture
def vector(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=DIMENSION).astype(np.float32)


def test_an_open_clip_folder_gives_unnormalised_vectors(
    tiny_pair: Path, rng: np.random.Generator
) -> None:
    import open_clip

    encoder = OpenClipEncoder(find_pair(str(tiny_pair)))
    pixels = rng.integers(0, 256, (50, 70, 3), dtype=np.uint8)
    [vector] = encoder.encode_images([encoder.preprocess(pixels)])
    model, _, transform = open_clip.create_model_and_transforms(
        f"local-dir:{tiny_pair / 'encoder'}"
    )
    from PIL import Image

    with torch.no_grad(), precision("cpu"):
        expected = model.eval().encode_image(
            transform(Image.fromarray(pixels))[None], normalize=False
        )[0]
    assert np.allclose(vector, expected.float().numpy(), atol=1e-5)
    assert encoder.dimension == DIMENSION
    assert abs(np.linalg.norm(vector) - 1) > 0.01


def test_fewer_bits_where_the_processor_has_them_change_a_vector_little(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = OpenClipEncoder(find_pair("pocket"))
    pictures = [
        encoder.preprocess(
            np.kron(rng.integers(0, 256, (9, 9, 3), np.uint8), np.ones((16, 16, 1), np.uint8))
        )
    ]
    [narrow] = encoder.encode_images(pictures)
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict, raising=False)
    [wide] = encoder.encode_images(pictures)
    assert narrow @ wide > 0.9995 * np.linalg.norm(narrow) * np.linalg.norm(wide)


def test_a_safetensors_file_of_a_named_model_is_loaded_like_its_tag(
    tiny_pair: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import open_clip

    config = json.loads((tiny_pair / "encoder" / "open_clip_config.json").read_text())["model_cfg"]
    (tiny_pair / "configs").mkdir(exist_ok=True)
    (tiny_pair / "configs" / "tiny-clip.json").write_text(json.dumps(config))
    open_clip.add_model_config(tiny_pair / "configs")
    by_name = OpenClipEncoder(
        Pair("x", "tiny-clip", str(tiny_pair / "encoder" / "open_clip_model.safetensors"), ())
    )
    assert by_name.weights_sha256 == OpenClipEncoder(find_pair(str(tiny_pair))).weights_sha256


def test_the_papers_pair_is_what_the_paper_used() -> None:
    repository, name, config = weights_source(PAIRS["vit-l-14"])
    assert (repository, name) == (
        "timm/vit_large_patch14_clip_224.openai",
        "open_clip_model.safetensors",
    )
    assert config["quick_gelu"] is True
    assert PAIRS["vit-l-14"].decoder == UNCLIP_MIRRORS
    assert PAIRS["vit-l-14"].sampling == Sampling(steps=20, strength=0.88)
    assert GUIDANCE == 12.0


def test_openai_weights_are_run_with_the_activation_they_were_trained_with(
    tiny_pair: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = tiny_pair / "encoder" / "open_clip_model.safetensors"
    asked: list[object] = []

    def stop_before_building(*args: object, **options: object) -> None:
        asked.append(options)
        raise InterruptedError

    monkeypatch.setattr("archive.models.encoder.local_folder", lambda *_, **__: weights.parent)
    monkeypatch.setattr("open_clip.create_model", stop_before_building)
    with pytest.raises(InterruptedError):
        OpenClipEncoder(PAIRS["vit-l-14"])
    [options] = asked
    assert options["force_quick_gelu"] is True  # type: ignore[index]
    assert options["force_preprocess_cfg"]["resize_mode"] == "shortest"  # type: ignore[index]


def test_a_hub_repository_in_the_cache_is_used_without_asking(
    tiny_pair: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from archive.models.decoders.open import REQUIRED, hub_patterns
    from archive.models.hub import local_folder

    repository = tmp_path / f"models--{UNCLIP_MIRRORS[1].replace('/', '--')}"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("a" * 40)
    shutil.copytree(tiny_pair / "decoder", repository / "snapshots" / ("a" * 40))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    folder = local_folder(UNCLIP_MIRRORS, hub_patterns(), required=REQUIRED)
    assert (folder / "unet" / "config.json").is_file()
    pair = Pair("x", "", "", UNCLIP_MIRRORS)
    assert open_decoder(pair, dimension=DIMENSION).size_multiple == 4


def test_without_a_hub_one_sentence_says_what_to_do_and_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    started = time.monotonic()
    with pytest.raises(
        ModelMissing, match=r"open_clip_model\.safetensors.*--model pocket"
    ) as caught:
        OpenClipEncoder(PAIRS["vit-l-14"])
    assert time.monotonic() - started < 15
    assert caught.value.exit_code == 12
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("nonsense", UsageError),
        ("./nowhere", UsageError),
        ("No-Such-Model/openai", UsageError),
        ("ViT-B-32/no-such-tag", UsageError),
    ],
)
def test_a_pair_that_does_not_exist_is_refused(name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        OpenClipEncoder(find_pair(name))


def test_an_incomplete_folder_says_what_it_lacks(tiny_pair: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_pair, tmp_path / "pair")
    shutil.rmtree(tmp_path / "pair" / "decoder" / "vae")
    with pytest.raises(ModelMissing, match="lacks vae"):
        open_decoder(find_pair(str(tmp_path / "pair")), dimension=DIMENSION)
    (tmp_path / "pair" / "encoder" / "open_clip_model.safetensors").unlink()
    with pytest.raises(ModelMissing, match=r"no \.safetensors"):
        OpenClipEncoder(find_pair(str(tmp_path / "pair")))
    with pytest.raises(UsageError, match="not a model pair"):
        find_pair(str(tmp_path))


def test_a_decoder_of_another_dimension_is_refused(tiny_pair: Path) -> None:
    with pytest.raises(UsageError, match="16 dimensions, this archive's have 768"):
        open_decoder(find_pair(str(tiny_pair)), dimension=768)


def test_drawing_is_deterministic_and_listens_to_everything_it_is_told(
    decoder: LatentDecoder, vector: np.ndarray
) -> None:
    def draw(
        told: np.ndarray = vector, colors: np.ndarray = GREY, seed: int = 1, **sampling: float
    ) -> np.ndarray:
        chosen = Sampling(**{"steps": 4} | sampling)  # type: ignore[arg-type]
        [drawn] = decoder.sample(
            DecodeRequest(told[None], colors[None], [seed], 0.6), frame=(32, 16), sampling=chosen
        )
        return drawn

    first = draw()
    assert first.shape == (16, 32, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, draw())
    others = [
        draw(told=-vector),
        draw(colors=NO_MAP),
        draw(seed=2),
        draw(guidance=1.0),
        draw(strength=0.5),
    ]
    others += [draw(low_frequency_guidance=0.5), draw(noise_level=500), draw(steps=5)]
    assert not any(np.array_equal(first, other) for other in others)


def test_the_start_is_the_map_noised_to_exactly_the_level_of_the_first_step(
    decoder: LatentDecoder,
) -> None:
    timesteps = decoder.timesteps(20, 0.88)
    assert timesteps[0] == 880
    assert timesteps.tolist() == sorted(timesteps.tolist(), reverse=True)
    alphas = decoder._schedule.solver.alphas_cumprod
    z_map = torch.full((1, 4, 32, 32), 3.0)
    start = decoder._initial_latents(z_map, (64, 64), [7], timesteps[0])
    assert start.mean().item() == pytest.approx(3 * alphas[880].sqrt().item(), abs=0.05)
    assert start.std().item() == pytest.approx((1 - alphas[880]).sqrt().item(), rel=0.05)


def test_every_step_is_told_the_noise_that_is_left(
    decoder: LatentDecoder, vector: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []
    unet = decoder._unet.forward
    monkeypatch.setattr(
        decoder._unet, "forward", lambda z, t, **k: told.append(int(t)) or unet(z, t, **k)
    )
    steps: list[tuple[int, int]] = []
    row = DecodeRequest(vector[None], GREY[None], [1])
    decoder.sample(
        row, frame=(16, 16), sampling=FEW, on_step=lambda done, of: steps.append((done, of))
    )
    assert told[0] == 880
    assert told == decoder.timesteps(4, 0.88).tolist()
    assert steps == [(done, len(told)) for done in range(1, len(told) + 1)]


def test_guidance_weighs_the_embedding_against_an_empty_label(
    decoder: LatentDecoder, vector: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[torch.Tensor] = []
    unet = decoder._unet.forward
    monkeypatch.setattr(
        decoder._unet, "forward", lambda *a, **k: seen.append(k["class_labels"]) or unet(*a, **k)
    )
    decoder.sample(
        DecodeRequest(vector[None], GREY[None], [1]),
        frame=(16, 16),
        sampling=Sampling(steps=1, noise_level=0),
    )
    assert not seen[0][0].any()
    assert np.allclose(seen[0][1, :DIMENSION].numpy(), vector)


def test_the_label_is_what_unclip_would_make_of_an_embedding_as_noisy_as_the_code(
    decoder: LatentDecoder,
) -> None:
    from diffusers import DDPMScheduler

    noiser = DDPMScheduler(beta_schedule="squaredcos_cap_v2")
    labels = decoder._conditioning
    for level in (50, 431, 800):
        assert labels.matching_level(float(noiser.alphas_cumprod[level])) == level
    rng = np.random.default_rng(0)
    wide = 512
    white = torch.from_numpy(rng.normal(size=(64, wide)).astype(np.float32))
    noised = noiser.add_noise(white, torch.randn_like(white), torch.tensor([431]))
    best_guess = noised * noiser.alphas_cumprod[431].sqrt()  # as a codec of that error decodes to
    labels = ClassLabels(
        decoder._unet,
        SimpleNamespace(mean=torch.zeros(1, wide), std=torch.ones(1, wide)),
        noiser.alphas_cumprod,
        None,
    )
    made = labels.labels(best_guess.numpy(), float(noiser.alphas_cumprod[431]), None)
    assert torch.allclose(
        made[:, :wide], noised * (wide**0.5 / noised.norm(dim=1, keepdim=True)), atol=1e-4
    )
    assert float(made[:, :wide].std()) == pytest.approx(float(noised.std()), rel=0.02)


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction", "sample"])
def test_a_pull_moves_what_is_foreseen_and_nothing_else(kind: str) -> None:
    out, z, pull = torch.randn(3, 2, 4, 8, 8)
    config = SimpleNamespace(prediction_type=kind)
    schedule = Schedule(SimpleNamespace(alphas_cumprod=torch.tensor([0.3]), config=config))
    moved = schedule.predict_x0(schedule.model_output_for_x0(out, pull, 0), z, 0)
    assert torch.allclose(moved, schedule.predict_x0(out, z, 0) + pull, atol=1e-4)
    assert torch.allclose(low_frequencies(torch.full((1, 4, 12, 20), 2.0), 8), torch.tensor(2.0))


def test_consistency_brings_the_pictures_colours_nearer_to_the_map(tiny_pair: Path) -> None:
    pocket = open_decoder(PAIRS["pocket"], dimension=512)
    colors = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    row = DecodeRequest(np.zeros((1, 512), np.float32), colors[None], [1], 0.6)

    def error(share: float) -> float:
        [drawn] = pocket.sample(
            row,
            frame=(128, 128),
            sampling=replace(PAIRS["pocket"].sampling, low_frequency_guidance=share),
        )
        return color_score(to_square(drawn, 8), colors)

    assert error(0.5) < error(0.0)


def test_a_picture_is_the_same_whatever_is_drawn_beside_it(
    tiny_pair: Path, rng: np.random.Generator
) -> None:
    decoder = open_decoder(find_pair(str(tiny_pair)), dimension=DIMENSION)
    vectors = rng.normal(size=(7, DIMENSION)).astype(np.float32)
    maps = rng.integers(0, 256, (7, 8, 8, 3), dtype=np.uint8)
    drawn = decoder.sample(DecodeRequest(vectors, maps, range(7)), frame=(16, 24), sampling=FEW)
    for rows in ([3], [6, 3], [3, 0, 1, 2, 5]):
        again = decoder.sample(
            DecodeRequest(vectors[rows], maps[rows], rows), frame=(16, 24), sampling=FEW
        )
        assert np.array_equal(again[rows.index(3)], drawn[3])


@pytest.mark.parametrize("device", ["nonsense", "cuda:99"])
def test_a_device_that_is_not_there_is_refused(tiny_pair: Path, device: str) -> None:
    with pytest.raises(UsageError, match="has no device"):
        open_decoder(find_pair(str(tiny_pair)), dimension=DIMENSION, device=DeviceConfig(device))


@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
def test_a_decoder_runs_in_the_numbers_asked_for(tiny_pair: Path, dtype: str) -> None:
    decoder = open_decoder(
        find_pair(str(tiny_pair)), dimension=DIMENSION, device=DeviceConfig("cpu", dtype)
    )
    row = DecodeRequest(np.ones((1, DIMENSION), np.float32), GREY[None], [1])
    [drawn] = decoder.sample(row, frame=(16, 16), sampling=FEW)
    assert drawn.shape == (16, 16, 3)
    assert (
        decoder.weights_sha256
        == open_decoder(find_pair(str(tiny_pair)), dimension=DIMENSION).weights_sha256
    )


def test_a_picture_too_large_for_the_memory_is_decoded_in_tiles(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from diffusers import AutoencoderKL

    torch.manual_seed(0)
    ends = {
        "down_block_types": ("DownEncoderBlock2D",) * 2,
        "up_block_types": ("UpDecoderBlock2D",) * 2,
    }
    vae = AutoencoderKL(
        block_out_channels=(8, 16), latent_channels=4, norm_num_groups=4, sample_size=32, **ends
    ).eval()
    autoencoder = ScaledAutoencoder(vae)
    z = torch.randn(1, 4, 48, 32)
    with torch.inference_mode():
        whole = autoencoder.decode(z)
        assert not vae.use_tiling
        monkeypatch.setattr("archive.models.decoders.autoencoder.device_memory", lambda _: 1 << 20)
        tiled = autoencoder.decode(z)
        assert vae.use_tiling
        assert tiled.shape == whole.shape == (1, 3, 96, 64)
        assert float((tiled - whole).abs().mean()) < 0.2 * float(whole.std())
        monkeypatch.undo()
        assert torch.equal(autoencoder.decode(z), whole)


def test_the_pocket_pair_is_within_its_budget_and_says_what_it_is() -> None:
    folder = Path(PAIRS["pocket"].encoder).parent
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files if path.suffix == ".safetensors") <= 40_000_000
    assert {path.relative_to(folder).as_posix() for path in files if path.suffix != ".json"} == {
        *(
            f"codecs/{name}.npz"
            for name in ("clip-squares", "klt-60-20", "klt-120-40", "klt-250-64")
        ),
        "encoder/open_clip_model.safetensors",
        "decoder/unet/diffusion_pytorch_model.safetensors",
        "decoder/vae/diffusion_pytorch_model.safetensors",
        "decoder/image_normalizer/diffusion_pytorch_model.safetensors",
        "decoder/upscaler/diffusion_pytorch_model.safetensors",
    }
    assert "small" in PAIRS["pocket"].note
