"""Vectors → hits. Keeps the index in step with the rows; rows win.

    query ─index─► short list of ids ─store─► codes ─codec─► σ̂ ─cos(q, σ̂)─► hits, best first

The index is opened, or built, at the first search; it is extended by whatever rows came since, and saved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from archive.codecs import Codec
from archive.index import Index, IndexStamp
from archive.records import CodecRecord, Row
from archive.store import Store

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Hit:
    """An archived picture and how well it answers: cosine of the query and the decoded vector, −1 … 1."""

    id: int
    score: float
    path: str
    digest: str


class Search:
    """The indexes of an archive, one a codec."""

    def __init__(
        self,
        store: Store,
        records: Mapping[int, CodecRecord],
        codecs: Mapping[int, Codec],
        folder: Path,
    ) -> None:
        self._store = store
        self._records = records
        self._codecs = codecs
        self._folder = folder
        self._indexes: dict[int, Index] = {}

    def refresh(self) -> None:
        """Brings every index in step with the rows: loads, extends, or builds it, and saves what changed."""
        for codec_id, codec in self._codecs.items():
            index = self._indexes.get(codec_id) or Index.load(self.file(codec_id), codec)
            if index is None or not self._agrees(index, codec_id):
                self.file(codec_id).unlink(missing_ok=True)
                index = self._empty(codec_id)
            index = self._extended(index, codec_id)
            self._indexes[codec_id] = (
                self._extended(self._empty(codec_id), codec_id) if index.needs_refit else index
            )

    def hits(self, vectors: Vectors, count: int) -> list[list[Hit]]:
        """(N, D) queries → N lists of at most `count` hits, best first. Call `refresh` before."""
        scored: list[list[tuple[float, int]]] = [[] for _ in vectors]
        for codec_id, index in self._indexes.items():
            short = index.candidates(vectors, count)
            vectors_hat = (
                self._decoded(codec_id, short.ids)
                if short.vectors_hat is None
                else short.vectors_hat
            )
            for answers, scores, ids in zip(
                scored, _cosines(vectors, vectors_hat), short.ids, strict=True
            ):
                answers.extend(zip(scores.tolist(), ids.tolist(), strict=True))
        best = [sorted(answers, reverse=True)[:count] for answers in scored]
        rows = self._store.images.find(
            list({image_id for answers in best for _, image_id in answers})
        )
        return [
            [_hit(rows[image_id], score) for score, image_id in answers if image_id in rows]
            for answers in best
        ]

    def file(self, codec_id: int) -> Path:
        """Where a codec's index is kept."""
        return self._folder / f"codec-{codec_id}.npz"

    def bytes_on_disk(self) -> int:
        files = [self.file(codec_id) for codec_id in self._codecs]
        return sum(file.stat().st_size for file in files if file.exists())

    def disagreement(self) -> str:
        """Why a saved index would be rebuilt, or '' ; a missing one is only not built yet."""
        for codec_id, codec in self._codecs.items():
            if self.file(codec_id).exists():
                index = Index.load(self.file(codec_id), codec)
                if index is None:
                    return f"{self.file(codec_id)} is damaged; the next search builds it anew"
                if not self._agrees(index, codec_id):
                    return f"{self.file(codec_id)} does not agree with the rows; the next search builds it anew"
        return ""

    def _decoded(self, codec_id: int, ids: npt.NDArray[np.int64]) -> Vectors:
        """(N, k) ids → (N, k, D), from the rows."""
        rows = self._store.images.get(ids.ravel().tolist())
        codec = self._codecs[codec_id]
        return codec.decode_vectors([row.clip_code for row in rows]).reshape(
            *ids.shape, codec.dimension
        )

    def _empty(self, codec_id: int) -> Index:
        return Index(self._codecs[codec_id], self._first_stamp(codec_id))

    def _first_stamp(self, codec_id: int) -> IndexStamp:
        record = self._records[codec_id]
        return IndexStamp(
            codec_id, f"{record.name} {sorted(record.parameters.items())} {record.created_at}"
        )

    def _agrees(self, index: Index, codec_id: int) -> bool:
        """Whether the rows an index was built from are there unchanged."""
        stamp = index.stamp
        first = self._first_stamp(codec_id)
        if replace(stamp, count=0, last_id=0, last_digest="") != first:
            return False
        return (stamp.count, stamp.last_digest) == self._store.images.position(
            codec_id, stamp.last_id
        )

    def _extended(self, index: Index, codec_id: int) -> Index:
        last = index.stamp.last_id
        for page in self._store.images.clip_codes(codec_id, after=last):
            index.extend(page)
            last = page[-1][0]
        if last != index.stamp.last_id:
            count, digest = self._store.images.position(codec_id, last)
            index.stamp = replace(index.stamp, count=count, last_id=last, last_digest=digest)
            index.save(self.file(codec_id))
        return index


def _cosines(vectors: Vectors, vectors_hat: Vectors) -> Vectors:
    """(N, D), (N, k, D) → (N, k)."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True) * np.linalg.norm(vectors_hat, axis=2)
    cosines: Vectors = np.einsum("nd,nkd->nk", vectors, vectors_hat) / (norms + 1e-12)
    return cosines


def _hit(row: Row, score: float) -> Hit:
    return Hit(row.id, round(score, 6), row.path, row.sha256.hex())
