"""The encoder: a real pair's code path on tiny weights in open_clip's own layout."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from archive.arrays import cosine
from archive.errors import ModelMissing, UsageError
from archive.models.encoder import WEIGHTS_NAME, OpenClipEncoder, weights_source
from archive.models.pairs import PAIRS, Pair, find_pair
from tests.support.pairs import DIMENSION
from training.scenes import draw_scene


def test_an_open_clip_folder_gives_unnormalized_vectors(
    tiny_pair: Path, rng: np.random.Generator
) -> None:
    import open_clip

    encoder = OpenClipEncoder(find_pair(str(tiny_pair)))
    pixels = rng.integers(0, 256, (50, 70, 3), dtype=np.uint8)
    [vector] = encoder.encode_images([encoder.preprocess(pixels)])
    name = f"local-dir:{tiny_pair / 'encoder'}"
    model, _, transform = open_clip.create_model_and_transforms(name)
    with torch.no_grad():
        inputs = transform(Image.fromarray(pixels))[None]
        [expected] = model.eval().encode_image(inputs, normalize=False)
    assert cosine(vector[None], expected.numpy()[None])[0] > 0.999
    assert encoder.dimension == DIMENSION
    assert abs(np.linalg.norm(vector) - 1) > 0.01


def test_an_image_has_the_same_vector_alone_and_in_a_long_list(
    tiny_pair: Path, rng: np.random.Generator
) -> None:
    encoder = OpenClipEncoder(find_pair(str(tiny_pair)))
    size = encoder.image_size
    images = list(rng.integers(0, 256, (70, size, size, 3), dtype=np.uint8))
    vectors = encoder.encode_images(images)
    assert vectors.shape == (70, DIMENSION)
    [similarity] = cosine(vectors[-1:], encoder.encode_images(images[-1:]))
    assert similarity > 0.999


@pytest.mark.parametrize("name", ["pocket", "tiny"])
def test_clip_similarity_is_the_cosine_of_what_the_encoder_sees(
    name: str, tiny_pair: Path, rng: np.random.Generator
) -> None:
    encoder = OpenClipEncoder(find_pair(name if name == "pocket" else str(tiny_pair)))
    pixels = draw_scene(3, size=(192, 128)).pixels
    embeddings = encoder.encode_images([encoder.preprocess(pixels)])
    target = rng.normal(size=(1, encoder.dimension)).astype(np.float32)
    center = rng.normal(size=encoder.dimension).astype(np.float32)
    images = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
    images.requires_grad_()
    similarity = encoder.clip_similarity(images, target, center=center)
    [expected] = cosine(embeddings - center, target - center)
    assert float(similarity.detach()) == pytest.approx(float(expected), abs=0.02)
    similarity.sum().backward()  # type: ignore[no-untyped-call]
    assert images.grad is not None
    assert float(images.grad.abs().sum()) > 0


def test_a_safetensors_file_of_a_named_model_is_loaded_like_its_folder(
    tiny_pair: Path, tmp_path: Path
) -> None:
    import open_clip

    config = json.loads((tiny_pair / "encoder" / "open_clip_config.json").read_text())
    (tmp_path / "tiny-clip.json").write_text(json.dumps(config["model_cfg"]))
    open_clip.add_model_config(tmp_path)
    weights = str(tiny_pair / "encoder" / WEIGHTS_NAME)
    by_name = OpenClipEncoder(Pair("named", encoder="tiny-clip", pretrained=weights, decoder=()))
    assert by_name.weights_sha256 == OpenClipEncoder(find_pair(str(tiny_pair))).weights_sha256


def test_the_literatures_weights_are_openais() -> None:
    repository, name, config = weights_source(PAIRS["vit-l-14"])
    assert repository == "timm/vit_large_patch14_clip_224.openai"
    assert name == WEIGHTS_NAME
    assert config["quick_gelu"] is True


def test_openai_weights_run_with_the_activation_they_were_trained_with(
    tiny_pair: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    requested: list[dict[str, Any]] = []

    def stop_before_building(*_: object, **options: Any) -> None:
        requested.append(options)
        raise InterruptedError

    folder = tiny_pair / "encoder"
    monkeypatch.setattr("archive.models.encoder.local_folder", lambda *_, **__: folder)
    monkeypatch.setattr("open_clip.create_model", stop_before_building)
    with pytest.raises(InterruptedError):
        OpenClipEncoder(PAIRS["vit-l-14"])
    [options] = requested
    assert options["force_quick_gelu"] is True
    assert options["force_preprocess_cfg"]["resize_mode"] == "shortest"


@pytest.mark.parametrize("name", ["No-Such-Model/openai", "ViT-B-32/no-such-tag"])
def test_a_model_or_tag_that_open_clip_does_not_know_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        OpenClipEncoder(find_pair(name))


def test_missing_weights_are_named(tiny_pair: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_pair / "encoder", tmp_path / "pair" / "encoder")
    (tmp_path / "pair" / "encoder" / WEIGHTS_NAME).unlink()
    with pytest.raises(ModelMissing, match=r"no \.safetensors"):
        OpenClipEncoder(find_pair(str(tmp_path / "pair")))
    with pytest.raises(ModelMissing, match="no such file"):
        OpenClipEncoder(find_pair(f"ViT-B-32/{tmp_path / 'missing.safetensors'}"))
