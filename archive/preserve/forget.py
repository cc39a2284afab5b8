"""Forgetting for good: rows, codes, details, paths, scores, records of restorations, and the index
go; of a file's bytes only its SHA-256 is kept, as a tombstone, so that it is not archived again.

Pictures that were restored are files of the user's, and stay.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from archive.errors import NotFound
from archive.index.search import Search
from archive.records import Row
from archive.store import Store


@dataclass(frozen=True)
class ForgottenRow:
    """A row that is gone."""

    id: int
    digest: str  # SHA-256 of the file, hexadecimal
    paths: tuple[str, ...]  # where its file was seen
    restored: tuple[str, ...]  # restored pictures that are still there


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
