"""`coldframe show`: one row."""

from __future__ import annotations

from archive.archive import Archive
from tests.support.shell import Shell


def test_show_gives_the_codes_in_hex(filled_shell: Shell) -> None:
    [row] = filled_shell.json("show", "1")
    with Archive(filled_shell.location) as archive:
        assert row["clip_code"] == archive[1].clip_code.hex()
        assert row["color_code"] == archive[1].color_code.hex()
    assert len(row["digest"]) == 64
    assert f"clip_code    {row['clip_code']}" in filled_shell("show", "1")
    assert "no image 99" in filled_shell("show", "99", code=1)
