"""Vectors → hits. Keeps the indexes in step with the rows; rows win.

    query ─index─► shortlist of ids ─store─► codes ─codec─► vector_hat ─cosine─► hits, best first

An index is loaded or built at the first search, extended by the rows added since, and saved. A
search does not count rows. It notices that rows have changed

    by the last row      which must have the digest that the index was stamped with
    by the hits          each must be a row of the codec whose index found it
    by the index file    another process that recodes or forgets rows removes or replaces it

and builds the indexes anew. `disagreement`, and `refresh` after a recode, do count. Any thread may
search; they take turns.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import numpy as np

from archive.arrays import Vectors
from archive.codecs import Codec
from archive.errors import ArchiveLocked, ArchiveReadOnly
from archive.index import Ids, Index, IndexStamp, Shortlist, files
from archive.index.candidates import Candidate, best_candidates, in_rank
from archive.index.decoded import DecodedVectors
from archive.index.hits import Hit
from archive.index.layouts import decode_or_zero
from archive.index.matches import Matcher
from archive.records import CodecRecord, Row
from archive.store import Store
from archive.store.intact import intact

FEW = 500  # rows that are decoded and compared without an index
ATTEMPTS = 3  # to answer from indexes that rows have just left


P = ParamSpec("P")
T = TypeVar("T")
Scored = tuple[int, Ids, Vectors]


class _StaleIndex(Exception):
    """An index holds a row that is gone, or is another codec's by now."""


