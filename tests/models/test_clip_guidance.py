"""CLIP guidance: steps go where the encoder sees more of what the row says. The upscaler: sharper than plain."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from archive.archive import Archive
from archive.arrays import cosine
from archive.imaging.resize import resize
from archive.models.decoders.clip_guidance import guidance_gradient
from archive.models.decoders.open import open_decoder
from archive.models.decoders.upscaler import build_upscaler, load_upscaler, save_upscaler, upscale
from archive.models.encoder import OpenClipEncoder
from archive.models.pairs import POCKET_SAMPLING, find_pair
from archive.settings import Settings
from tests.support.pairs import DIMENSION
from training.scenes import draw_scene

GUIDED = replace(POCKET_SAMPLING, clip_guidance=0.2)
PLAIN = replace(POCKET_SAMPLING, clip_guidance=0.0)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """Two dozen scenes' rows of the pocket pair: of six, chance says as much as guidance."""
    (tmp_path / "scenes").mkdir()
    for seed in range(24):
        Image.fromarray(draw_scene(seed, size=(160, 160)).pixels).save(
            tmp_path / "scenes" / f"{seed:02}.png"
        )
    with Archive.create(Settings(str(tmp_path / "archive")), find_pair("pocket")) as opened:
        list(opened.ingest([str(tmp_path / "scenes")]))
        yield opened


def test_guided_pictures_are_more_like_what_the_rows_say(archive: Archive) -> None:
    rows = list(archive)
    center = archive.decoder.embedding_stats[0]  # type: ignore[index]
    vectors_hat = archive.codec.decode_vectors([row.clip_code for row in rows])
    similar = []
    for sampling in (PLAIN, GUIDED):
        reconstructor = archive.reconstructor(sampling)
        drawn = [reconstructor.reconstruct([row], [row.id])[0].pixels for row in rows]
        seen = archive.encoder.encode_images([archive.encoder.preprocess(one) for one in drawn])
        similar.append(cosine(seen - center, vectors_hat - center).mean())
    assert similar[1] > similar[0] + 0.03


def test_a_step_along_the_direction_is_a_step_up() -> None:
    wanted = torch.tensor([1.0, -2.0, 0.5])
    z_hat = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))

    def clip_similarity(pixels: torch.Tensor, vectors: np.ndarray) -> torch.Tensor:
        assert vectors.shape == (2, 3)
        return torch.nn.functional.cosine_similarity(pixels.mean(dim=(2, 3)), wanted[None], dim=1)

    vectors = np.zeros((2, 3), np.float32)
    with torch.inference_mode():
        up = guidance_gradient(z_hat, torch.tanh, clip_similarity, vectors, seed=0)
        before, after = (
            clip_similarity(torch.tanh(z), vectors) for z in (z_hat, z_hat + 0.01 * up)
        )
    assert torch.allclose(up.square().mean(dim=(1, 2, 3)), torch.ones(2))
    assert bool((after > before).all())


@pytest.mark.parametrize("name", ["pocket", "tiny"])
def test_likeness_is_the_cosine_of_what_the_encoder_sees(name: str, tiny_pair: Path) -> None:
    encoder = OpenClipEncoder(find_pair(name if name == "pocket" else str(tiny_pair)))
    pixels = draw_scene(3, size=(192, 128)).pixels
    [seen] = encoder.encode_images([encoder.preprocess(pixels)])
    rng = np.random.default_rng(0)
    wanted = rng.normal(size=(1, len(seen))).astype(np.float32)
    center = rng.normal(size=len(seen)).astype(np.float32)
    drawn = (
        torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
    ).requires_grad_()
    found = encoder.clip_similarity(drawn, wanted, center=center)
    assert float(found.detach()) == pytest.approx(
        float(cosine(seen[None] - center, wanted - center)[0]), abs=0.02
    )
    found.sum().backward()  # type: ignore[no-untyped-call]
    assert drawn.grad is not None
    assert float(drawn.grad.abs().sum()) > 0


def test_an_upscaler_beside_a_decoder_doubles_what_it_drew(tiny_pair: Path, tmp_path: Path) -> None:
    pixels = draw_scene(1, size=(96, 64)).pixels
    plain = open_decoder(find_pair(str(tiny_pair)), dimension=DIMENSION)
    assert plain.upscale(pixels) is pixels
    shutil.copytree(tiny_pair, tmp_path / "pair")
    net = build_upscaler(4)
    save_upscaler(net, tmp_path / "pair" / "decoder")
    doubled = open_decoder(find_pair(str(tmp_path / "pair")), dimension=DIMENSION)
    assert doubled.weights_sha256 != plain.weights_sha256
    larger = doubled.upscale(pixels)
    assert larger.shape == (128, 192, 3)
    soft = np.asarray(Image.fromarray(pixels).resize((192, 128), Image.Resampling.BICUBIC)).astype(
        int
    )
    assert np.abs(larger.astype(int) - soft).mean() < 2  # untrained, it adds nothing to bicubic


def test_a_saved_upscaler_is_loaded_as_it_was(tmp_path: Path) -> None:
    net = build_upscaler(8)
    for parameter in net.parameters():
        parameter.data = parameter.data.half().float() + 0.01
    save_upscaler(net.half().float(), tmp_path)
    loaded = load_upscaler(tmp_path)
    seen = torch.rand(1, 3, 8, 8)
    assert loaded is not None
    assert torch.allclose(upscale(loaded, seen), upscale(net, seen), atol=1e-3)
    assert load_upscaler(tmp_path / "elsewhere") is None


def test_the_pocket_pairs_upscaler_is_nearer_to_a_larger_picture_than_plain_enlargement() -> None:
    decoder = open_decoder(find_pair("pocket"), dimension=512)
    nearer = []
    for seed in range(8):
        large = draw_scene(seed, size=(256, 256)).pixels
        small = np.asarray(Image.fromarray(large).resize((128, 128), Image.Resampling.BICUBIC))
        errors = [
            np.abs(one - large.astype(float)).mean()
            for one in (decoder.upscale(small), resize(small, 256, 256))
        ]
        nearer.append(errors[0] < errors[1])
    assert sum(nearer) >= 6
