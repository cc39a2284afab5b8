"""Rows on SQLite and on PostgreSQL: written once, whole or not at all, read back as they were."""

from __future__ import annotations

import multiprocessing
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import ArchiveLocked, ColdframeError, NoArchive, NotFound, UsageError
from archive.records import (
    Batch,
    CodecRecord,
    FileStamp,
    Flag,
    ModelRecord,
    NewImage,
    Place,
    SkippedFile,
)
from archive.settings import Settings
from archive.store import Store
from archive.store.clock import utc_now
from archive.store.schema import PathText

MODEL = ModelRecord("pocket", "a tower", "", "", 8, "f" * 64, {"size": 32})
ODD_PATHS = [
    "plain.jpg",
    "Ausflüge 2019/Bär.jpg",
    "latin-\udcfcber.jpg",
    "base64:looks-escaped.jpg",
    "line\nbreak.jpg",
    "日本.jpg",
]


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    opened = Store.create(settings)
    opened.codecs.add(
        CodecRecord(opened.models.add(MODEL).id, "clip", {"dimension": 8, "bits": 1}, utc_now())
    )
    yield opened
    opened.close()


def image(name: str, volume: int, *, path: str = "") -> NewImage:
    """A row whose digest and codes come from its name."""
    place = Place(volume, path or f"{name}.jpg", FileStamp(100, 10**18))
    return NewImage(
        name.encode().ljust(32), name.encode()[:1], b"", 640, 480, "JPEG", Flag.NONE, None, place
    )


def test_rows_come_back_as_they_were_written(store: Store) -> None:
    volume = store.volumes.see(marker="m", label="disk", root="/photos")
    written = replace(image("a", volume), flags=Flag.TRUNCATED | Flag.ANIMATED)
    ids = store.add_batch(1, Batch([written]))
    [row] = store.images.get([ids[written.sha256]])
    assert (row.sha256, row.clip_code, row.color_code) == (written.sha256, b"a", b"")
    assert (row.width, row.height, row.format, row.file_bytes, row.flags) == (
        640,
        480,
        "JPEG",
        100,
        written.flags,
    )
    assert row.paths == ("/photos/a.jpg",)


def test_a_digest_occurs_once_whoever_writes_it(store: Store) -> None:
    volume = store.volumes.see(marker="m", label="", root="/")
    first = store.add_batch(1, Batch([image("a", volume)]))
    again = store.add_batch(1, Batch([image("a", volume, path="copy.jpg")]))
    assert first == again
    assert store.images.get(list(first.values()))[0].paths == ("/a.jpg", "/copy.jpg")


@pytest.mark.parametrize("path", ODD_PATHS)
def test_any_path_is_kept_exactly(store: Store, path: str) -> None:
    volume = store.volumes.see(marker="m", label="", root="/r")
    [row_id] = store.add_batch(1, Batch([image("a", volume, path=path)])).values()
    assert store.images.get([row_id])[0].path == f"/r/{path}"
    assert store.sources.stamps(volume, [path]) == {path: FileStamp(100, 10**18)}


@given(st.binary(max_size=20), st.binary(max_size=20))
def test_no_two_paths_are_stored_alike(one: bytes, other: bytes) -> None:
    import os

    from sqlalchemy.dialects.sqlite import dialect

    text = PathText()
    kept = [text.process_bind_param(os.fsdecode(path), dialect()) for path in (one, other)]
    assert (kept[0] == kept[1]) == (one == other)
    assert text.process_result_value(kept[0], dialect()) == os.fsdecode(one)


def test_the_ledger_counts_attempts_and_forgets_what_was_archived_after_all(store: Store) -> None:
    volume = store.volumes.see(marker="m", label="", root="/r")
    for detail in ("first", "second"):
        store.add_batch(1, Batch(skipped=[SkippedFile(volume, "a.jpg", "truncated", detail)]))
    [line] = store.ledger.all()
    assert (line.path, line.reason, line.detail, line.attempts) == (
        "/r/a.jpg",
        "truncated",
        "second",
        2,
    )
    store.add_batch(1, Batch([image("a", volume)]))
    assert store.ledger.all() == []


