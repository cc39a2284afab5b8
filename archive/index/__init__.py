"""Vectors → nearest ids. FAISS' door. A cache built from the rows: deleting it loses nothing.

    layouts     codes and queries ⇄ what FAISS holds
    files       what is on disk; blocks are appended
    search      hits; keeps the indexes in step with the rows
    hits        what a search answers

A scan of the index finds a shortlist, which the caller scores exactly: cos(q, vector_hat). What an
index has in its .npz, beside its blocks:

    stamp       JSON: which codec's rows, how many, the last id and its file's SHA-256
    rows        () int64: how many there are
    runs        (R, 2) int64: (first position, first id) of each run of ids without a gap
    …           the layout's own arrays

FAISS scans aligned memory of its own, so the mapped blocks are copied into it once, as they are.
"""

from __future__ import annotations

import contextlib
import json
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from archive.arrays import Vectors
from archive.codecs import Codec
from archive.index import files
from archive.index.layouts import SAMPLE, Layout, PackedCodeLayout, PcaLayout

Ids = npt.NDArray[np.int64]
RESERVOIR = 14  # FAISS' `implem` that collects candidates first: 3.1 instead of 5.3 ms per query
REFIT_GROWTH = 4  # a layout is refitted at this many times the rows it was fitted to
WIDENING = 2  # by what a scan is wider than needed, and than the one before
BEFORE_ANY_ID = -2  # precedes the first row's id, and is not adjacent to it
DAMAGE_ERRORS = (  # what reading a missing, damaged or foreign file raises
    OSError,
    EOFError,
    ValueError,
    KeyError,
    TypeError,
    RuntimeError,
    zipfile.BadZipFile,
)


@dataclass(frozen=True)
class IndexStamp:
    """The rows an index was built from: a codec's first `count`, of ids up to `last_id`."""

    codec_id: int
    codec: str  # name, parameters and time of creation: another archive's codec differs
    count: int = 0
    last_id: int = 0
    last_digest: str = ""  # SHA-256 of the last row's file, hexadecimal


@dataclass(frozen=True)
class Shortlist:
    """What a scan found for N queries: the k rows that are probably nearest to each."""

    ids: Ids  # (N, k)
    vectors_hat: Vectors | None  # (N, k, D); None if the index holds only coarser vectors


