"""The image network in its fastest number format on this machine, tried once."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from archive.arrays import cosine
from archive.models.encoder import OpenClipEncoder
from archive.models.pairs import find_pair
from archive.settings import cache_folder
from training.scenes import draw_scene

CLAIMS = "archive.models.number_format._claims_bfloat16"
IMAGES = [draw_scene(seed, size=(160, 128)).pixels for seed in range(8)]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, so that every test has its own first use."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return cache_folder() / "models"


def formats(cache: Path) -> list[Path]:
    """The files that remember a number format."""
    return [file for file in cache.glob("*.json") if "is_bfloat16" in file.read_text()]


def remember(cache: Path, number_format: str) -> None:
    """What a first use on this machine would have found."""
    vectors_of("pocket")
    for file in formats(cache):
        facts = json.loads(file.read_text()) | {"is_bfloat16": number_format == "bfloat16"}
        file.write_text(json.dumps(facts))
        return
    pytest.skip("a processor without bfloat16")


def vectors_of(name: str) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    encoder = OpenClipEncoder(find_pair(name))
    return encoder.encode_images([encoder.preprocess(pixels) for pixels in IMAGES])


def test_both_formats_give_the_same_vectors_within_a_hundredth(cache: Path) -> None:
    remember(cache, "float32")
    wide = vectors_of("pocket")
    remember(cache, "bfloat16")
    narrow = vectors_of("pocket")
    assert not np.array_equal(wide, narrow)
    assert cosine(wide, narrow).min() > 0.9995


def test_the_format_is_tried_once_and_remembered(cache: Path) -> None:
    remember(cache, "bfloat16")
    [file] = formats(cache)
    before = file.stat().st_mtime_ns
    assert (
        OpenClipEncoder(find_pair("pocket")).weights_sha256 in json.loads(file.read_text())["key"]
    )
    vectors_of("pocket")
    assert file.stat().st_mtime_ns == before


@pytest.mark.parametrize("content", ["", "[]", "{", '{"other": "bfloat16"}'])
def test_a_damaged_cache_is_as_good_as_none(cache: Path, content: str) -> None:
    remember(cache, "bfloat16")
    formats(cache)[0].write_text(content)
    assert np.isfinite(vectors_of("pocket")).all()


def test_a_cache_that_cannot_be_written_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert np.isfinite(vectors_of("pocket")).all()


def test_batch_norms_keep_their_statistics_in_bfloat16(cache: Path) -> None:
    remember(cache, "bfloat16")
    encoder = OpenClipEncoder(find_pair("pocket"))
    network = encoder._image_network
    before = OpenClipEncoder(find_pair("pocket"))._model.visual.state_dict()
    assert torch.bfloat16 in {weight.dtype for weight in network.parameters()}
    for name, value in network.state_dict().items():
        if "running_var" in name:
            assert torch.equal(value, before[name])


def test_without_bfloat16_instructions_there_is_no_trial(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CLAIMS, lambda: False)
    encoder = OpenClipEncoder(find_pair("pocket"))
    assert encoder._image_network is encoder._model.visual
    assert not formats(cache)


def test_the_digest_is_that_of_the_weights_as_they_came(cache: Path) -> None:
    remember(cache, "bfloat16")
    encoder = OpenClipEncoder(find_pair("pocket"))
    before = encoder.weights_sha256
    encoder.encode_images([encoder.preprocess(IMAGES[0])])
    assert before == encoder.weights_sha256 == OpenClipEncoder(find_pair("pocket")).weights_sha256
