"""Filters → rows: what SQL has left is read, and what only rows and their files tell is decided.

SQL trusts every record of a path; here a row must have an intact one that meets the filters.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter

from archive.errors import UsageError
from archive.filters import Filters
from archive.filters.conditions import RowFilter
from archive.ingest.volumes import is_gone, is_mounted
from archive.originals import can_be_seen
from archive.records import Row
from archive.store import Store

SORTS = ("id", "date", "-date")


@dataclass(frozen=True)
class VolumeStatus:
    """A drive that images came from."""

    label: str  # name of the mount point
    marker: str  # what identifies it
    root: str  # where it was last mounted
    is_here: bool  # it is mounted there now
    last_seen: datetime  # by an ingest
    images: int


def select_rows(
    store: Store, filters: Filters, *, sort: str = "id", missing: bool = False
) -> Iterator[Row]:
    """Intact rows that meet the filters; with `missing`, of those whose files are gone.

    `sort`: id, date (the oldest first) or -date; rows without a date come last. Raises NotFound,
    UsageError.
    """
    if sort not in SORTS:
        raise UsageError(f"rows are sorted by {', '.join(SORTS)}, not by {sort!r}")
    missing_ids = _missing(store) if missing else None
    is_meant = row_test(store, filters)
    for row in store.images.stream(store.selection.ids(filters, sort=sort)):
        if missing_ids is not None and row.id not in missing_ids:
            continue
        if is_meant(row):
            yield row


def row_test(store: Store, filters: Filters) -> RowFilter:
    """What remains to be decided on an intact row that `store.selection` let through."""
    roots = {volume.id: volume.root for volume in store.volumes.all()}

    def is_meant(row: Row) -> bool:
        meets = _is_seen(row, filters) and filters.meets(row)
        return meets and (not filters.has_original or _has_original(store, roots, row))

    return is_meant


def select_ids(store: Store, filters: Filters) -> Sequence[int]:
    """As `select_rows`, ids alone: rows are read only if they must be."""
    if filters.is_sql:
        return store.selection.ids(filters)
    return [row.id for row in select_rows(store, filters)]


def list_volumes(store: Store) -> list[VolumeStatus]:
    """Drives that images came from, by label."""
    images = store.sources.count_images()
    statuses = [
        VolumeStatus(
            label=volume.label,
            marker=volume.marker,
            root=volume.root,
            is_here=is_mounted(volume.marker, volume.root),
            last_seen=volume.last_seen,
            images=images.get(volume.id, 0),
        )
        for volume in store.volumes.all()
    ]
    return sorted(statuses, key=lambda status: (status.label, status.marker))


def _is_seen(row: Row, filters: Filters) -> bool:
    """Whether an intact place of the row is in the folder that is asked for."""
    folders = filters.folders
    return not folders or any(
        path == folder or path.startswith(os.path.join(folder, ""))
        for path in row.paths
        for folder in folders
    )


def _has_original(store: Store, roots: dict[int, str], row: Row) -> bool:
    places = store.sources.places(row.id)
    files = (
        (os.path.join(roots[place.volume_id], place.path), place.stamp)
        for place in places
        if place.volume_id in roots
    )
    return can_be_seen(row, files)


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
