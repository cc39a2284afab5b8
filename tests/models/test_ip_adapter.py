"""IP-Adapters on Stable Diffusion 1.5 and XL."""

from __future__ import annotations

import shutil
from pathlib import Path

import diffusers
import pytest
import torch
from safetensors.torch import load_file, save_file

from archive.errors import ModelMissing, UsageError
from archive.models.decoders.ip_adapter import AdapterTokens
from archive.models.device import DeviceConfig
from tests.support.families import update_model_index
from tests.support.pipelines import open_folder

ADAPTER_FILE = Path("ip_adapter") / "ip-adapter.safetensors"


@pytest.fixture
def folder(decoder_folders: dict[str, Path], tmp_path: Path) -> Path:
    """A copy of the decoder on Stable Diffusion 1.5 that a test may change."""
    shutil.copytree(decoder_folders["ip_adapter"], tmp_path / "copy")
    return tmp_path / "copy"


@pytest.fixture
def xl_folder(decoder_folders: dict[str, Path], tmp_path: Path) -> Path:
    """A copy of the decoder on XL that a test may change."""
    shutil.copytree(decoder_folders["ip_adapter_xl"], tmp_path / "xl")
    return tmp_path / "xl"


def test_the_adapter_is_part_of_the_weights(folder: Path) -> None:
    before = open_folder(folder).weights_sha256
    weights = load_file(folder / ADAPTER_FILE)
    save_file({name: 2 * tensor for name, tensor in weights.items()}, folder / ADAPTER_FILE)
    assert open_folder(folder).weights_sha256 != before


def test_an_adapter_for_another_unet_is_refused(folder: Path, xl_folder: Path) -> None:
    shutil.copy(xl_folder / ADAPTER_FILE, folder / ADAPTER_FILE)
    with pytest.raises(UsageError, match="tokens of 40 values, its UNet attends to 24"):
        open_folder(folder)


def test_an_adapter_for_more_than_the_pooled_embedding_is_refused(folder: Path) -> None:
    weights = {
        "image_proj.latents": torch.zeros(1, 16, 8),
        "ip_adapter.1.to_k_ip.weight": torch.zeros(1),
    }
    save_file(weights, folder / ADAPTER_FILE)
    with pytest.raises(UsageError, match="not an adapter for the pooled embedding"):
        open_folder(folder)


def test_stable_diffusion_without_an_adapter_is_refused(folder: Path) -> None:
    (folder / ADAPTER_FILE).unlink()
    with pytest.raises(ModelMissing, match="only through an IP-Adapter"):
        open_folder(folder)


def test_xls_autoencoder_stays_in_float32_where_float16_overflows(xl_folder: Path) -> None:
    decoder = open_folder(xl_folder, device=DeviceConfig("cpu", "float16"))
    pixels = torch.full((1, 3, 16, 16), 128.0)
    expected = open_folder(xl_folder).encode_pixels(pixels)
    assert torch.equal(decoder.encode_pixels(pixels), expected)
    assert next(decoder._unet.parameters()).dtype == torch.float16


@pytest.mark.parametrize("zeros", [True, False])
def test_xls_unconditional_prompt_is_what_its_pipeline_makes_of_no_prompt(
    xl_folder: Path, zeros: bool
) -> None:
    update_model_index(xl_folder, force_zeros_for_empty_prompt=zeros)
    pipeline = diffusers.StableDiffusionXLPipeline.from_pretrained(xl_folder)
    with torch.no_grad():
        hidden, no_hidden, pooled, no_pooled = pipeline.encode_prompt("", device="cpu")
    conditioning = open_folder(xl_folder)._conditioning
    assert isinstance(conditioning, AdapterTokens)
    prompt = conditioning._prompt
    assert prompt.pooled is not None
    assert torch.allclose(prompt.hidden, torch.cat([no_hidden, hidden]), atol=1e-5)
    assert torch.allclose(prompt.pooled, torch.cat([no_pooled, pooled]), atol=1e-5)
    assert bool(prompt.hidden[0].any()) != zeros
