"""Texts → tokens, as open_clip's tokenizers make them, without importing open_clip, and so torch.

open_clip's own    byte pairs, merged by rank: the vocabulary file of the installed package
Hugging Face's     the folder's tokenizer.json, by the library `tokenizers`
"""

from __future__ import annotations

import functools
import html
import itertools
import json
import re
import string
import zlib
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Tokenizer = Callable[[str], npt.NDArray[np.int64]]  # a text → (context_length,)
VOCABULARY = "bpe_simple_vocab_16e6.txt.gz"
FIRST_MERGE = 512  # tokens before it: 256 bytes, and 256 bytes that end a word
MERGES = 49152 - 256 - 2  # lines of the file that are used, after its first
START = "<start_of_text>"
END = "<end_of_text>"
WORDS = rf"{START}|{END}|'s|'t|'re|'ve|'m|'ll|'d|"
ASCII_WORDS = re.compile(WORDS + r"[a-z]+|[0-9]|[^\sa-z0-9]+", re.IGNORECASE | re.ASCII)
PLAIN = re.compile(r"[ -%'-~]*")  # printable ASCII without &: nothing for ftfy or html to mend
ANY_WORDS = WORDS + r"[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
NO_PUNCTUATION = str.maketrans("", "", string.punctuation)
HUGGING_FACE_OPTIONS = {"clean", "strip_sep_token"}  # of open_clip's HFTokenizer, known here


def open_clip_folder() -> Path | None:
    """Where the package open_clip is installed; it is not imported."""
    spec = find_spec("open_clip")
    folders = spec.submodule_search_locations if spec else None
    return Path(folders[0]) if folders else None


def find_tokenizer(text: Mapping[str, Any], folder: Path | None) -> Tokenizer | None:
    """open_clip's text_cfg → its tokenizer; None if only open_clip knows it.

    `folder` holds the model's tokenizer.json if it is Hugging Face's.
    """
    length = text.get("context_length", 77)
    options = dict(text.get("tokenizer_kwargs") or {})
    if text.get("tokenizer_mode"):
        return None
    if text.get("hf_tokenizer_name"):
        if folder is None or not options.keys() <= HUGGING_FACE_OPTIONS:
            return None
        return hugging_face_tokenizer(folder, length, options)
    vocabulary = open_clip_folder()
    if vocabulary is None or not (vocabulary / VOCABULARY).is_file():
        return None
    if not options.keys() <= {"clean"}:
        return None
    return functools.partial(simple_tokens, length=length, clean=options.get("clean", "lower"))


def simple_tokens(text: str, *, length: int, clean: str = "lower") -> npt.NDArray[np.int64]:
    """A text → (length,) tokens, as open_clip's SimpleTokenizer."""
    ranks = _ranks()
    words = _words(cleaned(text, clean))
    tokens = [token for word in words for token in _merged(word, ranks)]
    start = FIRST_MERGE + MERGES
    tokens = [start, *tokens, start + 1][:length]
    if len(tokens) == length:
        tokens[-1] = start + 1
    return np.array(tokens + [0] * (length - len(tokens)), np.int64)


def cleaned(text: str, clean: str) -> str:
    """open_clip's cleaning functions by name: lower, whitespace, canonicalize."""
    if not PLAIN.fullmatch(text):
        import ftfy

        text = html.unescape(html.unescape(ftfy.fix_text(text)))
    if clean == "canonicalize":
        text = text.strip().replace("_", " ").translate(NO_PUNCTUATION).lower()
        return " ".join(text.split())
    text = " ".join(text.split())
    return text.lower() if clean == "lower" else text


def _words(text: str) -> list[str]:
    if text.isascii():
        return ASCII_WORDS.findall(text)
    import regex

    words: list[str] = regex.findall(ANY_WORDS, text, regex.IGNORECASE)
    return words


