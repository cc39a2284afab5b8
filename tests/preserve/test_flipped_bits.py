"""One flipped bit in any column: `verify` reports it, and nothing is found or restored by it."""

from __future__ import annotations

import shutil
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archive.archive import Archive
from archive.errors import DamagedRow, DatabaseDamaged
from archive.records import Damage
from archive.store import schema
from archive.store.checksum import UNCHECKED
from tests.support.rows import new_detail
from tests.support.sound import sound_archive

IMAGES = 6
DAMAGED = 3  # id of the row
QUERY = np.ones(512, np.float32)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = sound_archive(tmp_path_factory.mktemp("sound"), IMAGES)
    with Archive(folder) as archive:
        new_detail(archive._store, archive[DAMAGED])
    return folder


def flipped(value: Any) -> Iterator[Any]:
    """A value with one bit changed, in its first byte or in its last; a number for NULL."""
    if value is None:
        yield 1
    elif isinstance(value, int):
        yield value ^ 1
        yield value ^ (1 << 12)
    else:
        content = value if isinstance(value, bytes) else value.encode()
        for place in {0, len(content) - 1} if content else ():
            changed = bytearray(content)
            changed[place] ^= 1
            yield bytes(changed) if isinstance(value, bytes) else changed.decode()
        if not content:
            yield b"\0" if isinstance(value, bytes) else "!"


def columns(table: Any) -> list[str]:
    return [column.key for column in table.__table__.columns if column.key not in UNCHECKED]


def copies(
    sound: Path, folder: Path, table: str, column: str, row: int, *, key: str = "id"
) -> Iterator[Path]:
    """Archives, each with one flipped bit in this column."""
    with closing(sqlite3.connect(sound / "archive.db")) as database:
        select = f"SELECT {column} FROM {table} WHERE {key} = ?"
        [value] = database.execute(select, [row]).fetchone()
    for number, changed in enumerate(flipped(value)):
        copy = folder / f"copy {number}"
        shutil.copytree(sound, copy)
        with closing(sqlite3.connect(copy / "archive.db")) as database:
            database.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", [changed, row])
            database.commit()
        yield copy


@pytest.mark.parametrize("column", columns(schema.Image))
def test_of_an_image(sound: Path, tmp_path: Path, column: str) -> None:
    tried = 0
    for copy in copies(sound, tmp_path, "image", column, DAMAGED):
        tried += 1
        for with_index in (True, False):
            if not with_index:
                shutil.rmtree(copy / "index")
            with Archive(copy) as archive:
                damages = [found for found in archive.verify() if isinstance(found, Damage)]
                assert DAMAGED in {damage.id for damage in damages}
                with pytest.warns(DamagedRow, match=f"image {DAMAGED} is damaged"):
                    listed = list(archive)
                assert [row.id for row in listed] == [1, 2, 4, 5, 6]
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", DamagedRow)
                    hits = archive.search(QUERY[: archive.model.dimension])
                assert sorted(hit.id for hit in hits) == [1, 2, 4, 5, 6]
                with pytest.raises(DatabaseDamaged, match=f"image {DAMAGED} is damaged"):
                    archive[DAMAGED]
    assert tried


@pytest.mark.filterwarnings("ignore::archive.errors.DamagedRow")
@pytest.mark.parametrize("column", columns(schema.Source))
def test_of_a_source(sound: Path, tmp_path: Path, column: str) -> None:
    for copy in copies(sound, tmp_path, "source", column, DAMAGED):
        with Archive(copy) as archive:
            damages = [found for found in archive.verify() if isinstance(found, Damage)]
            assert any("path" in damage.message for damage in damages)


@pytest.mark.filterwarnings("ignore::archive.errors.DamagedRow")
@pytest.mark.parametrize("column", columns(schema.Volume))
def test_of_a_volume(sound: Path, tmp_path: Path, column: str) -> None:
    for copy in copies(sound, tmp_path, "volume", column, 1):
        with Archive(copy) as archive:
            damages = [found for found in archive.verify() if isinstance(found, Damage)]
            assert [damage.message for damage in damages] == ["row 1 of table volume is damaged"]


@pytest.mark.parametrize("column", columns(schema.Detail))
def test_of_a_detail(sound: Path, tmp_path: Path, column: str) -> None:
    for copy in copies(sound, tmp_path, "detail", column, DAMAGED, key="image_id"):
        with Archive(copy) as archive:
            damages = [found for found in archive.verify() if isinstance(found, Damage)]
            assert "its detail is damaged" in {damage.message for damage in damages}
            with pytest.warns(DamagedRow):
                assert archive.details(range(1, 1 << 13)) == {}
            assert archive[DAMAGED].intact


@pytest.mark.parametrize("column", columns(schema.DetailSchedule))
def test_of_a_schedule(sound: Path, tmp_path: Path, column: str) -> None:
    for copy in copies(sound, tmp_path, "detail_schedule", column, 1):
        with Archive(copy) as archive:
            damages = [found for found in archive.verify() if isinstance(found, Damage)]
            message = "row 1 of table detail_schedule is damaged"
            assert [damage.message for damage in damages] == [message]


@pytest.mark.parametrize(
    ("table", "column"),
    [("model", name) for name in columns(schema.Model)]
    + [("codec", name) for name in columns(schema.Codec)],
)
def test_of_what_all_rows_need(sound: Path, tmp_path: Path, table: str, column: str) -> None:
    for copy in copies(sound, tmp_path, table, column, 1):
        with pytest.raises(DatabaseDamaged, match=f"{table} 1 is damaged"):
            Archive(copy)
