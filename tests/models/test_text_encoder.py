"""Words → vectors without open_clip: the same tokens and vectors as open_clip's."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from archive.models.encoder import WEIGHTS_NAME, OpenClipEncoder
from archive.models.pairs import PAIRS, Pair, find_pair
from archive.models.remembered import remember_sha256, remembered_sha256
from archive.models.text_encoder import open_text_encoder
from archive.models.tokenizers import hugging_face_tokenizer, simple_tokens
from archive.models.weights_file import WeightsFile
from tests.support.pairs import save_tiny_encoder

TEXTS = (
    "a red house on a hill",
    "",
    "it's 20 °C; we'll ski\tdown",
    "日本語の写真 😀 &amp; café",
    "the quick brown fox " * 30,
    "<start_of_text> and <END_OF_TEXT>",
)
PARTS = (
    "abcdefghijklm '\"`~@#$%^&*+=/\\|!?.,;:-_()[]{}",
    "éüßñſKÅﬁİıΣς日本語한국어😀\u200b\u00a0\u2028½²Ⅳ٣0123456789\t\n\x1b",
)
WORDS = ("'s", "'ve", "&amp;", "&lt;", "&#39;", "&eacute;", "&amp;lt;", "Ã©â€™", "<end_of_text>")


def random_text(rng: random.Random) -> str:
    parts = [
        rng.choice(WORDS) if rng.random() < 0.1 else rng.choice(rng.choice(PARTS))
        for _ in range(rng.randrange(rng.choice((6, 40, 150))))
    ]
    return "".join(parts)


def edit(folder: Path, **text: Any) -> None:
    """Changes text_cfg of an encoder's folder; its weights follow."""
    from open_clip.model import CLIP, CustomTextCLIP

    file = folder / "open_clip_config.json"
    config = json.loads(file.read_text())
    config["model_cfg"]["text_cfg"] |= text
    file.write_text(json.dumps(config))
    model = dict(config["model_cfg"])
    kind = CustomTextCLIP if model.pop("custom_text", False) else CLIP
    torch.manual_seed(3)
    state = kind(**model).state_dict()
    save_file({name: part.contiguous() for name, part in state.items()}, folder / WEIGHTS_NAME)


def check(folder: Path) -> None:
    """The vectors of all texts are open_clip's, and so is the digest."""
    pair = Pair("some", encoder=str(folder), pretrained="", decoder=())
    whole = OpenClipEncoder(pair)
    light = open_text_encoder(pair, accepts=whole.weights_sha256.__eq__)
    assert light is not None
    expected = whole.encode_texts(TEXTS)
    lengths = np.linalg.norm(expected, axis=1)
    assert np.abs(light.encode_texts(TEXTS) - expected).max() < 1e-4 * lengths.min()


@pytest.mark.parametrize("seed", range(4))
def test_tokens_are_open_clips_for_any_text(seed: int) -> None:
    from open_clip.tokenizer import SimpleTokenizer, get_clean_fn

    rng = random.Random(seed)
    tokenizer = SimpleTokenizer()
    texts = [*TEXTS, *(random_text(rng) for _ in range(500))]
    for clean in ("lower", "whitespace", "canonicalize"):
        tokenizer.clean_fn = get_clean_fn(clean)
        for text in texts:
            length = rng.choice((8, 32, 77))
            expected = tokenizer(text, length)[0].tolist()
            assert simple_tokens(text, length=length, clean=clean).tolist() == expected, text


def test_the_pocket_pairs_words_have_the_same_vectors() -> None:
    check(Path(PAIRS["pocket"].encoder))


@pytest.mark.parametrize(
    "text",
    [
        {},
        {"pool_type": "last", "no_causal_mask": True, "proj_bias": True},
        {"pool_type": "first", "no_causal_mask": True, "norm_kwargs": {"eps": 1e-6}},
        {"pool_type": "eos", "eos_id": 49407},
    ],
)
def test_every_known_kind_of_text_tower_gives_open_clips_vectors(
    tmp_path: Path, text: dict[str, Any]
) -> None:
    save_tiny_encoder(tmp_path / "encoder")
    edit(tmp_path / "encoder", **text)
    check(tmp_path / "encoder")


