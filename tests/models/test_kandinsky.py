"""Kandinsky 2.2: its unconditional embedding, and a sampler that clips."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import CLIPImageProcessor

from tests.support.families import build_image_encoder
from tests.support.pipelines import NO_MAP, open_folder, record_calls, sample_image


@pytest.fixture
def folder(decoder_folders: dict[str, Path], tmp_path: Path) -> Path:
    """A copy that a test may change."""
    shutil.copytree(decoder_folders["kandinsky"], tmp_path / "copy")
    return tmp_path / "copy"


def test_the_unconditional_embedding_is_a_gray_images_if_the_folder_has_the_encoder(
    folder: Path, vector: np.ndarray
) -> None:
    encoder = build_image_encoder()
    encoder.save_pretrained(folder / "image_encoder")
    decoder = open_folder(folder)
    calls = record_calls(decoder._unet)
    sample_image(decoder, vector, NO_MAP)
    processor = CLIPImageProcessor(size=32, crop_size=32, do_rescale=False, do_normalize=False)
    gray = processor(np.zeros((32, 32, 3), np.float32), return_tensors="pt")
    with torch.no_grad():
        [expected] = encoder(gray.pixel_values).image_embeds
    unconditional, _ = calls[0]["added_cond_kwargs"]["image_embeds"]
    assert expected.abs().max() > 0
    assert torch.allclose(unconditional, expected, atol=1e-5)


def test_predicted_x0_is_clipped_if_the_checkpoints_own_sampler_does_so(
    folder: Path, vector: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "scheduler" / "scheduler_config.json"
    clipping = {"clip_sample": True, "clip_sample_range": 0.01}
    path.write_text(json.dumps(json.loads(path.read_text()) | clipping))
    decoder = open_folder(folder)
    decoded: list[torch.Tensor] = []

    def decode(z: torch.Tensor) -> torch.Tensor:
        decoded.append(z)
        return torch.zeros(1, 3, 24, 16)

    monkeypatch.setattr(decoder._autoencoder, "decode", decode)
    sample_image(decoder, vector, NO_MAP)
    assert float(decoded[0].abs().max()) == pytest.approx(0.01, rel=0.01)
