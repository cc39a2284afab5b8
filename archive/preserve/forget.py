"""Forgetting for good: rows, codes, details, paths, scores, records of restorations, and the index
go; of a file's bytes only its SHA-256 is kept, as a tombstone, so that it is not archived again.

Pictures that were restored are files of the user's, and stay.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from archive.errors import NotFound
from archive.filters import row_filter
from archive.index.search import Search
from archive.ingest.volumes import is_gone, is_mounted
from archive.records import Row
from archive.store import Store


@dataclass(frozen=True)
class ForgottenRow:
    """A row that is gone."""

    id: int
    digest: str  # SHA-256 of the file, hexadecimal
    paths: tuple[str, ...]  # where its file was seen
    restored: tuple[str, ...]  # restored pictures that are still there


def select_rows(
    store: Store, where: Sequence[str], *, under: Path | None, missing: bool
) -> Iterator[Row]:
    """Rows that meet all conditions, that were seen below a folder, and whose files are gone."""
    meets = row_filter(where)
    ids = _missing(store) if missing else None
    folders = () if under is None else {os.path.abspath(under), os.path.realpath(under)}
    for row in store.images.all():
        is_below = under is None or any(
            _is_below(path, folder) for path in row.paths for folder in folders
        )
        if is_below and (ids is None or row.id in ids) and meets(row):
            yield row


def forget(
    store: Store, search: Search, rows: Sequence[Row], *, tombstone: bool
) -> list[ForgottenRow]:
    """Rows, damaged or not → what was forgotten; all of them in one transaction.

    Raises ArchiveReadOnly before anything is forgotten where the index cannot be removed.
    """
    forgotten = [
        ForgottenRow(row.id, row.sha256.hex(), row.paths, _restored(store, row)) for row in rows
    ]
    search.remove(required=True)
    store.forget(rows, tombstone=tombstone)
    search.refresh(thorough=True)
    return forgotten


def lift(store: Store, digests: Sequence[str]) -> None:
    """Erases tombstones, by SHA-256 in hexadecimal. Raises NotFound."""
    known = {record.sha256.hex(): record.sha256 for record in store.tombstones.all()}
    for digest in digests:
        if digest not in known:
            raise NotFound(f"no tombstone {digest}; `coldframe ls --forgotten` lists them")
    store.lift([known[digest] for digest in digests])


def _restored(store: Store, row: Row) -> tuple[str, ...]:
    paths = store.restorations.paths(row.id)
    return tuple(path for path in paths if os.path.exists(path))


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(os.path.join(folder, ""))


def _missing(store: Store) -> set[int]:
    """Ids of rows whose files are gone from all their places.

    Not of rows with a place that is damaged, away, or cannot be looked at.
    """
    roots = {
        volume.id: volume.root
        for volume in store.volumes.all()
        if is_mounted(volume.marker, volume.root)
    }
    return {
        image_id
        for image_id, places in groupby(store.sources.all(), key=itemgetter(0))
        if all(
            path and volume_id in roots and is_gone(os.path.join(roots[volume_id], path))
            for _, volume_id, path in places
        )
    }
