"""Vectors → nearest ids. FAISS' door. A cache built from the rows: deleting it loses nothing.

The scan (archive.index.layouts) finds a short list, which is to be scored again exactly, cos(q, σ̂). On disk: an .npz of
the stamp (codec, count, last id, that row's digest), the ids as runs, the layout's own arrays and the FAISS index; zip's
CRC-32 tells damage.
"""

from __future__ import annotations

import contextlib
import json
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from os import getpid
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from archive.codecs import Codec
from archive.index.layouts import SAMPLE, Layout, PackedCodeLayout, PcaLayout

Vectors = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]
RESERVOIR = 14  # FAISS' scan that collects candidates before it sorts them: a single query in 3.1 instead of 5.3 ms
REFIT_GROWTH = 4  # a layout fitted to few rows is fitted again when there are so many times as many


@dataclass(frozen=True)
class IndexStamp:
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


class Index:
    """Positions and their ids; it grows at the end only."""

    def __init__(self, codec: Codec, stamp: IndexStamp) -> None:
        """An index of no rows."""
        self._codec = codec
        self.stamp = stamp
        self._layout: Layout | None = (
            PackedCodeLayout(codec) if codec.vectors.scan_bits else None
        )  # fitted with the first rows
        self._scan: Any = self._layout.build([]) if self._layout else None  # FAISS'
        self._runs = np.zeros((0, 2), np.int64)  # (first position, first id) of ids without a gap

    @classmethod
    def load(cls, path: Path, codec: Codec) -> Index | None:
        """The index in a file; None if there is none, or it is damaged, or of another shape."""
        import faiss

        damages = (
            OSError,
            EOFError,
            ValueError,
            KeyError,
            TypeError,
            RuntimeError,
            zipfile.BadZipFile,
        )
        with contextlib.suppress(*damages), np.load(path) as kept:
            index = cls(codec, IndexStamp(**json.loads(str(kept["stamp"]))))
            index._layout = index._layout or PcaLayout(codec, kept)
            index._runs = kept["runs"]
            index._scan = faiss.deserialize_index(kept["faiss"])
            if index._scan.d == index._layout.width and len(index) == index.stamp.count:
                return index
        return None

    def save(self, path: Path) -> None:
        """Writes the file by atomic rename."""
        import faiss

        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f"{path.name}.{getpid()}")
        own = self._layout.arrays() if self._layout else {}
        with beside.open("wb") as file:
            stamp = json.dumps(asdict(self.stamp))
            held = {
                "stamp": np.array(stamp),
                "runs": self._runs,
                "faiss": faiss.serialize_index(self._scan),
            }
            np.savez(file, allow_pickle=False, **held, **own)
        beside.replace(path)

    def extend(self, page: Sequence[tuple[int, bytes]]) -> None:
        """Adds rows, (id, clip_code), the ids rising."""
        ids = np.array([row_id for row_id, _ in page], np.int64)
        codes = [code for _, code in page]
        begins = np.flatnonzero(np.diff(ids, prepend=self._last_id) != 1)
        self._runs = np.concatenate(
            [self._runs, np.stack([len(self) + begins, ids[begins]], axis=1)]
        )
        if self._layout is None:
            self._layout = PcaLayout.fit(self._codec, codes)
            self._scan = self._layout.build(codes)
        else:
            self._scan.merge_from(self._layout.build(codes))

    def __len__(self) -> int:
        return int(self._scan.ntotal) if self._scan is not None else 0

    @property
    def needs_refit(self) -> bool:
        """Whether the layout was fitted to so few of today's rows that it should be fitted anew."""
        fitted_to = self._layout.fitted_to if self._layout else 0
        return 0 < fitted_to < SAMPLE and len(self) >= REFIT_GROWTH * fitted_to

    def candidates(self, vectors: Vectors, count: int) -> ShortList:
        """(N, D) queries → the short lists for `count` hits each."""
        none = ShortList(
            np.zeros((len(vectors), 0), np.int64),
            np.zeros((len(vectors), 0, self._codec.dimension), np.float32),
        )
        if self._layout is None or not len(self):
            return none
        least, times = self._layout.shortlist_size
        self._scan.implem = RESERVOIR
        _, positions = self._scan.search(
            self._layout.query(vectors), min(max(least, times * count), len(self))
        )
        if not self._layout.lossless:
            return ShortList(self._ids(positions), None)
        held = self._layout.reconstruct(self._scan.reconstruct_batch(positions.ravel()))
        return ShortList(self._ids(positions), held.reshape(*positions.shape, -1))

    @property
    def _last_id(self) -> int:
        return (
            int(self._ids(np.array([len(self) - 1]))[0]) if len(self) else -2
        )  # not just before any id

    def _ids(self, positions: npt.NDArray[np.int64]) -> Ids:
        run = np.searchsorted(self._runs[:, 0], positions, side="right") - 1
        ids: Ids = self._runs[run, 1] + positions - self._runs[run, 0]
        return ids
