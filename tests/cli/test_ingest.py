"""`coldframe ingest`: its summary, what it skips, and how it is interrupted."""

from __future__ import annotations

import signal
import sqlite3
import time
from pathlib import Path

from archive.archive import Archive
from archive.settings import Settings
from tests.support.shell import Shell


def test_the_summary_of_an_ingest_is_json_that_other_tools_rely_on(
    pocket_shell: Shell, album: Path
) -> None:
    (album / "copy.jpg").write_bytes((album / "scene 0.jpg").read_bytes())
    (album / "empty.jpg").touch()
    *lines, summary = pocket_shell.json("ingest", album, code=3)
    assert {"archived": 12, "known": 0, "duplicate": 1, "skipped": 1}.items() <= summary.items()
    assert summary["message_type"] == "summary"
    assert summary["images_per_second"] > 0
    assert lines == [
        {
            "message_type": "skipped",
            "path": str(album / "empty.jpg"),
            "reason": "empty",
            "detail": "the file has no bytes",
        }
    ]
    [*_, again] = pocket_shell.json("ingest", album, code=3)
    assert (again["archived"], again["known"]) == (0, 13)


def test_people_read_the_same_in_words(pocket_shell: Shell, album: Path) -> None:
    (album / "empty.jpg").touch()
    output = pocket_shell("ingest", album, code=3)
    assert "archived 12 pictures in" in output
    assert f"skipped {album}/empty.jpg: empty, the file has no bytes" in output
    assert "empty.jpg: the file has no bytes" in pocket_shell("ls", "--skipped")


def test_while_another_writes_longer_than_we_wait_the_exit_code_is_11(
    pocket_shell: Shell, image_folder: Path
) -> None:
    database = Path(pocket_shell.location) / "archive.db"
    with sqlite3.connect(database, isolation_level=None) as holder:
        holder.execute("BEGIN IMMEDIATE")
        assert "another process" in pocket_shell(
            "ingest", image_folder, "--lock-seconds", "0.2", code=11
        )
        assert "0 pictures" in pocket_shell("stats")
        holder.execute("ROLLBACK")


def test_interrupted_it_keeps_what_was_committed(pocket_shell: Shell, album: Path) -> None:
    content = (album / "scene 0.jpg").read_bytes()
    for number in range(400):
        (album / f"more {number}.jpg").write_bytes(content + number.to_bytes(2))
    running = pocket_shell.start("ingest", album)
    with Archive(Settings(pocket_shell.location)) as archive:
        while running.poll() is None and archive._store.images.totals().images == 0:
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        _, output = running.communicate()
        assert "Traceback" not in output
        if running.returncode != 0:  # it may have been done already
            assert running.returncode == 130
            assert "interrupted" in output
        assert 0 < archive._store.images.totals().images <= 412
