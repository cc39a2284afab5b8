"""Exported encoders, loaded again by open_clip."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch.nn.functional import cosine_similarity

from archive.models.pairs import POCKET_FOLDER
from training import image_encoder, text_encoder
from training.export import export_encoder, load_parts
from training.networks import ImageEncoder, TextEncoder

Encoders = tuple[ImageEncoder, TextEncoder]


@pytest.fixture(scope="module")
def encoders() -> Encoders:
    """Random weights, in the sizes that ship."""
    torch.manual_seed(0)
    return image_encoder.build().eval(), text_encoder.build().eval()


def test_encoders_survive_the_export_nearly_unchanged(encoders: Encoders, tmp_path: Path) -> None:
    import open_clip

    image, text = encoders
    export_encoder(image, text, tmp_path)
    clip = open_clip.create_model(f"local-dir:{tmp_path}").eval()
    pixels = torch.randn(4, 3, 128, 128)
    tokens = text_encoder.tokenize(["a cat", "boats in a harbor", "planets", "a red car"])
    with torch.inference_mode():
        image_cosines = cosine_similarity(clip.encode_image(pixels), image(pixels))
        text_cosines = cosine_similarity(clip.encode_text(tokens), text(tokens))
    assert float(image_cosines.min()) > 0.998
    assert float(text_cosines.min()) > 0.99


def test_exporting_the_shipped_encoder_again_gives_the_same_bytes(tmp_path: Path) -> None:
    clip = load_parts(POCKET_FOLDER)[0]
    export_encoder(clip.visual, clip, tmp_path)
    name = "open_clip_model.safetensors"
    assert (tmp_path / name).read_bytes() == (POCKET_FOLDER / "encoder" / name).read_bytes()


def test_only_the_text_part_of_a_whole_clip_is_exported(encoders: Encoders, tmp_path: Path) -> None:
    from open_clip.timm_model import TimmModel

    clip = load_parts(POCKET_FOLDER)[0]
    clip.visual = TimmModel(
        "fasternet_t0", image_encoder.DIMENSION, image_size=128, pool="avg", proj=""
    )
    export_encoder(encoders[0], clip, tmp_path)
    assert "fasternet_t1" in (tmp_path / "open_clip_config.json").read_text()
