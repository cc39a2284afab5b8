"""A temporary archive, for commands that measure."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from archive.errors import UsageError

if TYPE_CHECKING:
    from archive.archive import Archive
    from archive.ingest.outcomes import Skipped


@contextmanager
def temporary_archive(folder: Path, model: str) -> Iterator[tuple[Archive, list[Skipped]]]:
    """An archive of a folder's images, and the files it skipped. It has the default codec if the
    pair ships it fitted, else coclico, which need not be fitted.

    Raises UsageError if no image in the folder can be read.
    """
    from archive.archive import Archive
    from archive.create_archive import DEFAULT_CODEC
    from archive.ingest.outcomes import Skipped
    from archive.models.pairs import find_pair

    codec = DEFAULT_CODEC if find_pair(model).codecs else "coclico"
    with (
        tempfile.TemporaryDirectory(prefix="coldframe-") as place,
        Archive.create(Path(place, "archive"), model, codec=codec) as archive,
    ):
        outcomes = list(archive.ingest(folder))
        if not len(archive):
            raise UsageError(f"no image in {folder} can be read; choose another folder")
        yield archive, [outcome for outcome in outcomes if isinstance(outcome, Skipped)]
