"""An archive on a disk that cannot be written is used like any other; nothing is kept."""

from __future__ import annotations

import os
import shutil
import sys
from functools import partial
from pathlib import Path

import pytest

from archive.errors import ArchiveReadOnly, DatabaseUnreachable, NoArchive, UsageError
from archive.settings import Settings
from archive.store import Store
from tests.support.beforehand import CANNOT_MOUNT, mount_read_only
from tests.support.shell import Shell


@pytest.fixture
def disc(filled_shell: Shell, tmp_path: Path) -> Shell:
    """Commands in mount namespaces where the archive's folder is read-only."""
    if os.geteuid() != 0 or not sys.platform.startswith("linux"):
        pytest.skip("mounting takes root")
    shutil.copytree(filled_shell.location, tmp_path / "a ?#%41 disc")
    location = str(tmp_path / "a ?#%41 disc")
    shell = Shell(location, tmp_path, first=partial(mount_read_only, location))
    if shell.run("ls").returncode == CANNOT_MOUNT:
        pytest.skip("no mount namespace here")
    return shell


@pytest.mark.parametrize("index", [True, False], ids=["indexed", "without-index"])
def test_a_read_only_disk_is_searched_listed_and_verified(disc: Shell, *, index: bool) -> None:
    if not index:
        shutil.rmtree(Path(disc.location) / "index")
    before = sorted(Path(disc.location).rglob("*"))
    for words in (("search", "a red square"), ("ls",), ("show", "3"), ("stats",), ("verify",)):
        done = disc.run(*words)
        assert done.returncode == 0, done.stderr
        assert done.stdout
    assert sorted(Path(disc.location).rglob("*")) == before


def test_restoring_from_a_read_only_disk_says_that_nothing_is_recorded(
    disc: Shell, tmp_path: Path
) -> None:
    done = disc.run("restore", "1", "--steps", "2", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "restorations are not recorded" in done.stderr
    assert len(list((tmp_path / "out").iterdir())) == 1


def test_writing_to_a_read_only_disk_is_refused_in_one_sentence(
    disc: Shell, image_folder: Path
) -> None:
    done = disc.run("ingest", image_folder)
    assert done.returncode == ArchiveReadOnly.exit_code
    assert done.stderr.count("\n") == 1
    assert "can only be read" in done.stderr


def test_odd_names_of_folders_hold_their_own_archive(tmp_path: Path) -> None:
    for name in ("a?b", "a#b", "a%20b", "a b", "ü", os.fsdecode(b"\xff"), "file:x"):
        Store.create(Settings(str(tmp_path / name))).close()
        assert (tmp_path / name / "archive.db").is_file()
    assert len(list(tmp_path.iterdir())) == 7


def test_a_sqlite_url_is_refused_and_the_folder_asked_for(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="name the folder"):
        Store.create(Settings(f"sqlite:///{tmp_path}/x.db"))


def test_a_role_that_may_only_select_reads(postgres_settings: Settings) -> None:
    Store.create(postgres_settings).close()
    _, _, address = postgres_settings.location.partition("@")
    import psycopg

    with psycopg.connect(postgres_settings.location, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS reader")
        connection.execute("CREATE ROLE reader LOGIN")
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
    store = Store.open(Settings(f"postgresql://reader:secret@{address}"))
    assert store.read_only
    assert list(store.images.all()) == []
    with pytest.raises(ArchiveReadOnly, match="can only be read") as raised:
        store.volumes.see(marker="m", label="", root="/")
    assert "secret" not in str(raised.value)
    store.close()
    with psycopg.connect(postgres_settings.location, autocommit=True) as connection:
        connection.execute("DROP OWNED BY reader")


def test_a_missing_database_is_no_archive_and_a_silent_server_is_unreachable(
    postgres_url: str,
) -> None:
    with pytest.raises(NoArchive, match="create the database first"):
        Store.open(Settings(f"{postgres_url}/nowhere"))
    with pytest.raises(DatabaseUnreachable, match=r"a:\*\*\*@127") as raised:
        Store.open(Settings("postgresql://a:se%40cret@127.0.0.1:1/x"))
    assert "cret" not in str(raised.value)
    for password in ("se@cret", "se/cret"):
        with pytest.raises(UsageError, match=r"write %40 for '@'") as refused:
            Store.open(Settings(f"postgresql://a:{password}@127.0.0.1:1/x"))
        assert "cret" not in str(refused.value)
