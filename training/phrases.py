"""What the text encoder learns: phrases and their targets (training.text_targets).

* English: names in templates, with colors and places, words, captions.
* Nouns of WordNet that no photo's label names. What they mean helps:
  t(noun) = unit(t("noun") + t("noun: gloss")) finds 85 % of the validation names among ten, the
  noun alone 78 %.
* German, French, Spanish and Chinese words for all of these (training.foreign_phrases).
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np

from archive.arrays import Vectors, unit
from training.dictionaries import load_words
from training.foreign_phrases import TEMPLATES as LANGUAGES
from training.foreign_phrases import foreign_phrases
from training.text_targets import (
    ClipTexts,
    PhraseMap,
    caption_lines,
    digest,
    name_targets,
    synonyms,
)
from training.wordnet import load_nouns

TEMPLATES = (
    *("{}", "a {}", "a photo of a {}", "a picture of {}"),
    *("{}s", "the {}", "photo of {}", "two {}s"),
)
COLORS = (
    *("red", "blue", "green", "yellow", "black", "white"),
    *("brown", "pink", "orange", "grey", "purple"),
)
PLACES = (
    *("on the beach", "in the snow", "at night", "at sunset"),
    *("in the city", "in a forest", "on a table", "in the rain"),
)
NOUN_TEMPLATES = ("{}", "a {}", "a photo of a {}", "{}s")
COMMON = 20  # captions that have a word worth translating


def phrases_to_learn(
    clip_texts: ClipTexts,
    phrase_map: PhraseMap,
    captions: Path,
    labels: list[str],
    sentences: list[str],
) -> tuple[list[str], Vectors]:
    """n phrases, and their targets (n, 512) float32, unit. None is for validation."""
    excluded = {name.lower() for name in clip_texts.validation_names()}
    excluded |= {caption.strip(" .").lower() for caption in clip_texts.validation_captions()}
    phrases = [
        phrase
        for phrase in sorted(_english(clip_texts, captions, labels, sentences))
        if phrase and phrase.lower() not in excluded
    ]
    vectors = _english_targets(phrases, clip_texts, phrase_map)
    nouns, noun_vectors = _nouns(excluded | set(map(str.lower, phrases)), phrase_map)
    phrases += [template.format(noun) for template in NOUN_TEMPLATES for noun in nouns]
    vectors = np.concatenate([vectors, *[noun_vectors] * len(NOUN_TEMPLATES)])
    vocabulary = _vocabulary(clip_texts, captions, labels) | set(nouns)
    phrases, vectors = _with_translations(phrases, vectors, vocabulary)
    learned = np.array([phrase.lower() not in excluded for phrase in phrases])
    return [phrase for phrase in phrases if phrase.lower() not in excluded], vectors[learned]


def _english(
    clip_texts: ClipTexts, captions: Path, labels: list[str], sentences: list[str]
) -> set[str]:
    names = _names(clip_texts, labels)
    phrases = {template.format(name) for name in names for template in TEMPLATES}
    phrases |= {
        f"a {color} {name}" for name in names for color in COLORS if digest(color + name) % 3 == 0
    }
    phrases |= {
        f"a {name} {place}" for name in names for place in PLACES if digest(place + name) % 4 == 0
    }
    phrases |= _whole_words() | set(caption_lines(captions)) | set(sentences)
    return phrases | {word for name in names for word in name.split()}


def _english_targets(phrases: list[str], texts: ClipTexts, phrase_map: PhraseMap) -> Vectors:
    """The phrase map's vectors, and the real ones of known phrases."""
    vectors = name_targets(phrases, texts, phrase_map)
    position = {phrase: row for row, phrase in enumerate(phrases)}
    for row, caption in enumerate(texts.captions):
        phrase = caption.strip(" .")
        if not texts.caption_validation[row] and phrase in position:
            vectors[position[phrase]] = texts.caption_vectors[row]
    return unit(vectors)


def _nouns(known: set[str], phrase_map: PhraseMap) -> tuple[list[str], Vectors]:
    glosses, common = load_nouns()
    nouns = [noun for noun in common if noun not in known]
    explained = [f"{noun}: {glosses[noun]}" for noun in nouns]
    return nouns, unit(phrase_map(nouns) + phrase_map(explained))


def _with_translations(
    phrases: list[str], vectors: Vectors, vocabulary: set[str]
) -> tuple[list[str], Vectors]:
    colored = tuple(f"a {color} " for color in COLORS)
    position = {
        phrase.lower(): row
        for row, phrase in enumerate(phrases)
        if phrase.lower() in vocabulary or phrase.startswith(colored)
    }
    translations = [
        foreign_phrases(code, load_words(code), position, vectors) for code in LANGUAGES
    ]
    known = set(phrases)
    for translated, targets in translations:
        new = [row for row, phrase in enumerate(translated) if phrase not in known]
        phrases = phrases + [translated[row] for row in new]
        vectors = np.concatenate([vectors, targets[new]])
    return phrases, vectors


def _names(clip_texts: ClipTexts, labels: list[str]) -> list[str]:
    trained = set(synonyms(clip_texts.names)) - clip_texts.validation_names()
    return sorted(trained | set(labels) - {""})


def _vocabulary(clip_texts: ClipTexts, captions: Path, labels: list[str]) -> set[str]:
    words = Counter(" ".join(caption_lines(captions)).lower().split())
    common = {word for word, count in words.items() if count >= COMMON and len(word) > 2}
    return common | {name.lower() for name in _names(clip_texts, labels)}


def _whole_words() -> set[str]:
    """Words that are one token of CLIP's vocabulary."""
    from open_clip.tokenizer import SimpleTokenizer

    tokens = SimpleTokenizer().encoder
    words = (token.removesuffix("</w>") for token in tokens if token.endswith("</w>"))
    return {word for word in words if len(word) > 2 and word.isascii() and word.isalpha()}
