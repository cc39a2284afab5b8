"""Which pairs there are, how they are named, and what the names reveal."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from archive.errors import UsageError
from archive.models.pairs import PAIRS, POCKET_FOLDER, UNCLIP_MIRRORS, Pair, find_pair
from archive.models.sampling import Sampling

POCKET_BYTES = 40_000_000  # weights, at most
POCKET_FILES = {
    "codecs/clip-squares.npz",
    "codecs/klt-60-20.npz",
    "codecs/klt-120-40.npz",
    "codecs/klt-250-64.npz",
    "encoder/open_clip_model.safetensors",
    "decoder/unet/diffusion_pytorch_model.safetensors",
    "decoder/vae/diffusion_pytorch_model.safetensors",
    "decoder/image_normalizer/diffusion_pytorch_model.safetensors",
    "decoder/upscaler/diffusion_pytorch_model.safetensors",
}


def test_the_literatures_pair_is_what_the_paper_used() -> None:
    pair = PAIRS["vit-l-14"]
    assert (pair.encoder, pair.pretrained) == ("ViT-L-14", "openai")
    assert pair.decoder == UNCLIP_MIRRORS
    assert pair.sampling == Sampling(steps=20, strength=0.88)


def test_the_pocket_pair_is_within_its_budget_and_says_that_it_is_small() -> None:
    files = [path for path in POCKET_FOLDER.rglob("*") if path.is_file()]
    weights = [path for path in files if path.suffix == ".safetensors"]
    others = [path for path in files if path.suffix != ".json"]
    assert sum(path.stat().st_size for path in weights) <= POCKET_BYTES
    assert {path.relative_to(POCKET_FOLDER).as_posix() for path in others} == POCKET_FILES
    assert "small" in PAIRS["pocket"].note


@pytest.mark.parametrize("name", ["nonsense", "./nowhere", "/nowhere/at-all", "ViT-B-32/"])
def test_a_name_that_is_no_pair_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="is not a model pair"):
        find_pair(name)


def test_a_folder_without_an_encoder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a model pair"):
        find_pair(str(tmp_path))


def test_a_folder_without_a_decoder_is_a_pair_to_search_with(
    tiny_pair: Path, tmp_path: Path
) -> None:
    shutil.copytree(tiny_pair / "encoder", tmp_path / "mine" / "encoder")
    pair = find_pair(str(tmp_path / "mine"))
    assert pair.decoder == ()
    assert pair.decoder_name == ""


def test_a_decoder_named_separately_replaces_the_pairs_own() -> None:
    pair = find_pair("pocket", decoder="someone/decoder")
    assert pair == replace(PAIRS["pocket"], decoder=("someone/decoder",))


@pytest.mark.parametrize(
    ("name", "decoder", "public_name", "decoder_name"),
    [
        ("pocket", None, "pocket", "pocket"),
        ("vit-l-14", None, "vit-l-14", UNCLIP_MIRRORS[0]),
        ("pocket", "someone/decoder", "pocket", "someone/decoder"),
        ("ViT-B-32/openai", "/somewhere/karlo", "ViT-B-32/openai", "karlo"),
        ("ViT-B-32//home/me/b32.safetensors", None, "ViT-B-32/b32.safetensors", ""),
    ],
)
def test_public_names_hold_no_path_of_this_machine(
    name: str, decoder: str | None, public_name: str, decoder_name: str
) -> None:
    pair = find_pair(name, decoder=decoder)
    assert (pair.public_name, pair.decoder_name) == (public_name, decoder_name)


def test_a_folder_pair_goes_by_the_folders_name(
    tiny_pair: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my-pair").symlink_to(tiny_pair)
    monkeypatch.chdir(tmp_path)
    pair = find_pair("my-pair")
    assert (pair.public_name, pair.decoder_name) == ("my-pair", "my-pair")
    relative = Pair("x", "", "", ("my-pair/decoder",))
    assert relative.decoder_name == "my-pair"
