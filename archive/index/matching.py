"""Searches whose hits say how well they match: what archive.index.matches compares them with.

Phrases and samples of the archive's rows are read at the first search that needs them; samples
again when the archive has grown to twice as many rows, or shrunk to half as many.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property

import numpy as np
import numpy.typing as npt

from archive.arrays import Vectors, one_blas_thread
from archive.codecs import Codec
from archive.errors import BadCode, ModelMismatch, ModelMissing
from archive.index.background import phrase_vectors
from archive.index.hits import Hit
from archive.index.layouts import decode_or_zero
from archive.index.matches import Matcher, QueryKind, picture_matcher, spread, word_matcher
from archive.index.queries import EncodedQuery, Query, encode_queries
from archive.index.search import Search
from archive.models.loader import ModelLoader
from archive.store import Store

SPREAD_ROWS = 256  # whose phrases' spread is averaged; one decoding, 30 ms
NEAREST_ROWS = 64  # whose nearest other row is searched, 0.3 s


class MatchingSearch:
    """The searches of one archive."""

    def __init__(
        self, store: Store, codecs: Mapping[int, Codec], models: ModelLoader, search: Search
    ) -> None:
        self._store = store
        self._codecs = codecs
        self._models = models
        self._search = search
        self._sampled_at = 0.0  # log₂ of the number of rows
        self._spread: dict[int, float] | None = None
        self._nearest: npt.NDArray[np.floating] | None = None

    def hits(
        self, asked: Iterable[Query], count: int, *, only: Sequence[int] | None = None
    ) -> list[list[Hit]]:
        """N queries → N lists of at most `count` hits, best first.

        `only`: the ids that may be hits. Raises as `encode_queries` and Search.hits.
        """
        with one_blas_thread():
            return self._hits(asked, count, only)

    def _hits(
        self, asked: Iterable[Query], count: int, only: Sequence[int] | None
    ) -> list[list[Hit]]:
        queries = encode_queries(self._models, asked, self._decode)
        self._search.refresh()
        rows = len(self._search) if only is None else len(only)
        if not rows or not queries:
            return [[] for _ in queries]
        matchers = [self._matcher(query, rows) for query in queries]
        more = max(len(query.excluded) for query in queries)
        vectors = np.stack([query.vector for query in queries])
        answers = self._search.hits(vectors, count + more, only=only, matchers=matchers)
        return [
            [hit for hit in hits if hit.id not in query.excluded][:count]
            for query, hits in zip(queries, answers, strict=True)
        ]

    def _decode(self, row_id: int) -> Vectors:
        """Id → (D,) vector_hat. Raises NotFound, BadCode."""
        row = self._store.images.get([row_id])[0]
        if row.codec_id not in self._codecs:
            raise BadCode(f"row {row_id} has no codec; `coldframe verify` says more")
        vector_hat: Vectors = self._codecs[row.codec_id].decode_vectors([row.clip_code])[0]
        return vector_hat

    def _matcher(self, query: EncodedQuery, rows: int) -> Matcher | None:
        """None where there is nothing to compare hits with."""
        self._forget_samples_of_other_sizes()
        if query.kind is QueryKind.WORDS and self._phrases is not None:
            usual = self._usual_spread(self._phrases)
            return word_matcher(query.wanted_vector, self._phrases, usual_spread=usual, rows=rows)
        if query.kind is QueryKind.PICTURE and len(self._nearest_cosines()):
            return picture_matcher(query.wanted_vector, self._nearest_cosines())
        return None

    @cached_property
    def _phrases(self) -> Vectors | None:
        """None without the encoder's weights, which a query that is a vector needs not."""
        with suppress(ModelMissing, ModelMismatch):
            return phrase_vectors(self._models)
        return None

    def _usual_spread(self, phrases: Vectors) -> dict[int, float]:
        """By codec id."""
        by_codec = self._spread
        if by_codec is None:
            by_codec = {
                codec_id: spread(np.stack(list(vectors.values())), phrases)
                for codec_id, vectors in self._sample(SPREAD_ROWS).items()
            }
            self._spread = by_codec
        return by_codec

    def _nearest_cosines(self) -> npt.NDArray[np.floating]:
        """Of sampled rows with the nearest other row, ascending; none in an archive of one row."""
        nearest = self._nearest
        if nearest is None:
            sample = self._sample(NEAREST_ROWS).values()
            by_id = {row_id: vector for vectors in sample for row_id, vector in vectors.items()}
            answers = self._search.hits(np.stack(list(by_id.values())), 2) if by_id else []
            others = [
                next((hit.score for hit in hits if hit.id != row_id), None)
                for row_id, hits in zip(by_id, answers, strict=True)
            ]
            nearest = np.sort([score for score in others if score is not None])
            self._nearest = nearest
        return nearest

    def _sample(self, count: int) -> dict[int, dict[int, Vectors]]:
        """Codec id → id → (D,) vector_hat, of so many rows."""
        codes = self._store.images.clip_codes_of(self._store.images.sample(count))
        return {
            codec_id: dict(
                zip(ids, decode_or_zero(self._codecs[codec_id], list(ids.values())), strict=True)
            )
            for codec_id, ids in codes.items()
            if codec_id in self._codecs
        }

    def _forget_samples_of_other_sizes(self) -> None:
        size = math.log2(len(self._search) or 1)
        if abs(size - self._sampled_at) >= 1:
            self._spread = None
            self._nearest = None
            self._sampled_at = size
