"""Phrases that say nothing about an archive, as its encoder reads them.

What a cosine is worth, one sees beside those of phrases that were not asked for. `phrases.txt` has
nouns and short sentences, most of which fit no given picture. Their vectors take seconds to
compute, so they are cached for each encoder, in the user's cache:

    background/<digest>.npy     (P, D) float32, unit; the digest is over the encoder's and the text

Deleting it loses nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

import numpy as np

from archive.arrays import Vectors, unit
from archive.models.loader import ModelLoader
from archive.settings import cache_folder

NAME_LENGTH = 32  # hexadecimal digits of the SHA-256


def phrase_vectors(models: ModelLoader) -> Vectors:
    """(P, D) float32, unit. Raises ModelMissing, ModelMismatch."""
    text = Path(__file__).with_name("phrases.txt").read_text("utf-8")
    phrases = text.splitlines()
    file = _file(models.known_encoder, text)
    if file is None:
        return unit(models.encode_texts(phrases))
    with contextlib.suppress(OSError, ValueError, EOFError):
        vectors: Vectors = np.load(file)
        whole = vectors.shape == (len(phrases), models.dimension) and np.isfinite(vectors).all()
        if whole and vectors.dtype == np.float32:
            return vectors
    vectors = unit(models.encode_texts(phrases))
    _save(file, vectors)
    return vectors


def _file(encoder_sha256: str | None, text: str) -> Path | None:
    """None where the encoder's digest or the user's cache is not known."""
    if encoder_sha256 is None:
        return None
    name = hashlib.sha256(f"{encoder_sha256}\n{text}".encode()).hexdigest()[:NAME_LENGTH]
    with contextlib.suppress(RuntimeError):  # there is no home
        return cache_folder() / "background" / f"{name}.npy"
    return None


def _save(file: Path, vectors: Vectors) -> None:
    """By atomic rename; does nothing where there is no cache."""
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary = file.with_name(f"{file.stem}.{os.getpid()}.npy")
        np.save(temporary, vectors)
        temporary.replace(file)
