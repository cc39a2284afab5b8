"""Originals are only ever read: what a command writes replaces none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from archive.errors import UsageError

if TYPE_CHECKING:
    from archive.archive import Archive


def refuse_original(archive: Archive, path: Path) -> None:
    """Raises UsageError if a file that would be replaced is archived."""
    from archive.imaging.files import digest_of

    if not path.is_file() or not path.stat().st_size:
        return
    sha256, _ = digest_of(path)
    if archive.store.images.ids([sha256]):
        raise UsageError(f"{path} is an original in this archive; write to another file")
