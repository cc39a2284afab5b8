"""Vectors → hits. Keeps the indexes in step with the rows; rows win.

    query ─index─► shortlist of ids ─store─► codes ─codec─► vector_hat ─cosine─► hits, best first

An index is loaded or built at the first search, extended by the rows added since, and saved.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from archive.arrays import Vectors
from archive.codecs import Codec
from archive.index import Ids, Index, IndexStamp, Shortlist
from archive.records import CodecRecord, Row
from archive.store import Store

SHORTEST = 1e-12  # added to the product of two lengths, so that zero vectors score 0
SCORE_DIGITS = 6  # after the point


@dataclass(frozen=True)
class Hit:
    """An archived image and its score: cosine of the query and vector_hat, −1 … 1."""

    id: int
    score: float
    path: str  # where the image was first found
    digest: str  # SHA-256 of the file, hexadecimal


class Search:
    """The indexes of an archive, one per codec."""

    def __init__(
        self,
        store: Store,
        records: Mapping[int, CodecRecord],
        codecs: Mapping[int, Codec],
        folder: Path,
    ) -> None:
        """`records` and `codecs` by codec id; codecs added to them later are searched too."""
        self._store = store
        self._records = records
        self._codecs = codecs
        self._folder = folder
        self._indexes: dict[int, Index] = {}

    def refresh(self) -> None:
        """Brings every index in step with the rows: loads, extends or builds it, and saves it."""
        for codec_id, codec in self._codecs.items():
            index = self._indexes.get(codec_id) or Index.load(self.file(codec_id), codec)
            if index is None or not self._agrees(index, codec_id):
                with suppress(OSError):  # a read-only archive: the index stays in memory
                    self.file(codec_id).unlink(missing_ok=True)
                index = self._empty(codec_id)
            self._extend(index, codec_id)
            if index.needs_refit:
                index = self._empty(codec_id)
                self._extend(index, codec_id)
            self._indexes[codec_id] = index

    def hits(self, vectors: Vectors, count: int) -> list[list[Hit]]:
        """(N, D) queries → N lists of at most `count` hits, best first. Call `refresh` before."""
        scored: list[list[tuple[float, int]]] = [[] for _ in vectors]
        for codec_id, index in self._indexes.items():
            shortlist = index.shortlist(vectors, count)
            cosines = _cosines(vectors, self._vectors_hat(codec_id, shortlist))
            for answers, scores, ids in zip(scored, cosines, shortlist.ids, strict=True):
                answers.extend(zip(scores.tolist(), ids.tolist(), strict=True))
        best = [sorted(answers, reverse=True)[:count] for answers in scored]
        rows = self._store.images.find(list({row_id for answers in best for _, row_id in answers}))
        return [
            [_hit(rows[row_id], score) for score, row_id in answers if row_id in rows]
            for answers in best
        ]

    def file(self, codec_id: int) -> Path:
        """Where a codec's index is stored."""
        return self._folder / f"codec-{codec_id}.npz"

    def bytes_on_disk(self) -> int:
        """Bytes of all index files."""
        files = [self.file(codec_id) for codec_id in self._codecs]
        return sum(file.stat().st_size for file in files if file.exists())

    def disagreement(self) -> str:
        """Why a saved index would be rebuilt; '' if all are sound or only missing."""
        for codec_id, codec in self._codecs.items():
            file = self.file(codec_id)
            if not file.exists():
                continue
            index = Index.load(file, codec)
            if index is None:
                return f"{file} is damaged; the next search rebuilds it"
            if not self._agrees(index, codec_id):
                return f"{file} does not agree with the rows; the next search rebuilds it"
        return ""

    def _vectors_hat(self, codec_id: int, shortlist: Shortlist) -> Vectors:
        """(N, k, D): from the index, or else decoded from the rows."""
        if shortlist.vectors_hat is not None:
            return shortlist.vectors_hat
        return self._decode(codec_id, shortlist.ids)

    def _decode(self, codec_id: int, ids: Ids) -> Vectors:
        """(N, k) ids → (N, k, D)."""
        codec = self._codecs[codec_id]
        rows = self._store.images.get(ids.ravel().tolist())
        vectors_hat = codec.decode_vectors([row.clip_code for row in rows])
        return vectors_hat.reshape(*ids.shape, codec.dimension)

    def _empty(self, codec_id: int) -> Index:
        return Index(self._codecs[codec_id], self._empty_stamp(codec_id))

    def _empty_stamp(self, codec_id: int) -> IndexStamp:
        record = self._records[codec_id]
        parameters = sorted(record.parameters.items())
        return IndexStamp(codec_id, f"{record.name} {parameters} {record.created_at}")

    def _agrees(self, index: Index, codec_id: int) -> bool:
        """Whether the rows an index was built from still exist, unchanged."""
        stamp = index.stamp
        if replace(stamp, count=0, last_id=0, last_digest="") != self._empty_stamp(codec_id):
            return False
        position = self._store.images.position(codec_id, stamp.last_id)
        return (stamp.count, stamp.last_digest) == position

    def _extend(self, index: Index, codec_id: int) -> None:
        """Appends the rows added since, and saves the index if there are any."""
        last_id = index.stamp.last_id
        for page in self._store.images.clip_codes(codec_id, after=last_id):
            index.extend(page)
            last_id = page[-1][0]
        if last_id == index.stamp.last_id:
            return
        count, digest = self._store.images.position(codec_id, last_id)
        index.stamp = replace(index.stamp, count=count, last_id=last_id, last_digest=digest)
        with suppress(OSError):  # a read-only archive, or a full disk: it stays in memory
            index.save(self.file(codec_id))


def _cosines(vectors: Vectors, vectors_hat: Vectors) -> Vectors:
    """(N, D) and (N, k, D) → (N, k)."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True) * np.linalg.norm(vectors_hat, axis=2)
    cosines: Vectors = np.einsum("nd,nkd->nk", vectors, vectors_hat) / (lengths + SHORTEST)
    return cosines


def _hit(row: Row, score: float) -> Hit:
    return Hit(row.id, round(score, SCORE_DIGITS), row.path, row.sha256.hex())