def test_a_batch_is_written_whole_or_not_at_all(store: Store) -> None:
    volume = store.volumes.see(marker="m", label="", root="/r")
    broken = replace(
        image("b", volume), place=Place(volume + 99, "b.jpg", FileStamp(1, 1))
    )  # no such volume
    with pytest.raises(ColdframeError):
        store.add_batch(1, Batch([image("a", volume), broken]))
    assert list(store.images.all()) == []
    assert store.images.totals().images == 0


def test_a_moved_place_takes_the_old_ones_stead(store: Store) -> None:
    volume = store.volumes.see(marker="m", label="", root="/r")
    [row_id] = store.add_batch(1, Batch([image("a", volume)])).values()
    [old] = store.sources.places(row_id)
    new = Place(volume, "moved/a.jpg", old.stamp)
    store.add_batch(1, Batch(sightings=[(image("a", volume).sha256, new)], removed=[old]))
    assert store.sources.places(row_id) == [new]


def test_codes_come_in_pages_by_id_after_the_last_one_seen(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.store.images.PAGE", 3)
    volume = store.volumes.see(marker="m", label="", root="/r")
    ids = store.add_batch(1, Batch([image(name, volume) for name in "abcdefgh"]))
    pages = list(store.images.clip_codes(1, after=min(ids.values())))
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [code for page in pages for _, code in page] == [name.encode() for name in "bcdefgh"]
    assert [row.clip_code for row in store.images.all()] == [name.encode() for name in "abcdefgh"]


def test_a_row_that_is_not_there_is_named(store: Store) -> None:
    with pytest.raises(NotFound, match="no image 7"):
        store.images.get([7])


def test_changed_codec_state_is_refused(store: Store) -> None:
    from sqlalchemy import update

    from archive.store import schema

    with store.database.writing() as connection:
        connection.execute(update(schema.Codec).values(state=b"something else"))
    with pytest.raises(ColdframeError, match="damaged"):
        store.codecs.all()


def test_making_an_archive_twice_keeps_its_rows(store: Store, settings: Settings) -> None:
    volume = store.volumes.see(marker="m", label="", root="/r")
    store.add_batch(1, Batch([image("a", volume)]))
    again = Store.create(settings)
    assert again.images.totals().images == 1
    again.close()


def test_where_there_is_no_archive_the_place_is_named(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(NoArchive, match="no archive"):
        Store.open(settings)
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is a file"):
        Store.open(Settings(str(tmp_path / "file")))
    with pytest.raises(NoArchive, match="cannot be opened"):
        Store.open(Settings("postgresql://nobody@127.0.0.1:1/none"))
    with pytest.raises(UsageError, match="not a database URL"):
        Store.open(Settings("oddbase://x"))


def _hold(
    location: str, held: multiprocessing.synchronize.Event, done: multiprocessing.synchronize.Event
) -> None:
    with Store.open(Settings(location)).database.writing():
        held.set()
        done.wait(20)


def test_a_writer_waits_and_then_says_who_is_in_the_way(tmp_path: Path) -> None:
    place = str(tmp_path / "archive")
    store = Store.create(Settings(place, lock_seconds=0.2))
    spawn = multiprocessing.get_context("spawn")
    held = spawn.Event()
    done = spawn.Event()
    other = spawn.Process(target=_hold, args=(place, held, done))
    other.start()
    assert held.wait(20)
    with pytest.raises(ArchiveLocked, match="another process"):
        store.volumes.see(marker="m", label="", root="/")
    assert store.volumes.all() == []  # readers never wait
    done.set()
    other.join()
    store.volumes.see(marker="m", label="", root="/")  # and the lock heals by itself


def test_sqlite_writes_ahead_and_checks_references(tmp_path: Path) -> None:
    store = Store.create(Settings(str(tmp_path / "archive")))
    with store.database.reading() as connection:
        told = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert told == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_file_that_is_no_database_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "archive.db").write_bytes(b"certainly not SQLite" * 100)
    with pytest.raises(ColdframeError, match="not a database"):
        Store.open(Settings(str(tmp_path)))


def test_a_row_costs_its_codes_and_no_header(store: Store, settings: Settings) -> None:
    if settings.directory is None:
        pytest.skip("read with sqlite3")
    volume = store.volumes.see(marker="m", label="", root="/r")
    store.add_batch(1, Batch([image("a", volume)]))
    with sqlite3.connect(settings.directory / "archive.db") as plain:
        assert plain.execute("SELECT clip_code, length(color_code) FROM image").fetchall() == [
            (b"a", 0)
        ]
