"""What became of a file: exactly one of these for every file that ingest meets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Archived:
    """A new picture has its row."""

    path: str
    image_id: int


@dataclass(frozen=True)
class Unchanged:
    """Unchanged since it was archived."""

    path: str


@dataclass(frozen=True)
class Duplicate:
    """The same bytes are archived already; the row has one more place."""

    path: str
    image_id: int


@dataclass(frozen=True)
class Moved:
    """The same bytes were elsewhere and are there no more; the row follows."""

    path: str
    image_id: int


@dataclass(frozen=True)
class Skipped:
    """Not archived, and written into the ledger."""

    path: str
    reason: str
    detail: str


@dataclass(frozen=True)
class Ignored:
    """Not a picture by name or first bytes."""

    path: str


Outcome = Archived | Unchanged | Duplicate | Moved | Skipped | Ignored
