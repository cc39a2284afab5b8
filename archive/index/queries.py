"""Queries → vectors: words, images, rows, or vectors as they are; and several at once.

str                                text
Path                               an image file
PIL image, bytes, (H, W, 3) uint8  an image
(D,) float                         a vector of the archive's encoder, taken for one of words
Combination                        Σ unit(plus) + Σ unit(vector_hat of like) − Σ unit(minus)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from archive.arrays import Pixels, Vectors, unit
from archive.errors import Unreadable, UsageError
from archive.imaging.memory import ImageInput, read_picture
from archive.index.matches import QueryKind
from archive.models.loader import ModelLoader

if TYPE_CHECKING:
    from PIL import Image

LEAST_LENGTH = 1e-4  # of a sum of units; a shorter one has no direction


SingleQuery: TypeAlias = "str | Path | Image.Image | bytes | npt.NDArray[np.generic]"


@dataclass(frozen=True)
class Combination:
    """Queries taken together: hits are like all of `plus`, and unlike all of `minus`.

    `like`: ids of rows that hits are like, too; they are no hits themselves.
    """

    plus: Sequence[SingleQuery] = ()
    minus: Sequence[SingleQuery] = ()
    like: Sequence[int] = ()


Query: TypeAlias = "SingleQuery | Combination"
LikeRow = Callable[[int], Vectors]  # id → vector_hat (D,)


@dataclass(frozen=True)
class EncodedQuery:
    """What the index is asked, and what hits are compared with to see if they match."""

    vector: Vectors  # (D,)
    wanted_vector: Vectors  # (D,): the same without what was taken away
    kind: QueryKind
    excluded: frozenset[int] = frozenset()  # ids


def is_single(query: object) -> bool:
    """Whether this is one query rather than several: a string, an array and an image are one."""
    if isinstance(query, np.ndarray):
        return query.ndim != 2  # (N, D) is N vectors
    return isinstance(query, (str, bytes, Path)) or not isinstance(query, Iterable)


def encode_queries(
    models: ModelLoader, queries: Iterable[Query], like_row: LikeRow
) -> list[EncodedQuery]:
    """N queries → N vectors and what they are. Only images need the whole encoder.

    Raises UsageError for a query of another kind, Unreadable for a bad image, NotFound for a row.
    """
    combinations = [
        query if isinstance(query, Combination) else Combination([query]) for query in queries
    ]
    parts = [part for query in combinations for part in (*query.plus, *query.minus)]
    vectors = iter(_encode(models, parts))
    encoded = []
    for query in combinations:
        plus = [next(vectors) for _ in query.plus]
        minus = [next(vectors) for _ in query.minus]
        encoded.append(_combine(query, [*plus, *map(like_row, query.like)], minus))
    return encoded


def _combine(query: Combination, plus: Sequence[Vectors], minus: Sequence[Vectors]) -> EncodedQuery:
    """Raises UsageError if nothing remains to be searched for."""
    if not plus:
        raise UsageError("give something to search for, not only what it should not be")
    excluded = frozenset(query.like)
    if len(plus) == 1 and not minus:
        return EncodedQuery(plus[0], plus[0], _kind(query), excluded)
    asked: Vectors = unit(np.stack(plus)).sum(axis=0)
    vector = asked - unit(np.stack(minus)).sum(axis=0) if minus else asked
    if np.linalg.norm(vector) < LEAST_LENGTH:
        raise UsageError("what is wanted and what is not cancel out; search for something else")
    return EncodedQuery(vector, asked, _kind(query), excluded)


def _kind(query: Combination) -> QueryKind:
    is_words = all(isinstance(part, str) or _is_vector(part) for part in query.plus)
    if is_words and not query.like:
        return QueryKind.WORDS
    is_single_picture = len(query.plus) + len(query.like) == 1
    return QueryKind.PICTURE if is_single_picture else QueryKind.MIXTURE


def _is_vector(query: object) -> bool:
    return isinstance(query, np.ndarray) and query.ndim == 1


def _encode(models: ModelLoader, queries: Sequence[SingleQuery]) -> Vectors:
    """N queries → (N, D) float32."""
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


def _pixels(query: Path | ImageInput, *, at_least: int) -> Pixels:
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
