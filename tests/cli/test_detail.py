"""`coldframe detail`: written, kept, cut, removed, and why not."""

from __future__ import annotations

import shutil
import signal
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from archive.archive import Archive
from archive.errors import DAMAGE_FOUND, SOME_SKIPPED
from tests.cli.test_signals import wait_until
from tests.support.beforehand import hurry
from tests.support.rows import new_detail
from tests.support.shell import Shell


def statuses(lines: Sequence[dict[str, Any]]) -> list[tuple[int, str, int]]:
    """Of --json: id, status and bytes of each row, by id."""
    return sorted((line["id"], line["status"], line["bytes"]) for line in lines[:-1])


def lengths(shell: Shell) -> dict[int, int]:
    """Id → bytes of its detail, as stored."""
    with closing(sqlite3.connect(Path(shell.location) / "archive.db")) as connection:
        return dict(connection.execute("SELECT image_id, length(code) FROM detail"))


def test_details_are_written_kept_cut_extended_and_removed(plain: Shell) -> None:
    lines = plain.json("detail", "--bytes", "60")
    assert statuses(lines) == [(id, "written", 60) for id in range(1, 5)]
    assert all(line["message_type"] == "detail" for line in lines[:-1])
    assert all(line["psnr"] > 5 and -1 <= line["similarity"] <= 1 for line in lines[:-1])
    assert lines[-1]["message_type"] == "summary"
    assert (lines[-1]["written"], lines[-1]["bytes"]) == (4, 60)
    assert (lines[-1]["code_bytes_before"], lines[-1]["code_bytes"]) == (0, 240)
    assert statuses(plain.json("detail", "--bytes", "61")) == [
        (id, "kept", 60) for id in range(1, 5)
    ]
    assert "4 images: 0 written, 4 cut\n" in plain("detail", "--bytes", "40")
    assert lengths(plain) == dict.fromkeys(range(1, 5), 40)
    assert "detail       40 bytes\n" in plain("show", "1")
    assert "1 image: 1 written\n" in plain("detail", "1", "--bytes", "60")
    assert lengths(plain) == {1: 60, 2: 40, 3: 40, 4: 40}
    assert "4 images: 0 written, 4 removed\n" in plain("detail", "--bytes", "0")
    assert lengths(plain) == {}
    assert statuses(plain.json("detail", "--bytes", "0")) == [(id, "kept", 0) for id in range(1, 5)]


def test_rows_are_chosen_by_id_or_condition(detailed: Shell) -> None:
    detailed("detail", "2", "4", "4", "--bytes", "20")
    assert lengths(detailed) == {1: 60, 2: 20, 3: 60, 4: 20}
    detailed("detail", "--where", "path~*scene 0*", "--bytes", "0")
    assert lengths(detailed) == {2: 20, 3: 60, 4: 20}
    assert "not both" in detailed("detail", "1", "--where", "width>5", code=2)
    assert "no image 77" in detailed("detail", "77", code=1)
    assert "at least 2 bytes" in detailed("detail", "--bytes", "1", code=2)


def test_no_row_is_said(detailed: Shell) -> None:
    done = detailed.run("detail", "--where", "width>9999")
    expected = (0, "", "no row meets the conditions\n")
    assert (done.returncode, done.stdout, done.stderr) == expected


def test_an_archive_without_rows_is_said(pocket_shell: Shell) -> None:
    assert "the archive is empty" in pocket_shell("detail")
    [summary] = pocket_shell.json("detail")
    assert summary["code_bytes"] == 0


def test_originals_that_are_gone_are_said_and_details_are_cut_without_them(
    pocket_shell: Shell, plain_scenes: Shell, tmp_path: Path
) -> None:
    shell = Shell(pocket_shell.location, tmp_path, first=hurry)
    originals = tmp_path / "originals"
    shutil.copytree(plain_scenes.folder / "originals", originals)
    lines = shell.json("ingest", originals, "--detail", "20")
    types = [line["message_type"] for line in lines]
    assert types == ["archived"] * 4 + ["summary"] + ["detail"] * 4 + ["details"]
    assert (lines[-1]["written"], lines[-1]["bytes"]) == (4, 20)
    shell("detail", "1", "--bytes", "30")
    (originals / "scene 3.png").write_bytes(b"another file")
    lines = shell.json("detail", "3", "4", "--bytes", "24", code=SOME_SKIPPED)
    assert statuses(lines) == [(3, "written", 24), (4, "no original", 20)]
    shutil.rmtree(originals)
    originals.mkdir()
    done = shell.run("detail", "--bytes", "28")
    assert done.returncode == SOME_SKIPPED
    assert "4 images: 0 written, 1 cut\n" in done.stdout
    assert done.stderr == "3 without: their originals cannot be read\n"
    assert lengths(shell) == {1: 28, 2: 20, 3: 24, 4: 20}
    output = shell("ingest", originals, "--detail", "22")
    assert "4 images: 0 written, 2 kept as they are\n" in output  # ingest cuts nothing
    assert lengths(shell) == {1: 28, 2: 20, 3: 24, 4: 20}