def test_a_text_tower_of_its_own_and_plain_gelu(tmp_path: Path) -> None:
    folder = tmp_path / "encoder"
    save_tiny_encoder(folder)
    config = json.loads((folder / "open_clip_config.json").read_text())
    config["model_cfg"] |= {"custom_text": True, "quick_gelu": False}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    edit(folder, act_kwargs={"approximate": "tanh"})
    check(folder)
    edit(folder, act_kwargs=None)
    check(folder)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_in_other_number_formats(tmp_path: Path, dtype: torch.dtype) -> None:
    save_tiny_encoder(tmp_path / "encoder")
    file = tmp_path / "encoder" / WEIGHTS_NAME
    save_file({name: tensor.to(dtype) for name, tensor in load_file(file).items()}, file)
    check(tmp_path / "encoder")


def test_every_float8_is_what_torch_reads(tmp_path: Path) -> None:
    stored = torch.arange(256, dtype=torch.uint8).view(torch.float8_e4m3fn)
    save_file({"all": stored}, tmp_path / "x.safetensors")
    read = WeightsFile(tmp_path / "x.safetensors")["all"]
    assert np.array_equal(read, stored.float().numpy(), equal_nan=True)


@pytest.mark.parametrize("text", [{"qk_norm": True}, {"ls_init_value": 0.1}, {"embed_cls": True}])
def test_another_network_is_left_to_open_clip(tmp_path: Path, text: dict[str, Any]) -> None:
    save_tiny_encoder(tmp_path / "encoder")
    file = tmp_path / "encoder" / "open_clip_config.json"
    config = json.loads(file.read_text())
    config["model_cfg"]["text_cfg"] |= text
    file.write_text(json.dumps(config))
    pair = Pair("some", encoder=str(tmp_path / "encoder"), pretrained="", decoder=())
    assert open_text_encoder(pair, accepts=lambda _: True) is None


def test_other_weights_are_not_accepted_even_if_they_are_remembered(tiny_pair: Path) -> None:
    pair = find_pair(str(tiny_pair))
    assert open_text_encoder(pair, accepts=lambda _: False) is None


def test_a_digest_is_forgotten_when_the_file_changes(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    remember_sha256(file, "aa")
    assert remembered_sha256(file) is None  # it may still be being written
    old = time.time() - 100
    os.utime(file, (old, old))
    time.sleep(2.1)  # since its status changed
    remember_sha256(file, "aa")
    assert remembered_sha256(file) == "aa"
    file.write_bytes(b"two")
    os.utime(file, (old, old))  # size and time as before
    assert remembered_sha256(file) is None


@pytest.mark.parametrize("options", [{}, {"clean": "canonicalize"}, {"strip_sep_token": True}])
def test_hugging_face_tokens_are_open_clips(tmp_path: Path, options: dict[str, Any]) -> None:
    import transformers
    from open_clip.tokenizer import HFTokenizer

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "red", "house", "a", "##s", "!", "é"]
    vocabulary = tmp_path / "vocab.txt"
    vocabulary.write_text("\n".join(words))
    transformers.BertTokenizer(str(vocabulary)).save_pretrained(tmp_path)
    expected = HFTokenizer(str(tmp_path), context_length=12, **options)
    tokenize = hugging_face_tokenizer(tmp_path, 12, options)
    assert tokenize is not None
    for text in ("a red house!", "", "Houses, RED &amp; é " * 9, "[SEP] a"):
        assert tokenize(text).tolist() == expected(text)[0].tolist()


def test_words_are_searched_without_torch(tmp_path: Path) -> None:
    from archive import Archive

    with Archive.create(tmp_path / "archive", "pocket") as archive:
        archive.add_picture(np.zeros((64, 64, 3), np.uint8), name="black")
    code = (
        "import sys; from archive import Archive; "
        f"print(len(Archive({str(tmp_path / 'archive')!r}).search('night'))); "
        "print(*{'torch', 'open_clip', 'transformers', 'alembic'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1"]


def test_a_known_pairs_repository_is_open_clips() -> None:
    from archive.models.encoder import weights_source

    for pair in PAIRS.values():
        if pair.repository:
            assert weights_source(replace(pair, repository=""))[0] == pair.repository
