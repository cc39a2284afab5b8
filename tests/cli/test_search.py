"""`coldframe search`: by words and by example."""

from __future__ import annotations

from pathlib import Path

from tests.support.shell import Shell


def test_search_prints_hits_and_nothing_else(filled_shell: Shell, image_folder: Path) -> None:
    [answer] = filled_shell.json("search", "a", "house", "--limit", "3")
    facts = {"id", "score", "path", "digest", "taken_at"}
    assert [set(hit) for hit in answer["hits"]] == [facts] * 3
    [by_picture] = filled_shell.json("search", "--image", image_folder / "scene 0.jpg", "-n", "1")
    assert by_picture["hits"][0]["path"] == str(image_folder / "scene 0.jpg")
    assert filled_shell("search", "a house", "-n", "2").count("\n") == 2
    assert "either words" in filled_shell("search", code=2)
