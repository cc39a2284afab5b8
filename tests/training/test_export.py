"""Exported encoders, loaded again by open_clip."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from torch.nn.functional import cosine_similarity

from archive.arrays import unit
from archive.models.encoder import OpenClipEncoder
from archive.models.pairs import POCKET_FOLDER, find_pair
from archive.models.text_encoder import open_text_encoder
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
    pixels = torch.randn(4, 3, 192, 192)
    tokens = text_encoder.tokenize(["a cat", "boats in a harbor", "planets", "a red car"])
    with torch.inference_mode():
        image_cosines = cosine_similarity(clip.encode_image(pixels), image(pixels))
        text_cosines = cosine_similarity(clip.encode_text(tokens), text(tokens))
    assert float(image_cosines.min()) > 0.998
    assert float(text_cosines.min()) > 0.99


def test_exporting_an_exported_encoder_gives_the_same_bytes(
    encoders: Encoders, tmp_path: Path
) -> None:
    import open_clip

    first, second = tmp_path / "first", tmp_path / "second"
    export_encoder(*encoders, first)
    clip = open_clip.create_model(f"local-dir:{first}").float().eval()
    export_encoder(clip.visual, clip, second)
    name = "open_clip_model.safetensors"
    assert (first / name).read_bytes() == (second / name).read_bytes()


def test_of_a_whole_clip_only_the_text_part_is_exported(encoders: Encoders, tmp_path: Path) -> None:
    clip = load_parts(POCKET_FOLDER)[0]
    export_encoder(encoders[0], clip, tmp_path)
    with safe_open(tmp_path / "open_clip_model.safetensors", "pt") as weights:
        names = weights.keys()
    assert {name for name in names if name.startswith("visual.")} == {
        f"visual.trunk.{name}" for name in encoders[0].trunk.state_dict()
    }


def test_the_archive_loads_the_export(encoders: Encoders, tmp_path: Path) -> None:
    """With the digest that its text encoder finds without torch."""
    image, text = encoders
    export_encoder(image, text, tmp_path / "encoder")
    pair = find_pair(str(tmp_path))
    encoder = OpenClipEncoder(pair)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 192, 192, 3), np.uint8)
    with torch.inference_mode():
        expected = image(image_encoder.normalize(pixels)).numpy()
    assert (unit(encoder.encode_images(list(pixels))) * unit(expected)).sum(axis=1).min() > 0.99
    text_encoder_alone = open_text_encoder(pair, accepts=lambda _: True)
    assert text_encoder_alone is not None
    assert text_encoder_alone.weights_sha256 == encoder.weights_sha256
