"""A database server that refuses, ends or comes back: sentences, and nothing committed is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.errors import ColdframeError, DatabaseUnreachable, DiskFull, NoArchive
from archive.records import Batch
from archive.settings import Settings
from archive.store import Store
from tests.support import postgres
from tests.support.postgres import Server
from tests.support.rows import new_codec, new_image

SECRET = "s3cret"
FULL = """
import sys
from archive.errors import DiskFull
from archive.records import Batch
from archive.settings import Settings
from archive.store import Store
from tests.support.rows import new_codec, new_image
store = Store.create(Settings(sys.argv[1]))
codec_id = new_codec(store)
volume = store.volumes.see(marker="m", label="", root="/r")
try:
    for number in range(10_000):
        store.add_batch(codec_id, Batch([new_image(f"{number}", volume)]))
except DiskFull as error:
    rows = list(store.images.all())
    assert len(rows) == number > 0, (len(rows), number)
    print(error)
"""


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if not postgres.BINARIES:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    folder = tmp_path_factory.mktemp("server")
    with postgres.serve(postgres.BINARIES[-1], folder, password=SECRET) as started:
        yield started


def refusal(url: str) -> ColdframeError:
    with pytest.raises(ColdframeError) as raised:
        Store.open(Settings(url))
    assert SECRET not in str(raised.value)
    return raised.value


def test_what_is_refused_is_told_in_a_sentence(server: Server) -> None:
    assert isinstance(refusal(f"{server.url}/postgres"), NoArchive)
    assert isinstance(refusal(f"{server.url}/nowhere"), NoArchive)
    wrong = refusal(f"{server.url}/postgres".replace(SECRET, "guessed"))
    assert isinstance(wrong, DatabaseUnreachable)
    assert "password authentication failed" in str(wrong)
    server.stop()
    assert isinstance(refusal(f"{server.url}/postgres"), DatabaseUnreachable)


def test_a_restarted_server_is_used_again_and_has_all_that_was_committed(server: Server) -> None:
    store = Store.create(Settings(f"{server.url}/postgres"))
    volume = store.volumes.see(marker="m", label="", root="/r")
    store.add_batch(new_codec(store), Batch([new_image("a", volume)]))
    server.stop()
    with pytest.raises(DatabaseUnreachable, match="what was committed is safe"):
        list(store.images.all())
    server.start()
    assert [row.clip_code for row in store.images.all()] == [b"a"]
    store.close()


def test_a_full_disk_is_told_and_keeps_what_was_committed(tmp_path: Path) -> None:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("mounting takes root")
    mount = 'mount -t tmpfs -o size=400k tmpfs "$1" && exec "$0" -c "$2" "$1/archive"'
    command = ["unshare", "-m", "sh", "-c", mount, sys.executable, str(tmp_path), FULL]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "mount" in done.stderr:
        pytest.skip("no mount namespace here")
    assert done.returncode == 0, done.stderr
    assert DiskFull.exit_code == 14
    assert "is full" in done.stdout
    assert "what was committed is safe" in done.stdout
