"""`coldframe ingest`: its summary, what it skips, and how it is interrupted."""

from __future__ import annotations

import re
import signal
import sqlite3
import time
from collections import Counter
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.settings import Settings
from tests.support.shell import Shell


def test_json_has_a_line_for_each_file_and_a_summary(pocket_shell: Shell, album: Path) -> None:
    (album / "copy.jpg").write_bytes((album / "scene 0.jpg").read_bytes())
    (album / "empty.jpg").touch()
    (album / "notes.txt").write_text("no image")
    *lines, summary = pocket_shell.json("ingest", album, code=3)
    counts = {"archived": 12, "known": 0, "duplicate": 1, "moved": 0, "skipped": 1, "ignored": 1}
    counts |= {"linked": 0, "forgotten": 0}
    assert counts.items() <= summary.items()
    assert summary["message_type"] == "summary"
    assert summary["images_per_second"] > 0
    assert set(summary) == {
        *("message_type", "seconds", "images_per_second", "described"),
        *counts,
    }
    assert Counter(line["message_type"] for line in lines) == Counter(counts) - Counter()
    by_name = {Path(line["path"]).name: line for line in lines}
    assert len(by_name) == len(lines)
    archived, copy = by_name["scene 0.jpg"], by_name["copy.jpg"]
    assert {archived["message_type"], copy["message_type"]} == {"archived", "duplicate"}
    assert archived == {**copy, "message_type": archived["message_type"], "path": archived["path"]}
    [row] = pocket_shell.json("show", copy["id"])
    assert Path(row["path"]).name in ("scene 0.jpg", "copy.jpg")
    assert by_name["notes.txt"] == {"message_type": "ignored", "path": str(album / "notes.txt")}
    assert by_name["empty.jpg"] == {
        "message_type": "skipped",
        "path": str(album / "empty.jpg"),
        "reason": "empty",
        "detail": "the file has no bytes",
    }


def test_a_second_run_reports_unchanged_and_moved_files(pocket_shell: Shell, album: Path) -> None:
    pocket_shell("ingest", album)
    (album / "scene 0.jpg").rename(album / "moved.jpg")
    *lines, summary = pocket_shell.json("ingest", album)
    assert {"archived": 0, "known": 11, "moved": 1}.items() <= summary.items()
    assert summary["images_per_second"] == 0
    [moved] = [line for line in lines if line["message_type"] == "moved"]
    assert set(moved) == {"message_type", "path", "id"}
    assert moved["path"] == str(album / "moved.jpg")
    known = [line for line in lines if line["message_type"] == "known"]
    assert [set(line) for line in known] == [{"message_type", "path"}] * 11


def test_people_read_the_same_in_words(pocket_shell: Shell, album: Path) -> None:
    (album / "empty.jpg").touch()
    first, reason = pocket_shell("ingest", album, code=3).splitlines()
    assert re.fullmatch(
        r"archived 12 images in \d+\.\d s \(\d+(\.\d+)? images/s .*\); 1 skipped", first
    )
    assert reason == f"  skipped {album}/empty.jpg: empty, the file has no bytes"
    assert "empty.jpg: the file has no bytes" in pocket_shell("ls", "--skipped")
    (album / "empty.jpg").unlink()
    (album / "notes.txt").write_text("no image")
    again = pocket_shell("ingest", album)
    assert again == "nothing new: 12 unchanged, 1 not an image\n"


def test_while_another_writes_longer_than_we_wait_the_exit_code_is_11(
    pocket_shell: Shell, image_folder: Path
) -> None:
    database = Path(pocket_shell.location) / "archive.db"
    with sqlite3.connect(database, isolation_level=None) as holder:
        holder.execute("BEGIN IMMEDIATE")
        assert "another process" in pocket_shell(
            "ingest", image_folder, "--lock-seconds", "0.2", code=11
        )
        assert "0 images" in pocket_shell("stats")
        holder.execute("ROLLBACK")


@pytest.mark.slow
def test_interrupted_it_keeps_what_was_committed(pocket_shell: Shell, album: Path) -> None:
    content = (album / "scene 0.jpg").read_bytes()
    for number in range(400):
        (album / f"more {number}.jpg").write_bytes(content + number.to_bytes(2))
    running = pocket_shell.start("ingest", album)
    with Archive(Settings(pocket_shell.location)) as archive:
        while running.poll() is None and archive._store.images.totals().images == 0:
            time.sleep(0.01)
        running.kill(signal.SIGINT)
        done = running.wait()
        assert "Traceback" not in done.stderr
        if done.returncode != 0:  # it may have been done already
            assert done.returncode == 130
            assert "interrupted" in done.stderr
        assert 0 < archive._store.images.totals().images <= 412
