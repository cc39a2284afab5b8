"""Words of other languages, with the vectors of what they mean in English.

    t(word) = unit(Σ t(meaning r) / r)        r = 1, 2: its most common meanings that have a vector

A word stands alone, in a phrase of its language, and as it is typed without its accents.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import numpy as np

from archive.arrays import Vectors, unit
from training.dictionaries import Words

MEANINGS = 2
SYNONYMS = 3  # words of a language for the same thing
TEMPLATES = {
    "deu": ("ein {}", "eine {}", "ein Foto von {}", "ein Bild von {}"),
    "fra": ("un {}", "une {}", "une photo de {}", "une image de {}"),
    "spa": ("un {}", "una {}", "una foto de {}", "una imagen de {}"),
    "zho": ("一只{}", "一个{}", "{}的照片", "一张{}的图片"),
}
COLORS = {
    "deu": {"red": "rotes {}", "blue": "blaues {}", "green": "grünes {}", "yellow": "gelbes {}"}
    | {"black": "schwarzes {}", "white": "weißes {}", "brown": "braunes {}"},
    "fra": {"red": "{} rouge", "blue": "{} bleu", "green": "{} vert", "yellow": "{} jaune"}
    | {"black": "{} noir", "white": "{} blanc", "brown": "{} marron"},
    "spa": {"red": "{} rojo", "blue": "{} azul", "green": "{} verde", "yellow": "{} amarillo"}
    | {"black": "{} negro", "white": "{} blanco", "brown": "{} marrón"},
    "zho": {"red": "红色的{}", "blue": "蓝色的{}", "green": "绿色的{}", "yellow": "黄色的{}"}
    | {"black": "黑色的{}", "white": "白色的{}", "brown": "棕色的{}"},
}
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def foreign_phrases(
    language: str, words: Words, position: dict[str, int], vectors: Vectors
) -> tuple[list[str], Vectors]:
    """n phrases and their vectors (n, D), unit.

    `position`: of English phrases among `vectors`.
    """
    meanings_of = common_words(words, set(position))
    weights = np.asarray(1 / np.arange(1, MEANINGS + 1), np.float32)
    phrases = {
        word: unit(weights[: len(meanings)] @ vectors[[position[m] for m in meanings]])
        for word, meanings in meanings_of.items()
    }
    for word, meanings in meanings_of.items():
        for spelling in spellings(language, word):
            phrases.setdefault(spelling, phrases[word])  # another word's own spelling comes first
        for color, template in COLORS[language].items():
            row = position.get(f"a {color} {meanings[0]}")
            if row is not None:
                phrases[template.format(word)] = vectors[row]
    return list(phrases), np.array(list(phrases.values()), np.float32)


def common_words(words: Words, vocabulary: set[str]) -> Words:
    """Of the words for each meaning in the vocabulary, the shortest: rare ones are long."""
    chosen: Words = {}
    of_meaning: Words = {}
    for word, meanings in words.items():
        known = [meaning for meaning in meanings if meaning in vocabulary][:MEANINGS]
        if known:
            chosen[word] = known
            of_meaning.setdefault(known[0], []).append(word)
    shortest = (sorted(group, key=len)[:SYNONYMS] for group in of_meaning.values())
    return {word: chosen[word] for group in shortest for word in group}


def spellings(language: str, word: str) -> Iterator[str]:
    """The word without accents, and in one of its language's phrases."""
    plain = word.lower().translate(UMLAUTS) if language == "deu" else word
    yield "".join(c for c in unicodedata.normalize("NFD", plain) if not unicodedata.combining(c))
    templates = TEMPLATES[language]
    yield templates[sum(word.encode()) % len(templates)].format(word)
