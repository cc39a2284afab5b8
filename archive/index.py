"""Vectors → nearest ids. FAISS' door. A cache built from the rows: deleting it loses nothing.

A scalar quantiser *is* a product quantiser. With b bits a dimension, 4 / b neighbouring dimensions share four bits of
the packed code, so a PQ fast-scan index whose 16 centroids a group are the quantiser's own reconstruction values holds
the dequantised vectors without loss, in the bytes of `clip_code` itself, and searches them with SIMD tables:

    b        group             bytes a row          lossless
    1        4 dimensions      D / 8                yes
    2        2 dimensions      D / 4                yes
    3, 4     1 dimension       D / 2                yes
    5 … 8    1 dimension       D / 2                no: the upper four bits; re-scoring sees them all

FAISS puts the first group of a byte into its low nibble, we write the most significant bit first: instead of turning
every code, the query's groups are swapped in pairs.

The scan finds a short list, which is to be scored again exactly, cos(q, σ̂). On disk: an .npz of the stamp (codec,
count, last id, that row's digest), the ids as runs, and the FAISS index; zip's CRC-32 tells damage.
"""

from __future__ import annotations

import contextlib
import json
import os
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from archive.codecs.quantize import dequantize, pack, packed_bytes, unpack

Vectors = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]
RESERVOIR = 14  # FAISS' scan that collects candidates before it sorts them: a single query in 3.1 instead of 5.3 ms
SHORT_LIST = 2  # times as many are scored again as are asked for …
SHORTEST = (20, 240)  # … but at least so many; with one bit all norms are equal, with more the scan by dot product errs


@dataclass(frozen=True)
class Stamp:
    """What an index was built from: a codec's first `count` rows, up to `last_id`, whose file has `last_digest`."""

    codec_id: int
    codec: str
    count: int = 0
    last_id: int = 0
    last_digest: str = ""


@dataclass(frozen=True)
class ShortList:
    """What a scan found: (N, k) ids, and (N, k, D) decoded vectors, or None where the index holds coarser ones."""

    ids: Ids
    vectors_hat: Vectors | None


