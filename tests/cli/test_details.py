"""What the commands tell of details."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.store import schema
from tests.support.rows import forge, new_detail
from tests.support.shell import Shell


@pytest.fixture
def detailed_shell(filled_shell: Shell, tmp_path: Path) -> Shell:
    """Commands on an archive whose rows 2 and 3 have a detail."""
    shutil.copytree(filled_shell.location, tmp_path / "copy")
    shell = Shell(str(tmp_path / "copy"), tmp_path)
    with Archive(shell.location) as archive:
        new_detail(archive._store, archive[2])
        new_detail(archive._store, archive[3], bytes(51))
    return shell


@contextmanager
def database(shell: Shell) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(Path(shell.location) / "archive.db")) as connection, connection:
        yield connection


def test_show_tells_the_bytes_and_how_well_they_restore(detailed_shell: Shell) -> None:
    assert "detail       100 bytes, 21.3 dB, similarity 0.88\n" in detailed_shell("show", "2")
    assert "detail       -\n" in detailed_shell("show", "1")
    [row] = detailed_shell.json("show", "2")
    scores = {"psnr": 21.3, "similarity": 0.875}
    assert row["detail"] == {"schedule": 1, "bytes": 100, **scores, "stale": False}
    [row] = detailed_shell.json("show", "1")
    assert row["detail"] is None


def test_stats_count_details_into_the_codes(filled_shell: Shell, detailed_shell: Shell) -> None:
    [before] = filled_shell.json("stats")
    [after] = detailed_shell.json("stats")
    assert (before["details"], before["detail_bytes"]) == (0, 0)
    assert (after["details"], after["detail_bytes"]) == (2, 151)
    assert after["detail_bits_per_image"] == pytest.approx(8 * 151 / 12, abs=0.01)
    added = (after["bpp"] - before["bpp"]) * 240 * 160
    assert added == pytest.approx(after["detail_bits_per_image"], rel=1e-3)
    assert "details    2 images, 75.5 bytes each\n" in detailed_shell("stats")
    assert "100.67 detail\n" in detailed_shell("stats")
    assert "detail" not in filled_shell("stats")


def test_verify_reports_a_flipped_bit_in_a_detail(detailed_shell: Shell) -> None:
    assert "no errors found\n" in detailed_shell("verify")
    with database(detailed_shell) as connection:
        [[code]] = connection.execute("SELECT code FROM detail WHERE image_id = 3")
        flipped = bytes([code[0] ^ 1]) + code[1:]
        connection.execute("UPDATE detail SET code = ? WHERE image_id = 3", [flipped])
    printed = detailed_shell("verify", code=4)
    assert "row 3: its detail is damaged" in printed
    assert "verified 12 rows: 1 damaged row\n" in printed
    done = detailed_shell.run("show", "3")
    assert done.returncode == 4
    assert "records of 1 image are damaged" in done.stderr
    assert "detail       -\n" in done.stdout


def test_verify_counts_details_of_other_codes(detailed_shell: Shell) -> None:
    with Archive(detailed_shell.location) as archive:
        row = archive[3]
        code = row.clip_code[:-1] + bytes([row.clip_code[-1] ^ 1])
        forge(archive._store, schema.Image.id == 3, clip_code=code)
    printed = detailed_shell("verify")
    assert "verified 12 rows: no errors found; 1 detail of other codes\n" in printed
    [summary] = detailed_shell.json("verify")
    counts = {"rows": 12, "damages": 0, "stale_details": 1}
    assert summary == {"message_type": "summary", **counts}
    assert "detail       51 bytes, 21.3 dB, similarity 0.88, stale\n" in detailed_shell("show", "3")


def test_recode_and_forget_take_details_along(detailed_shell: Shell) -> None:
    detailed_shell("forget", "2", "--yes")
    [stats] = detailed_shell.json("stats")
    assert (stats["details"], stats["detail_bytes"]) == (1, 51)
    detailed_shell("recode", "--codec", "coclico")
    [stats] = detailed_shell.json("stats")
    assert (stats["details"], stats["detail_bytes"]) == (0, 0)
    assert "no errors found\n" in detailed_shell("verify")


def test_a_detail_without_scores_is_shown_by_its_bytes(detailed_shell: Shell) -> None:
    with Archive(detailed_shell.location) as archive:
        assert archive._store.details.cut(None, 1) == 2
    assert "detail       1 byte\n" in detailed_shell("show", "2")
