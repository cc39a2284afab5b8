"""What became of a file: ingest yields exactly one of these for each file it meets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Archived:
    """A new image; it has a row now."""

    path: str
    image_id: int


@dataclass(frozen=True)
class Unchanged:
    """Archived earlier, and not changed since then; it was read only if that was in doubt."""

    path: str


@dataclass(frozen=True)
class Duplicate:
    """The same bytes are archived already; their row has one more path."""

    path: str
    image_id: int


@dataclass(frozen=True)
class Moved:
    """The same bytes were archived at a path that no longer exists; their row has this one now."""

    path: str
    image_id: int


@dataclass(frozen=True)
class Skipped:
    """Not archived, and listed in the ledger."""

    path: str
    reason: str  # one word, like "truncated"
    detail: str  # one sentence


@dataclass(frozen=True)
class Forgotten:
    """The same bytes were forgotten earlier, and are not archived again."""

    path: str


@dataclass(frozen=True)
class Ignored:
    """Not an image by its name or its first bytes."""

    path: str


@dataclass(frozen=True)
class Linked:
    """A link to a folder, which was not followed."""

    path: str


Outcome = Archived | Unchanged | Duplicate | Moved | Skipped | Forgotten | Ignored | Linked
Added = Archived | Duplicate | Skipped | Forgotten  # of an image in memory
