"""Whatever page of the database is garbled, `verify` reports it and ends with its own exit code."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.errors import ColdframeError
from archive.records import Damage
from tests.support.sound import sound_archive

GARBAGE = b"\xa5" * 64
IMAGES = 40


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    return sound_archive(tmp_path, IMAGES)


def garbled(sound: Path, page: int, size: int) -> Path:
    """A copy with one page, from 1, garbled in its middle and at its head."""
    copy = sound.with_name(f"page-{page}")
    shutil.copytree(sound, copy)
    with (copy / "archive.db").open("r+b") as file:
        for place in ((page - 1) * size + (100 if page == 1 else 0), page * size - size // 4):
            file.seek(place)
            file.write(GARBAGE)
    return copy


def is_damaged_to_sqlite(folder: Path) -> bool:
    with closing(sqlite3.connect(folder / "archive.db")) as database:
        try:
            return database.execute("PRAGMA integrity_check").fetchall() != [("ok",)]
        except sqlite3.DatabaseError:
            return True


def findings(folder: Path) -> tuple[int, str]:
    """Exit code and what `verify` says of an archive that may not even open."""
    try:
        with Archive(folder) as archive:
            damages = [found for found in archive.verify() if isinstance(found, Damage)]
    except ColdframeError as error:
        return error.exit_code, str(error)
    return (4 if damages else 0), "\n".join(damage.message for damage in damages)


def test_every_page_that_sqlite_calls_damaged_is_reported(sound: Path) -> None:
    with closing(sqlite3.connect(sound / "archive.db")) as database:
        [[pages], [size]] = [
            database.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size")
        ]
    missed = []
    damaged = 0
    for page in range(1, pages + 1):
        copy = garbled(sound, page, size)
        code, message = findings(copy)
        is_damaged = is_damaged_to_sqlite(copy)
        damaged += is_damaged
        if is_damaged and (code != 4 or not message):
            missed.append((page, code, message))
        shutil.rmtree(copy)
    assert missed == []
    assert damaged > pages // 2
