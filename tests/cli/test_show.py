"""`coldframe show`: one row."""

from __future__ import annotations

from tests.support.shell import Shell


def test_show_gives_the_codes_in_hex(filled_shell: Shell) -> None:
    [row] = filled_shell.json("show", "1")
    assert (len(row["clip_code"]), len(row["color_code"])) == (128, 48)
    assert len(row["digest"]) == 64
    assert f"clip_code    {row['clip_code']}" in filled_shell("show", "1")
    assert "no image 99" in filled_shell("show", "99", code=1)
