"""Towers written as the pocket pair's encoder, and read again by open_clip."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn.functional import cosine_similarity

from archive.models.pairs import POCKET_FOLDER
from training import image_encoder, text_encoder
from training.export import export_encoder, load_parts


@pytest.fixture(scope="module")
def towers() -> tuple[nn.Module, nn.Module]:
    """Random ones of the sizes that ship."""
    torch.manual_seed(0)
    return image_encoder.build().eval(), text_encoder.build().eval()


def test_towers_come_back_nearly_as_they_were(
    towers: tuple[nn.Module, nn.Module], tmp_path: Path
) -> None:
    import open_clip

    image, text = towers
    export_encoder(image, text, tmp_path)
    clip = open_clip.create_model(f"local-dir:{tmp_path}").eval()
    pixels = torch.randn(4, 3, 128, 128)
    tokens = text_encoder.tokenize(["a cat", "boats in a harbour", "planets", "a red car"])
    with torch.inference_mode():
        seen = cosine_similarity(clip.encode_image(pixels), image(pixels))
        read = cosine_similarity(clip.encode_text(tokens), text(tokens))
    assert float(seen.min()) > 0.998
    assert float(read.min()) > 0.99


def test_what_is_written_again_stays_what_it_was(tmp_path: Path) -> None:
    clip = load_parts(POCKET_FOLDER)[0]
    export_encoder(clip.visual, clip, tmp_path)
    name = "open_clip_model.safetensors"
    assert (tmp_path / name).read_bytes() == (POCKET_FOLDER / "encoder" / name).read_bytes()


def test_of_a_whole_model_only_the_words_are_taken(
    towers: tuple[nn.Module, nn.Module], tmp_path: Path
) -> None:
    from open_clip.timm_model import TimmModel

    whole = load_parts(POCKET_FOLDER)[0]
    whole.visual = TimmModel(
        "fasternet_t0", image_encoder.DIMENSION, image_size=128, pool="avg", proj=""
    )
    export_encoder(towers[0], whole, tmp_path)
    assert "fasternet_t1" in (tmp_path / "open_clip_config.json").read_text()
