"""Weights from the hub: the local cache first, and one sentence if there is no network."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from archive.errors import ModelMissing
from archive.models.decoders.open import (
    REQUIRED,
    decoder_is_local,
    hub_patterns,
    open_decoder,
)
from archive.models.encoder import OpenClipEncoder, encoder_is_local
from archive.models.hub import local_folder
from archive.models.pairs import PAIRS, UNCLIP_MIRRORS, Pair, find_pair
from tests.support.pairs import DIMENSION

COMMIT = "a" * 40


@pytest.fixture
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the hub's client, without a network."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    return tmp_path


def test_a_mirror_in_the_cache_is_used_without_a_network(tiny_pair: Path, hub_cache: Path) -> None:
    repository = hub_cache / f"models--{UNCLIP_MIRRORS[1].replace('/', '--')}"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(COMMIT)
    shutil.copytree(tiny_pair / "decoder", repository / "snapshots" / COMMIT)
    folder = local_folder(UNCLIP_MIRRORS, hub_patterns(), required=REQUIRED)
    assert (folder / "unet" / "config.json").is_file()
    pair = Pair("cached", encoder="", pretrained="", decoder=UNCLIP_MIRRORS)
    assert decoder_is_local(pair)
    assert open_decoder(pair, dimension=DIMENSION).size_multiple == 4


def test_without_a_network_one_sentence_says_at_once_what_to_do(hub_cache: Path) -> None:
    started = time.monotonic()
    with pytest.raises(
        ModelMissing, match=r"open_clip_model\.safetensors.*--model pocket"
    ) as raised:
        OpenClipEncoder(PAIRS["vit-l-14"])
    assert time.monotonic() - started < 15
    assert raised.value.exit_code == 12
    assert "\n" not in str(raised.value)


def test_local_models_are_recognized_without_a_network(hub_cache: Path, tiny_pair: Path) -> None:
    assert encoder_is_local(PAIRS["pocket"])
    assert decoder_is_local(PAIRS["pocket"])
    assert encoder_is_local(find_pair(str(tiny_pair)))
    assert not encoder_is_local(PAIRS["vit-l-14"])
    assert not decoder_is_local(PAIRS["vit-l-14"])
    weights = tiny_pair / "encoder" / "open_clip_model.safetensors"
    assert encoder_is_local(find_pair(f"ViT-B-32/{weights}"))
    assert not encoder_is_local(find_pair("ViT-B-32/nowhere.safetensors"))
