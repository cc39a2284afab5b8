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
    assert [damage["id"] for damage in damages] == [3, 5, 5]
    assert summary == {"message_type": "summary", "rows": 12, "damages": 3}
    assert "row 3: the checksum of its codes does not match" in copy("verify", code=4)