class Index:
    """One codec's rows: positions in a FAISS index, and their ids. It grows at the end only."""

    def __init__(self, codec: Codec, stamp: IndexStamp) -> None:
        """An index without rows."""
        self.stamp = stamp
        self._codec = codec
        self._layout: Layout | None = None  # a PcaLayout is fitted to the first rows
        self._faiss: Any = None
        self._runs = np.zeros((0, 2), np.int64)
        self._saved = files.Blocks()
        if codec.vectors.scan_bits:
            self._layout = PackedCodeLayout(codec)
            self._faiss = self._layout.build([])

    @classmethod
    def load(cls, path: Path, codec: Codec) -> Index | None:
        """The index in a file; None if it is missing or damaged, or has another dimension."""
        with contextlib.suppress(*DAMAGE_ERRORS), np.load(path) as arrays:
            index = cls(codec, IndexStamp(**json.loads(str(arrays["stamp"]))))
            index._layout = index._layout or PcaLayout(codec, arrays)
            index._faiss = index._layout.build([])
            index._runs = arrays["runs"]
            index._saved = files.Blocks(**json.loads(str(arrays["blocks"])))
            blocks = files.mapped(path, index._saved, index._block_bytes)
            index._fill(blocks, arrays["tail"], int(arrays["rows"]))
            if len(index) == index.stamp.count:
                return index
        return None

    def save(self, path: Path) -> None:
        """Appends what the file lacks; see archive.index.files."""
        arrays = {
            "stamp": np.array(json.dumps(asdict(self.stamp))),
            "rows": np.array(len(self)),
            "runs": self._runs,
            **(self._layout.arrays() if self._layout else {}),
        }
        complete = len(self) // self._faiss.bbs
        self._saved = files.write(
            path, self._saved, self._packed(), complete=complete, arrays=arrays
        )

    def is_intact(self, path: Path) -> bool:
        """Whether the file has the bytes that were saved; reads all of it."""
        try:
            return files.is_intact(path, self._saved, self._block_bytes)
        except OSError:
            return False

    @property
    def _block_bytes(self) -> int:
        """Of FAISS' block of `bbs` rows: four bits for each of `M2` groups."""
        return int(self._faiss.bbs * self._faiss.M2 // 2)

    def _packed(self) -> npt.NDArray[np.uint8]:
        """(blocks, block_bytes) uint8: FAISS' memory, not a copy."""
        import faiss

        count = -(-len(self) // self._faiss.bbs)
        if not count:
            return np.zeros((0, self._block_bytes), np.uint8)
        memory = faiss.rev_swig_ptr(self._faiss.codes.get(), count * self._block_bytes)
        packed: npt.NDArray[np.uint8] = memory.reshape(count, -1)
        return packed

    def _fill(self, blocks: npt.NDArray[np.uint8], tail: npt.NDArray[np.uint8], count: int) -> None:
        """Makes `count` rows of saved blocks. Raises ValueError if they are others."""
        needed = -(-count // self._faiss.bbs)
        if len(blocks) != count // self._faiss.bbs or len(blocks) + len(tail) != needed:
            raise ValueError("the stamp counts other rows than there are")
        self._faiss.codes.resize(needed * self._block_bytes)
        self._faiss.ntotal = count
        self._faiss.ntotal2 = needed * self._faiss.bbs
        packed = self._packed()
        packed[: len(blocks)] = blocks
        packed[len(blocks) :] = tail

    def extend(self, page: Sequence[tuple[int, bytes]]) -> None:
        """Appends rows, (id, clip_code). Ids must rise."""
        ids = np.array([row_id for row_id, _ in page], np.int64)
        codes = [code for _, code in page]
        run_starts = np.flatnonzero(np.diff(ids, prepend=self._last_id) != 1)
        runs = np.stack([len(self) + run_starts, ids[run_starts]], axis=1)
        self._runs = np.concatenate([self._runs, runs])
        if self._layout is None:
            self._layout = PcaLayout.fit(self._codec, codes)
            self._faiss = self._layout.build(codes)
        else:
            self._faiss.merge_from(self._layout.build(codes))

    def __len__(self) -> int:
        """Number of rows."""
        return int(self._faiss.ntotal) if self._faiss is not None else 0

    @property
    def needs_refit(self) -> bool:
        """Whether the layout was fitted to too few of the present rows."""
        fitted_to = self._layout.fitted_to if self._layout else 0
        return 0 < fitted_to < SAMPLE and len(self) >= REFIT_GROWTH * fitted_to

    def shortlist(self, vectors: Vectors, count: int, *, only: Ids | None = None) -> Shortlist:
        """(N, D) queries → enough candidates for `count` hits each.

        `only`: the ids that may be candidates; None: all.
        """
        allowed = None if only is None else self._positions(only)
        most = len(self) if allowed is None else int(np.count_nonzero(allowed))
        if self._layout is None or not most:
            return Shortlist(
                np.zeros((len(vectors), 0), np.int64),
                np.zeros((len(vectors), 0, self._codec.dimension), np.float32),
            )
        size = min(self._layout.shortlist_size(count), most)
        query = self._layout.query(vectors)
        if allowed is None:
            positions = self._scan(query, size)
        else:
            positions = self._scan_allowed(query, size, allowed)
        vectors_hat = self._layout.reconstruct(self._faiss, positions.ravel())
        if vectors_hat is not None:
            vectors_hat = vectors_hat.reshape(*positions.shape, -1)
        return Shortlist(self._ids(positions), vectors_hat)

    def _scan(self, query: Vectors, size: int) -> Ids:
        """(N, width) → (N, size) positions, the nearest first."""
        self._faiss.implem = RESERVOIR
        positions: Ids = self._faiss.search(query, size)[1]
        _complete(positions)
        return positions

    def _scan_allowed(self, query: Vectors, size: int, allowed: npt.NDArray[np.bool_]) -> Ids:
        """As `_scan`, of the allowed positions, of which there are at least `size`.

        Fast scans take no selector of ids, and scanning for more costs little: so many are scanned
        for that enough should be allowed, and more while they are not; all of them, in the end.
        """
        share = np.count_nonzero(allowed) / len(self)
        scanned = 0
        while True:
            scanned = min(len(self), max(WIDENING * scanned, int(size / share * WIDENING)))
            positions = self._scan(query, scanned)
            is_allowed = allowed[positions]
            if (np.count_nonzero(is_allowed, axis=1) >= size).all():
                order = np.argsort(~is_allowed, axis=1, kind="stable")[:, :size]
                return np.take_along_axis(positions, order, axis=1)

    def _positions(self, ids: Ids) -> npt.NDArray[np.bool_]:
        """(len,) bool: which positions hold one of these ids."""
        allowed = np.zeros(len(self), bool)
        starts = self._runs
        run = np.searchsorted(starts[:, 1], ids, side="right") - 1
        ids, run = (ids[run >= 0], run[run >= 0])
        ends = np.append(starts[1:, 0], len(self))
        positions = starts[run, 0] + ids - starts[run, 1]
        allowed[positions[positions < ends[run]]] = True
        return allowed

    @property
    def _last_id(self) -> int:
        return int(self._ids(np.array([len(self) - 1]))[0]) if len(self) else BEFORE_ANY_ID

    def _ids(self, positions: npt.NDArray[np.int64]) -> Ids:
        run = np.searchsorted(self._runs[:, 0], positions, side="right") - 1
        ids: Ids = self._runs[run, 1] + positions - self._runs[run, 0]
        return ids


def _complete(positions: npt.NDArray[np.int64]) -> None:
    """(N, k), in place: fills the −1s of a scan with positions that it did not return.

    FAISS leaves out rows whose quantized score is the lowest possible: the worst of a short index,
    and any of many equal rows. There are at least k rows, so the first k positions suffice.
    """
    for row in np.flatnonzero((positions < 0).any(axis=1)):
        missing = positions[row] < 0
        unused = np.setdiff1d(np.arange(positions.shape[1]), positions[row])
        positions[row, missing] = unused[: missing.sum()]
