"""Queries → vectors: words, images, or vectors as they are.

str                                text
Path                               an image file
PIL image, bytes, (H, W, 3) uint8  an image
(D,) float                         a vector of the archive's encoder
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from archive.arrays import Pixels, Vectors
from archive.errors import Unreadable, UsageError
from archive.imaging.memory import read_picture
from archive.models.loader import ModelLoader

if TYPE_CHECKING:
    from PIL import Image

Query: TypeAlias = "str | Path | Image.Image | bytes | npt.NDArray[np.generic]"


def is_single(query: object) -> bool:
    """Whether this is one query rather than several: a string, an array and an image are one."""
    if isinstance(query, np.ndarray):
        return query.ndim != 2  # (N, D) is N vectors
    return isinstance(query, (str, bytes, Path)) or not isinstance(query, Iterable)


def encode_queries(models: ModelLoader, queries: Iterable[Query]) -> Vectors:
    """N queries → (N, D) float32. Only images need the whole encoder.

    Raises UsageError for a query of another kind, Unreadable for a bad image.
    """
    queries = list(queries)
    vectors = np.zeros((len(queries), models.dimension), np.float32)
    texts = {place: _text(query) for place, query in enumerate(queries) if isinstance(query, str)}
    if texts:
        vectors[list(texts)] = models.encode_texts(list(texts.values()))
    images: dict[int, Pixels] = {}
    for place, query in enumerate(queries):
        if isinstance(query, np.ndarray) and query.ndim == 1:
            vectors[place] = _checked(query, models.dimension)
        elif not isinstance(query, str):
            images[place] = _pixels(query, at_least=models.image_size)
    if images:
        prepared = [models.encoder.preprocess(pixels) for pixels in images.values()]
        vectors[list(images)] = models.encoder.encode_images(prepared)
    return vectors


def _pixels(query: Query, *, at_least: int) -> Pixels:
    """An image → its pixels. Raises Unreadable, which names the file if it was one."""
    try:
        return read_picture(query, at_least=at_least).pixels
    except Unreadable as error:
        if not isinstance(query, Path):
            raise
        raise Unreadable(error.reason, f"{query}: {error.detail}") from error


def _text(words: str) -> str:
    """Words that a tokenizer takes: without the halves of characters that odd bytes become."""
    if not words.strip():
        raise UsageError("an empty query finds nothing; give words to search for")
    return words.encode("utf-8", "replace").decode("utf-8")


def _checked(vector: npt.NDArray[np.generic], dimension: int) -> npt.NDArray[np.generic]:
    if vector.shape != (dimension,) or not np.issubdtype(vector.dtype, np.number):
        raise UsageError(
            f"a query vector must be {dimension} numbers of this archive's encoder, "
            f"not {vector.dtype} {vector.shape}"
        )
    if not np.isfinite(vector).all():
        raise UsageError("a query vector must be finite")
    return vector