def _merged(word: str, ranks: Mapping[str, int]) -> list[int]:
    """A word → its tokens: the pair of lowest rank is merged, everywhere, until none is known."""
    if word in (START, END):
        return [FIRST_MERGE + MERGES + (word == END)]
    letters = _letters()
    parts = [letters[byte] for byte in word.encode("utf-8")]
    parts[-1] += "</w>"
    while len(parts) > 1:
        pairs = list(itertools.pairwise(parts))
        best = min(pairs, key=lambda pair: ranks.get(" ".join(pair), MERGES))
        if " ".join(best) not in ranks:
            break
        parts = _merge(parts, best)
    tokens = _tokens()
    return [tokens[part] for part in parts]


def _merge(parts: list[str], pair: tuple[str, str]) -> list[str]:
    merged: list[str] = []
    place = 0
    while place < len(parts):
        if tuple(parts[place : place + 2]) == pair:
            merged.append("".join(pair))
            place += 2
        else:
            merged.append(parts[place])
            place += 1
    return merged


@functools.cache
def _letters() -> list[str]:
    """The character that stands for each byte: printable ones for themselves."""
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    letters = {byte: chr(byte) for byte in printable}
    letters |= {byte: chr(256 + number) for number, byte in enumerate(others)}
    return [letters[byte] for byte in range(256)]


@functools.cache
def _ranks() -> dict[str, int]:
    """`first second` → rank of the merge."""
    folder = open_clip_folder()
    assert folder is not None  # find_tokenizer has seen the file
    packed = (folder / VOCABULARY).read_bytes()
    lines = zlib.decompress(packed, wbits=31).decode("utf-8").split("\n", MERGES + 1)
    return {line: rank for rank, line in enumerate(lines[1 : MERGES + 1])}


@functools.cache
def _tokens() -> dict[str, int]:
    """Part of a word → token."""
    printable_first = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    order = [*printable_first, *(byte for byte in range(256) if byte not in printable_first)]
    letters = _letters()
    tokens = {letters[byte]: number for number, byte in enumerate(order)}
    tokens |= {letters[byte] + "</w>": 256 + number for number, byte in enumerate(order)}
    tokens |= {pair.replace(" ", ""): FIRST_MERGE + rank for pair, rank in _ranks().items()}
    return tokens


def hugging_face_tokenizer(
    folder: Path, length: int, options: Mapping[str, Any]
) -> Tokenizer | None:
    """A folder with tokenizer.json → its tokenizer, as open_clip's HFTokenizer; None without one.

    `options`: `clean`, and `strip_sep_token`, which replaces separators by zeros.
    """
    file = folder / "tokenizer.json"
    settings = _tokenizer_settings(folder)
    pad = settings.get("pad_token")
    if not file.is_file() or pad is None or settings.get("padding_side", "right") != "right":
        return None
    import tokenizers

    tokenizer = tokenizers.Tokenizer.from_file(str(file))
    pad_id = tokenizer.token_to_id(pad)
    if pad_id is None:
        return None
    tokenizer.enable_truncation(length, direction=settings.get("truncation_side", "right"))
    tokenizer.enable_padding(pad_id=pad_id, pad_token=pad, length=length)
    separator = tokenizer.token_to_id(settings.get("sep_token") or "")

    def tokenize(text: str) -> npt.NDArray[np.int64]:
        encoding = tokenizer.encode(cleaned(text, options.get("clean", "whitespace")))
        tokens = np.array(encoding.ids, np.int64)
        if options.get("strip_sep_token"):
            tokens[tokens == separator] = 0
        return tokens

    return tokenize


def _tokenizer_settings(folder: Path) -> dict[str, Any]:
    """tokenizer_config.json over special_tokens_map.json, tokens as strings."""
    settings: dict[str, Any] = {}
    for name in ("special_tokens_map.json", "tokenizer_config.json"):
        if (folder / name).is_file():
            settings |= json.loads((folder / name).read_text("utf-8"))
    return {
        key: value["content"] if isinstance(value, dict) and "content" in value else value
        for key, value in settings.items()
    }
