"""Opening, locking and refusing: SQLite and PostgreSQL behind one door."""

from __future__ import annotations

import multiprocessing
import multiprocessing.synchronize
import re
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import pytest
from sqlalchemy import text

from archive.errors import (
    ArchiveLocked,
    ColdframeError,
    DatabaseDamaged,
    DatabaseUnreachable,
    NoArchive,
    UsageError,
)
from archive.records import Batch
from archive.settings import Settings
from archive.store import Store
from archive.store.clock import utc_now
from archive.store.database import Database, chunks
from tests.support.rows import new_codec, new_image


def test_creating_an_archive_twice_keeps_its_rows(
    store: Store, settings: Settings, volume: int
) -> None:
    store.add_batch(1, Batch([new_image("a", volume)]))
    again = Store.create(settings)
    assert again.images.totals().images == 1
    again.close()


def test_a_missing_archive_is_named(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(NoArchive, match=f"no archive at {re.escape(settings.location)}"):
        Store.open(settings)
    (tmp_path / "empty").mkdir()
    with pytest.raises(NoArchive, match=r"no archive at .*empty"):
        Store.open(Settings(str(tmp_path / "empty")))
    assert list((tmp_path / "empty").iterdir()) == []


def test_a_database_without_our_tables_is_not_an_archive(settings: Settings) -> None:
    if settings.directory is not None:
        settings.directory.mkdir()
        (settings.directory / "archive.db").touch()
    with pytest.raises(NoArchive, match="create one with `coldframe init`"):
        Store.open(settings)


def test_what_cannot_be_an_archive_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "archive.db").write_bytes(b"certainly not SQLite" * 100)
    with pytest.raises(UsageError, match="is a file; an archive is a directory"):
        Store.open(Settings(str(tmp_path / "file")))
    with pytest.raises(UsageError, match="is a file; an archive is a directory"):
        Store.create(Settings(str(tmp_path / "file")))
    with pytest.raises(DatabaseUnreachable, match="cannot be used: connection failed"):
        Store.open(Settings("postgresql://nobody@127.0.0.1:1/none"))
    with pytest.raises(UsageError, match="not a database URL"):
        Store.open(Settings("oddbase://x"))
    with pytest.raises(ColdframeError, match="not a database"):
        Store.open(Settings(str(tmp_path)))


def test_a_missing_driver_is_named_with_its_extra() -> None:
    with (
        mock.patch.dict("sys.modules", {"psycopg": None}),
        pytest.raises(
            UsageError, match=r"needs psycopg; run `pip install 'coldframe\[postgres\]'`"
        ),
    ):
        Store.open(Settings("postgresql://nobody@127.0.0.1:1/none"))


def test_tables_of_a_newer_version_are_refused(store: Store, settings: Settings) -> None:
    with store.database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ColdframeError, match="have version 9999, this coldframe needs"):
        Store.open(settings)


@pytest.mark.parametrize("version", [None, "", b"\xff", 6])
def test_tables_without_a_version_are_damaged(
    version: object, store: Store, settings: Settings
) -> None:
    with store.database.writing() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
        if version is not None and connection.dialect.name == "sqlite":
            connection.execute(text("DROP TABLE alembic_version"))
            connection.execute(text("CREATE TABLE alembic_version (version_num)"))
            insert = text("INSERT INTO alembic_version VALUES (:version)")
            connection.execute(insert, {"version": version})
    with pytest.raises(DatabaseDamaged, match="does not say which version"):
        Store.open(settings)
    with pytest.raises(DatabaseDamaged, match="does not say which version"):
        store.database.migrate()


def _hold_lock(
    settings: Settings,
    locked: multiprocessing.synchronize.Event,
    done: multiprocessing.synchronize.Event,
) -> None:
    with Store.open(settings).database.writing():
        locked.set()
        done.wait(20)