def _in_turn(method: Callable[Concatenate[Search, P], T]) -> Callable[Concatenate[Search, P], T]:
    """The method, for one thread at a time: indexes change as they are searched."""

    @functools.wraps(method)
    def locked(search: Search, /, *args: P.args, **options: P.kwargs) -> T:
        with search._turn:
            return method(search, *args, **options)

    return locked


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
        self._identities: dict[int, tuple[int, int] | None] = {}
        self._decoded = DecodedVectors()
        self._turn = threading.RLock()

    @_in_turn
    def refresh(self, *, thorough: bool = False) -> None:
        """Brings every index in step with the rows: loads, extends or builds it, and saves it.

        `thorough`: rows up to the last one may have come or gone, so they are counted.
        """
        for codec_id, codec in self._codecs.items():
            index = self._current(codec_id) or Index.load(self.file(codec_id), codec)
            if index is None or not self._agrees(index, codec_id, thorough=thorough):
                self._build(codec_id)
                continue
            self._extend(index, codec_id)
            self._keep(codec_id, index)

    def _build(self, codec_id: int) -> None:
        """Makes an index from all rows of a codec."""
        self._remove(codec_id)
        index = self._empty(codec_id)
        self._extend(index, codec_id)
        self._keep(codec_id, index)

    def _keep(self, codec_id: int, index: Index) -> None:
        """An index that is in step is the one to search, unless it has outgrown its layout."""
        if index.needs_refit:
            self._build(codec_id)
            return
        self._indexes[codec_id] = index
        self._identities[codec_id] = files.identity(self.file(codec_id))

    @_in_turn
    def remove(self, *, required: bool = False) -> None:
        """Deletes every index, here and, as soon as they search, in other processes.

        To be called before rows are recoded or deleted. Raises ArchiveReadOnly if it is `required`
        and a file cannot be removed.
        """
        self._indexes.clear()
        for codec_id in self._codecs:
            self._remove(codec_id)
            if required and list(files.all_files(self.file(codec_id))):
                raise ArchiveReadOnly(
                    f"the search index in {self._folder} cannot be removed; make it writable"
                )

    def _remove(self, codec_id: int) -> None:
        with suppress(OSError):  # a read-only archive: what there is stays, and is not read
            files.remove(self.file(codec_id))

    def __len__(self) -> int:
        """Number of rows in the indexes. Call `refresh` before."""
        return sum(map(len, self._indexes.values()))

    @_in_turn
    def hits(
        self,
        vectors: Vectors,
        count: int,
        *,
        only: Sequence[int] | None = None,
        matchers: Sequence[Matcher | None] | None = None,
    ) -> list[list[Hit]]:
        """(N, D) queries → N lists of at most `count` hits, best first. Call `refresh` before.

        `only`: the ids that may be hits; `matchers`: of each query, for its hits' matches. Raises
        ArchiveLocked if rows change faster than indexes can be built.
        """
        for _ in range(ATTEMPTS):
            try:
                return self._hits(vectors, count, only, matchers or [None] * len(vectors))
            except _StaleIndex:
                for codec_id in self._codecs:
                    self._build(codec_id)
        raise ArchiveLocked("the archive's rows are being changed; search again when that is done")

    def _hits(
        self,
        vectors: Vectors,
        count: int,
        only: Sequence[int] | None,
        matchers: Sequence[Matcher | None],
    ) -> list[list[Hit]]:
        """Raises _StaleIndex."""
        candidates: list[list[Candidate]] = [[] for _ in vectors]
        if only is not None and len(only) <= FEW:
            answers = self._all_of(vectors, only)
        else:
            answers = self._near(vectors, count, only)
        for codec_id, ids, vectors_hat in answers:
            for query, matcher in enumerate(matchers):
                parts = (ids[query], vectors_hat[query], vectors[query])
                candidates[query] += best_candidates(codec_id, *parts, count=count, matcher=matcher)
        best_of = [in_rank(listed)[:count] for listed in candidates]
        codec_ids = {candidate.id: candidate.codec_id for best in best_of for candidate in best}
        rows = {row.id: row for row in intact(self._rows(codec_ids).values())}
        return [
            [
                Hit.of(rows[candidate.id], candidate.score, candidate.match)
                for candidate in best
                if candidate.id in rows
            ]
            for best in best_of
        ]

    def _near(self, vectors: Vectors, count: int, only: Sequence[int] | None) -> Iterator[Scored]:
        """What the indexes find: codec id, ids (N, k), vectors_hat (N, k, D)."""
        allowed = None if only is None else np.array(only, np.int64)
        for codec_id, index in self._indexes.items():
            shortlist = index.shortlist(vectors, count, only=allowed)
            yield codec_id, shortlist.ids, self._vectors_hat(codec_id, shortlist)

    def _all_of(self, vectors: Vectors, only: Sequence[int]) -> Iterator[Scored]:
        """As `_near`, of all these rows: they are few, so that no index is needed."""
        for codec_id, codes in self._store.images.clip_codes_of(only).items():
            if codec_id not in self._codecs:
                continue  # damaged, as `verify` says
            vectors_hat = decode_or_zero(self._codecs[codec_id], list(codes.values()))
            ids = np.broadcast_to(np.array(list(codes), np.int64), (len(vectors), len(codes)))
            shape = (len(vectors), *vectors_hat.shape)
            yield codec_id, ids, np.broadcast_to(vectors_hat, shape)

    def _rows(self, codec_ids: Mapping[int, int]) -> dict[int, Row]:
        """Id → codec id, as the indexes have it → rows, damaged or not. Raises _StaleIndex."""
        rows = self._store.images.find(list(codec_ids))
        for row_id, codec_id in codec_ids.items():
            row = rows.get(row_id)
            if row is None or (row.intact and row.codec_id != codec_id):
                raise _StaleIndex
        return rows

    def file(self, codec_id: int) -> Path:
        """Where a codec's index is stored."""
        return self._folder / f"codec-{codec_id}.npz"

    def bytes_on_disk(self) -> int:
        """Bytes of all index files."""
        paths = [path for codec_id in self._codecs for path in files.all_files(self.file(codec_id))]
        return sum(path.stat().st_size for path in paths)

    def disagreement(self) -> str:
        """Why a saved index would be rebuilt; '' if all are sound or only missing."""
        for codec_id, codec in self._codecs.items():
            file = self.file(codec_id)
            if not file.exists():
                continue
            index = Index.load(file, codec)
            if index is None:
                return f"{file} is damaged; the next search rebuilds it"
            if not index.is_intact(file):
                return f"{file} has damaged blocks; delete it, and the next search builds it"
            if not self._agrees(index, codec_id, thorough=True):
                return f"{file} does not agree with the rows; the next search rebuilds it"
        return ""

    def _vectors_hat(self, codec_id: int, shortlist: Shortlist) -> Vectors:
        """(N, k, D): from the index, or else decoded from the rows."""
        if shortlist.vectors_hat is not None:
            return shortlist.vectors_hat
        return self._decode(codec_id, shortlist.ids)

    def _decode(self, codec_id: int, ids: Ids) -> Vectors:
        """(N, k) ids → (N, k, D). Raises _StaleIndex."""
        codec = self._codecs[codec_id]
        listed = ids.ravel().tolist()
        codes = self._store.images.clip_codes_of(list(set(listed))).get(codec_id, {})
        if not codes.keys() >= set(listed):
            raise _StaleIndex
        vectors_hat = self._decoded.of(codec_id, codec, [codes[row_id] for row_id in listed])
        return vectors_hat.reshape(*ids.shape, codec.dimension)

    def _empty(self, codec_id: int) -> Index:
        return Index(self._codecs[codec_id], self._empty_stamp(codec_id))

    def _empty_stamp(self, codec_id: int) -> IndexStamp:
        record = self._records[codec_id]
        parameters = sorted(record.parameters.items())
        return IndexStamp(codec_id, f"{record.name} {parameters} {record.created_at}")

    def _current(self, codec_id: int) -> Index | None:
        """The index in memory, unless its file has been replaced or removed since."""
        if self._identities.get(codec_id) != files.identity(self.file(codec_id)):
            return None
        return self._indexes.get(codec_id)

    def _agrees(self, index: Index, codec_id: int, *, thorough: bool) -> bool:
        """Whether the rows an index was built from still exist, unchanged."""
        stamp = index.stamp
        if replace(stamp, count=0, last_id=0, last_digest="") != self._empty_stamp(codec_id):
            return False
        if thorough:
            position = self._store.images.position(codec_id, stamp.last_id)
            return (stamp.count, stamp.last_digest) == position
        return self._store.images.digest(codec_id, stamp.last_id) == stamp.last_digest

    def _extend(self, index: Index, codec_id: int) -> None:
        """Appends the rows added since, and saves the index if there are any."""
        last_id = index.stamp.last_id
        for page in self._store.images.clip_codes(codec_id, after=last_id):
            index.extend(page)
            last_id = page[-1][0]
        if last_id == index.stamp.last_id:
            return
        digest = self._store.images.digest(codec_id, last_id)
        stamp = replace(index.stamp, count=len(index), last_id=last_id, last_digest=digest)
        index.stamp = stamp
        with suppress(OSError):  # a read-only archive, or a full disk: it stays in memory
            index.save(self.file(codec_id))
