"""A database's password stays where the user wrote it."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from archive.settings import Settings, masked
from tests.support import postgres
from tests.support.shell import Shell

PASSWORD = "hunter2Sesame"
COMMANDS: Sequence[tuple[str, ...]] = (
    ("init", "--model", "pocket"),
    ("ls",),
    ("search", "a house"),
    ("search", "a house", "--json"),
    ("restore", "1", "2", "--steps", "1", "--out", "out"),
    ("show", "1"),
    ("show", "99"),
    ("stats",),
    ("verify",),
    ("audit", "--sample", "1"),
    ("recode", "--codec", "clip", "--bits-per-dim", "2"),
    ("restore", "1", "--lock-seconds", "soon"),
)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database of a server that asks for a password."""
    if not postgres.BINARIES:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    folder = tmp_path_factory.mktemp("postgres")
    with postgres.serve(postgres.BINARIES[-1], folder, password=PASSWORD) as server:
        yield f"{server.url}/postgres"


@pytest.mark.slow
def test_no_command_shows_or_keeps_the_password(
    url: str, tmp_path: Path, image_folder: Path
) -> None:
    """In what it prints, in its cache, in restored pictures, and in its worker processes."""
    shell = Shell(url, tmp_path)
    shell.environment["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    outputs = [shell("init", "--model", "pocket")]
    with Watch() as watch:
        running = shell.start_new("ingest", image_folder)
        watch.parent = running.pid
        outputs.append(running.communicate()[1])
    assert running.returncode == 0, outputs
    for words in COMMANDS:
        done = shell.run(*words, environment={"COLDFRAME_DEBUG": "1"})
        assert done.returncode in (0, 1, 2), done.stderr
        outputs.append(done.stdout + done.stderr)
    assert watch.seen, "no worker process was seen"
    kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(list((tmp_path / "out").iterdir())) == 2
    names = [os.fsencode(path) for path in tmp_path.rglob("*")]
    for content in (*map(os.fsencode, outputs), *kept, *names, *watch.seen):
        assert PASSWORD.encode() not in content


@pytest.mark.parametrize("wrong", ["@", ":", "/", "?sslmode=nonsense", "?nonsense=1", "%zz"])
def test_urls_that_do_not_work_are_told_without_the_password(
    url: str, tmp_path: Path, wrong: str
) -> None:
    for location in (f"{url}{wrong}", url.replace("@", f"{wrong}@"), url.replace("//", "/")):
        for words in (("ls",), ("ls", "--archive", location), ("init", "--archive", location)):
            variables = {"COLDFRAME_ARCHIVE": location, "COLDFRAME_DEBUG": "1"}
            done = Shell(location, tmp_path).run(*words, environment=variables)
            assert PASSWORD not in done.stdout + done.stderr
            assert "internal error" not in done.stderr


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://a:secret@host/db", "postgresql://a:***@host/db"),
        ("postgresql://a:se@cr/et@host/db", "postgresql://a:***@host/db"),
        ("postgresql:/a:secret@host/db", "postgresql:/a:***@host/db"),
        ("postgresql://host/db?user=a&password=secret", "postgresql://host/db?user=a&password=***"),
        ("postgresql://host:5432/db", "postgresql://host:5432/db"),
        ("postgresql://[::1]:5432/db", "postgresql://[::1]:5432/db"),
        ("host=h password=secret", "host=h password=***"),
        ("C:/pictures/archive", "C:/pictures/archive"),
        ("/pictures/a:b@c", "/pictures/a:b@c"),
    ],
)
def test_what_is_masked_is_the_password_and_nothing_else(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_the_index_of_a_database_outlives_its_password() -> None:
    before, after, other = (
        Settings(f"postgresql://a:{password}@host/{database}").index_directory
        for password, database in (("old", "db"), ("new", "db"), ("new", "other"))
    )
    assert before == after != other


class Watch:
    """Reads command lines and environments of a process's children, until the block ends."""

    def __init__(self) -> None:
        self.parent = 0
        self.seen: set[bytes] = set()
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Watch:
        if not Path("/proc/self/environ").exists():
            pytest.skip("there is no /proc to look into")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ends.wait(0.05):
            listing = ["ps", "-o", "pid=", "--ppid", str(self.parent)]
            children = subprocess.run(listing, check=False, capture_output=True, text=True)
            for pid in children.stdout.split():
                for kind in ("cmdline", "environ"):
                    self._read(Path("/proc", pid, kind))

    def _read(self, path: Path) -> None:
        try:
            content = path.read_bytes()
        except OSError:  # it has ended
            return
        if b"archive.imaging.worker" in content or path.name == "environ":
            self.seen.add(content)