def test_a_writer_waits_and_then_says_what_is_in_the_way(tmp_path: Path) -> None:
    location = str(tmp_path / "archive")
    store = Store.create(Settings(location, lock_seconds=0.2))
    spawn = multiprocessing.get_context("spawn")
    locked = spawn.Event()
    done = spawn.Event()
    writer = spawn.Process(target=_hold_lock, args=(Settings(location), locked, done))
    writer.start()
    assert locked.wait(20)
    with pytest.raises(ArchiveLocked, match="another process is writing"):
        store.volumes.see(marker="m", label="", root="/")
    assert store.volumes.all() == []  # readers never wait
    done.set()
    writer.join()
    store.volumes.see(marker="m", label="", root="/")  # and the lock heals by itself


def test_an_error_undoes_the_transaction(store: Store) -> None:
    def change_and_fail() -> None:
        with store.database.writing() as connection:
            connection.execute(text("UPDATE model SET name = 'changed'"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change_and_fail()
    assert store.models.get(1).name != "changed"


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 1500)],
)
def test_sqlite_writes_ahead_and_checks_references(
    tmp_path: Path, pragma: str, value: object
) -> None:
    store = Store.create(Settings(str(tmp_path / "archive"), lock_seconds=1.5))
    with store.database.reading() as connection:
        assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


def test_a_row_costs_its_codes_and_no_header(tmp_path: Path) -> None:
    store = Store.create(Settings(str(tmp_path)))
    volume_id = store.volumes.see(marker="m", label="", root="/r")
    store.add_batch(new_codec(store), Batch([new_image("a", volume_id)]))
    with sqlite3.connect(tmp_path / "archive.db") as plain:
        rows = plain.execute("SELECT clip_code, length(color_code) FROM image").fetchall()
    assert rows == [(b"a", 0)]


def test_bytes_on_disk_count_the_log_and_grow_with_the_rows(
    store: Store, settings: Settings, volume: int
) -> None:
    before = store.bytes_on_disk()
    store.add_batch(1, Batch([new_image(f"{number:032}", volume) for number in range(2000)]))
    assert store.bytes_on_disk() > before + 200_000
    if settings.directory is not None:
        (settings.directory / "unrelated.txt").write_bytes(bytes(10**6))
        names = ("archive.db", "archive.db-wal")  # -shm is memory that processes share
        files = sum((settings.directory / name).stat().st_size for name in names)
        assert store.bytes_on_disk() == files


def test_a_closed_store_gives_up_its_connections(settings: Settings) -> None:
    database = Database(settings)
    database.migrate()
    with database.reading():
        pass
    assert database.engine.pool.checkedin() > 0  # type: ignore[attr-defined]
    assert not database.closed
    database.close()
    assert database.engine.pool.checkedin() == 0  # type: ignore[attr-defined]


def test_a_closed_store_refuses_to_read_and_to_write(store: Store) -> None:
    store.close()
    assert store.closed
    with pytest.raises(UsageError, match="is closed; open it again"):
        store.volumes.all()
    with pytest.raises(UsageError, match="is closed; open it again"):
        store.volumes.see(marker="m", label="", root="/")


def test_an_archive_exists_once_its_tables_do(settings: Settings) -> None:
    assert not Store.exists(settings)
    if settings.directory is not None:
        settings.directory.mkdir()
        (settings.directory / "archive.db").touch()
        assert not Store.exists(settings)
    store = Store.create(settings)
    assert Store.exists(settings)
    assert store.location == settings.location
    store.close()


def test_long_lists_are_cut_into_statements(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.store.database.CHUNK", 3)
    assert [list(part) for part in chunks(range(7))] == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(chunks([])) == []


def test_times_are_utc_to_the_second() -> None:
    now = utc_now()
    assert (now.tzinfo, now.microsecond) == (None, 0)
    assert timedelta(0) <= datetime.now(UTC).replace(tzinfo=None) - now < timedelta(seconds=5)
