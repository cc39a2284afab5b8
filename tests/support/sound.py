"""An archive of one database file, closed, with nothing wrong in it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from archive.archive import Archive
from archive.records import Damage
from tests.support.images import red_and_blue


def sound_archive(folder: Path, images: int) -> Path:
    """An empty folder, a number of images → the archive in it."""
    (folder / "photos").mkdir()
    for number in range(images):
        red_and_blue().rotate(9 * number).save(folder / "photos" / f"{number}.png")
    with Archive.create(folder / "archive", "pocket") as archive:
        list(archive.ingest(folder / "photos"))
        assert [found for found in archive.verify() if isinstance(found, Damage)] == []
    with closing(sqlite3.connect(folder / "archive" / "archive.db")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return folder / "archive"
