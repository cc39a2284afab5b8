"""What an archive's database may name is what `init` records; nothing else is looked for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from archive.errors import DatabaseDamaged, UsageError
from archive.models.pairs import find_pair, recorded_pair


@pytest.mark.parametrize(
    "name",
    ["..", "../pair", "./pair", "hf-hub:owner/name", "local-dir:/pair", "a/../b", "", "x", "a/b/c"],
)
def test_a_model_that_init_does_not_record_is_refused(
    name: str, tiny_pair: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tiny_pair.parent)
    with pytest.raises(DatabaseDamaged, match="impossible model"):
        recorded_pair(name, decoder="")


@pytest.mark.parametrize("decoder", ["decoder", "../decoder", "https://host/x", "a/b/c", "a b/c"])
def test_a_decoder_that_init_does_not_record_is_refused(decoder: str) -> None:
    with pytest.raises(DatabaseDamaged, match="impossible decoder"):
        recorded_pair("pocket", decoder=decoder)


def test_what_init_records_is_found_again(tiny_pair: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tiny_pair)
    weights = f"ViT-B-32/{os.path.join('encoder', 'open_clip_model.safetensors')}"
    for given, decoder in (
        ("pocket", None),
        ("vit-l-14", "owner/decoder"),
        ("ViT-B-32/openai", "decoder"),
        (".", None),
        (weights, None),
    ):
        pair = find_pair(given, decoder=decoder)
        recorded = recorded_pair(pair.name, decoder=pair.decoder[0] if decoder else "")
        monkeypatch.chdir("/")
        assert recorded_pair(pair.name, decoder=pair.decoder[0] if decoder else "") == recorded
        assert recorded == pair
        monkeypatch.chdir(tiny_pair)


def test_a_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a model pair"):
        recorded_pair(str(tmp_path / "gone"), decoder="")