class Form:
    """How packed codes of b bits lie in a fast-scan index."""

    def __init__(self, dimension: int, bits: int) -> None:
        self.dimension, self.bits = dimension, bits
        self.kept = min(bits, 4)  # bits of a level that are scanned
        self.width = bits if bits in (1, 2) else 4  # bits a level takes in the index
        self.group = 4 // self.width  # dimensions that share a centroid
        self.lossless = bits == self.kept
        self.code_bytes = packed_bytes(dimension, self.width)
        self.padded = self.code_bytes * 8 // self.width  # dimensions, with those that fill the last byte

    def codes(self, packed: Sequence[bytes]) -> npt.NDArray[np.uint8]:
        """N clip_codes → (N, code_bytes) uint8 as the index holds them."""
        rows = np.frombuffer(b"".join(packed), np.uint8).reshape(len(packed), -1)
        if self.bits == self.width:
            return rows
        levels = unpack(rows, self.bits, self.dimension) >> np.uint8(self.bits - self.kept)
        return pack(levels, self.width)

    def query(self, vectors: Vectors) -> Vectors:
        """(N, D) → (N, padded): zeros for what only fills up, groups swapped in pairs."""
        filled = np.zeros((len(vectors), self.padded), np.float32)
        filled[:, : self.dimension] = vectors
        pairs = filled.reshape(len(vectors), -1, 2, self.group)
        return np.ascontiguousarray(pairs[:, :, ::-1]).reshape(len(vectors), -1)

    def centroids(self) -> Vectors:
        """(padded / group · 16 · group,): what the sixteen patterns of every group decode to."""
        patterns = (16 * np.arange(16)).astype(np.uint8)[:, None]
        levels = np.minimum(unpack(patterns, self.width, self.group), np.uint8((1 << self.kept) - 1))
        return np.tile(dequantize(levels, self.kept).ravel(), self.padded // self.group)

    def scan_of(self, codes: npt.NDArray[np.uint8]) -> Any:
        """(N, code_bytes) → a FAISS index of these rows."""
        import faiss

        plain = faiss.IndexPQ(self.padded, self.padded // self.group, 4, faiss.METRIC_INNER_PRODUCT)
        faiss.copy_array_to_vector(self.centroids(), plain.pq.centroids)
        plain.is_trained = True
        if len(codes):
            plain.add_sa_codes(np.ascontiguousarray(codes))
        return faiss.IndexPQFastScan(plain)  # type: ignore[arg-type]  # its stubs know one constructor of three


class Index:
    """Positions and their ids; it grows at the end only."""

    def __init__(self, dimension: int, bits: int, stamp: Stamp) -> None:
        """An index of no rows."""
        self._form = Form(dimension, bits)
        self._scan = self._form.scan_of(np.zeros((0, self._form.code_bytes), np.uint8))
        self._runs = np.zeros((0, 2), np.int64)  # (first position, first id) of ids without a gap
        self.stamp = stamp

    @classmethod
    def load(cls, path: Path, dimension: int, bits: int) -> Index | None:
        """The index in a file; None if there is none, or it is damaged."""
        import faiss

        with contextlib.suppress(OSError, EOFError, ValueError, KeyError, TypeError, RuntimeError, zipfile.BadZipFile):
            with np.load(path) as kept:
                index = cls(dimension, bits, Stamp(**json.loads(str(kept["stamp"]))))
                index._runs, index._scan = kept["runs"], faiss.deserialize_index(kept["faiss"])
            if index._scan.d == index._form.padded and len(index) == index.stamp.count:
                return index
        return None

    def save(self, path: Path) -> None:
        """Writes the file by atomic rename."""
        import faiss

        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f"{path.name}.{os.getpid()}")
        with beside.open("wb") as file:
            np.savez(
                file, stamp=json.dumps(asdict(self.stamp)), runs=self._runs, faiss=faiss.serialize_index(self._scan)
            )
        beside.replace(path)

    def extend(self, page: Sequence[tuple[int, bytes]]) -> None:
        """Adds rows, (id, clip_code), the ids rising."""
        ids = np.array([row_id for row_id, _ in page], np.int64)
        begins = np.flatnonzero(np.diff(ids, prepend=self._last_id) != 1)
        self._runs = np.concatenate([self._runs, np.stack([len(self) + begins, ids[begins]], axis=1)])
        self._scan.merge_from(self._form.scan_of(self._form.codes([code for _, code in page])))

    def __len__(self) -> int:
        return int(self._scan.ntotal)

    def candidates(self, vectors: Vectors, count: int) -> ShortList:
        """(N, D) queries → the short lists for `count` hits each."""
        least = SHORTEST[self._form.bits > 1]
        wanted = min(max(least, SHORT_LIST * count), len(self))
        if wanted == 0:
            return ShortList(
                np.zeros((len(vectors), 0), np.int64), np.zeros((len(vectors), 0, self._form.dimension), np.float32)
            )
        self._scan.implem = RESERVOIR
        _, positions = self._scan.search(self._form.query(vectors), wanted)
        return ShortList(self._ids(positions), self._held(positions) if self._form.lossless else None)

    def _held(self, positions: npt.NDArray[np.int64]) -> Vectors:
        """(N, k) positions → (N, k, D): the vectors themselves, their groups turned back."""
        turned = self._scan.reconstruct_batch(positions.ravel())
        pairs = turned.reshape(len(turned), -1, 2, self._form.group)[:, :, ::-1]
        vectors_hat: Vectors = pairs.reshape(*positions.shape, -1)[:, :, : self._form.dimension]
        return vectors_hat

    @property
    def _last_id(self) -> int:
        return int(self._ids(np.array([len(self) - 1]))[0]) if len(self) else -1

    def _ids(self, positions: npt.NDArray[np.int64]) -> Ids:
        run = np.searchsorted(self._runs[:, 0], positions, side="right") - 1
        ids: Ids = self._runs[run, 1] + positions - self._runs[run, 0]
        return ids