def test_a_dry_run_says_what_would_happen_and_changes_nothing(detailed: Shell) -> None:
    with Archive(detailed.location) as archive:
        archive._store.details.remove([1, 2])
    before = lengths(detailed)
    output = detailed("detail", "--bytes", "51", "-n")
    assert (
        "4 images: 2 to be written with at most 50 bytes each, 2 to be cut\n"
        "bytes in all: 120 now, 202 afterwards\n" in output
    )
    output = detailed("detail", "--bytes", "0", "--dry-run")
    assert "0 to be written, 2 kept as they are, 2 to be removed\n" in output
    lines = detailed.json("detail", "--bytes", "51", "-n")
    assert statuses(lines) == [
        (1, "written", 50),
        (2, "written", 50),
        (3, "cut", 51),
        (4, "cut", 51),
    ]
    assert lines[-1]["dry_run"] is True
    assert lengths(detailed) == before


def test_a_dry_run_counts_rows_without_original_and_fits_no_schedule(
    pocket_shell: Shell, plain_scenes: Shell, tmp_path: Path
) -> None:
    originals = Path(shutil.copytree(plain_scenes.folder / "originals", tmp_path / "originals"))
    pocket_shell("ingest", originals)
    (originals / "scene 1.png").unlink()
    output = pocket_shell("detail", "-n")
    assert "4 images: 3 to be written with at most 100 bytes each\n" in output
    assert "bytes in all: 0 now, 300 afterwards\n" in output
    assert "1 without: their originals cannot be read\n" in output
    with Archive(pocket_shell.location) as archive:
        assert archive._store.details.schedules() == {}


def test_rows_that_wait_for_their_codec_get_none_yet(shell: Shell, plain_scenes: Shell) -> None:
    rates = ("--codec", "klt", "--bits", "60", "--map-bits", "30")
    shell("init", "--model", "pocket", *rates)
    shell("ingest", plain_scenes.folder / "originals")
    done = shell.run("detail")
    assert done.returncode == SOME_SKIPPED
    assert done.stderr == "4 without: they wait for their codec\n"
    assert statuses(shell.json("detail", "--bytes", "0")) == [(id, "kept", 0) for id in range(1, 5)]


def test_damaged_rows_are_passed_over(plain: Shell) -> None:
    with closing(sqlite3.connect(Path(plain.location) / "archive.db")) as connection, connection:
        connection.execute("UPDATE image SET clip_code = x'00' WHERE id = 3")
    done = plain.run("detail", "3", "4", "--bytes", "4")
    assert done.returncode == SOME_SKIPPED
    assert "2 images: 1 written\n" in done.stdout
    assert done.stderr == "1 without: their rows are damaged\n"
    done = plain.run("detail", "--bytes", "4")
    assert done.returncode == DAMAGE_FOUND
    assert "records of 1 image are damaged and left out (3)" in done.stderr
    assert lengths(plain) == {1: 4, 2: 4, 4: 4}


def test_a_damaged_detail_is_written_anew(detailed: Shell) -> None:
    with closing(sqlite3.connect(Path(detailed.location) / "archive.db")) as connection, connection:
        connection.execute("UPDATE detail SET code = x'0000' WHERE image_id = 3")
    assert "its detail is damaged" in detailed("verify", code=DAMAGE_FOUND)
    detailed.run("detail", "--bytes", "60")
    assert "no errors found" in detailed("verify")
    assert lengths(detailed) == dict.fromkeys(range(1, 5), 60)


def test_a_detail_of_another_decoder_is_replaced_or_removed(plain: Shell) -> None:
    with Archive(plain.location) as archive:
        for row in archive:
            new_detail(archive._store, row)
    lines = plain.json("detail", "1", "--bytes", "10")
    assert statuses(lines) == [(1, "written", 10)]
    assert lines[0]["bytes_before"] == 100
    assert statuses(plain.json("detail", "2", "--bytes", "0")) == [(2, "removed", 0)]
    assert lengths(plain) == {1: 10, 3: 100, 4: 100}


@pytest.mark.slow
def test_a_killed_run_is_resumed(filled_shell: Shell, tmp_path: Path) -> None:
    shutil.copytree(filled_shell.location, tmp_path / "archive")
    shell = Shell(str(tmp_path / "archive"), tmp_path, first=hurry)
    running = shell.start("detail", "--bytes", "30")
    wait_until(lambda: len(lengths(shell)) >= 2 or running.poll() is not None)
    running.kill(signal.SIGKILL)
    assert running.wait().returncode == -signal.SIGKILL
    done = len(lengths(shell))
    assert 2 <= done < 12
    [*lines, summary] = shell.json("detail", "--bytes", "30")
    assert (summary["kept"], summary["written"]) == (done, 12 - done)
    assert len(lines) == 12
    assert "no errors found" in shell("verify")
    with Archive(shell.location) as archive:
        assert len(archive._store.details.schedules()) == 1
