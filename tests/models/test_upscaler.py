"""The upscaler: twice the size, and sharper than plain enlargement."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from archive.models.decoders.open import open_decoder
from archive.models.decoders.sampler import LatentDecoder
from archive.models.decoders.upscaler import build_upscaler, load_upscaler, save_upscaler, upscale
from archive.models.pairs import find_pair
from tests.support.pipelines import open_folder
from training.scenes import draw_scene


def bicubic(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    """(H, W, 3) uint8 → (height, width, 3) uint8."""
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC))


def mean_difference(pixels: np.ndarray, others: np.ndarray) -> float:
    return float(np.abs(pixels.astype(float) - others).mean())


def test_an_upscaler_in_the_decoders_folder_doubles_an_image(
    tiny_pair: Path, tiny_decoder: LatentDecoder, tmp_path: Path
) -> None:
    pixels = draw_scene(1, size=(96, 64)).pixels
    assert tiny_decoder.upscale(pixels) is pixels
    shutil.copytree(tiny_pair / "decoder", tmp_path / "copy")
    save_upscaler(build_upscaler(4), tmp_path / "copy")
    with_upscaler = open_folder(tmp_path / "copy")
    assert with_upscaler.weights_sha256 != tiny_decoder.weights_sha256
    upscaled = with_upscaler.upscale(pixels)
    assert upscaled.shape == (128, 192, 3)
    assert upscaled.dtype == np.uint8
    # untrained, it adds nothing to bicubic interpolation
    assert mean_difference(upscaled, bicubic(pixels, 192, 128)) < 2


def test_a_saved_upscaler_is_loaded_as_it_was(tmp_path: Path) -> None:
    network = build_upscaler(8)
    for parameter in network.parameters():
        parameter.data = parameter.data.half().float() + 0.01
    save_upscaler(network.half().float(), tmp_path)
    loaded = load_upscaler(tmp_path)
    pixels = torch.rand(1, 3, 8, 8)
    assert loaded is not None
    assert torch.allclose(upscale(loaded, pixels), upscale(network, pixels), atol=1e-3)
    assert load_upscaler(tmp_path / "elsewhere") is None


def test_the_pocket_pairs_upscaler_is_nearer_to_a_larger_image_than_plain_enlargement() -> None:
    decoder = open_decoder(find_pair("pocket"), dimension=512)
    wins = 0
    for seed in range(8):
        large = draw_scene(seed, size=(256, 256)).pixels
        small = bicubic(large, 128, 128)
        upscaled = decoder.upscale(small)
        wins += mean_difference(upscaled, large) < mean_difference(bicubic(small, 256, 256), large)
    assert wins >= 6
