"""`coldframe verify`: finds damage."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from tests.support.shell import Shell


def test_verify_finds_a_flipped_bit_and_says_where(filled_shell: Shell, tmp_path: Path) -> None:
    assert "no errors found" in filled_shell("verify")
    shutil.copytree(filled_shell.location, tmp_path / "copy")
    with sqlite3.connect(tmp_path / "copy" / "archive.db") as database:
        [[code]] = database.execute("SELECT clip_code FROM image WHERE id = 3").fetchall()
        flipped = bytes([code[0] ^ 1]) + code[1:]
        database.execute("UPDATE image SET clip_code = ? WHERE id = 3", [flipped])
        database.execute("UPDATE image SET color_code = x'00' WHERE id = 5")
    copy = Shell(str(tmp_path / "copy"), tmp_path)
    *damages, summary = copy.json("verify", code=4)
    assert [damage["id"] for damage in damages] == [3, 5]
    counts = {"rows": 12, "damages": 2, "stale_details": 0}
    assert summary == {"message_type": "summary", **counts}
    assert "row 3: its checksum does not match" in copy("verify", code=4)


def test_damaged_rows_are_left_out_and_told_once(filled_shell: Shell, tmp_path: Path) -> None:
    shutil.copytree(filled_shell.location, tmp_path / "copy")
    with sqlite3.connect(tmp_path / "copy" / "archive.db") as database:
        database.execute("UPDATE image SET width = width + 1 WHERE id IN (3, 5)")
    copy = Shell(str(tmp_path / "copy"), tmp_path)
    for words in (("ls",), ("search", "a red square", "-n", "20")):
        done = copy.run(*words)
        assert done.returncode == 4
        assert len(done.stdout.splitlines()) == 10
        message = "records of 2 images are damaged and left out (3, 5); run `coldframe verify`"
        assert f"coldframe: {message}" in done.stderr.splitlines()
    assert "the row of image 3 is damaged" in copy("show", "3", code=4)
    printed = copy("restore", "3", "4", "--steps", "1", "--out", tmp_path / "out", code=3)
    assert "3  not restored: its checksum does not match" in printed
    assert [file.name[:6] for file in (tmp_path / "out").iterdir()] == ["000004"]
