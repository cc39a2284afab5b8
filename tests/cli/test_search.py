"""`coldframe search`: by words and by example."""

from __future__ import annotations

from pathlib import Path

from tests.support.shell import Shell


def test_search_prints_hits_and_nothing_else(filled_shell: Shell, image_folder: Path) -> None:
    [answer] = filled_shell.json("search", "a", "house", "--limit", "3")
    facts = {"id", "score", "path", "digest", "taken_at", "match", "is_match"}
    assert [set(hit) for hit in answer["hits"]] == [facts] * 3
    [by_picture] = filled_shell.json("search", "--image", image_folder / "scene 0.jpg", "-n", "1")
    assert by_picture["hits"][0]["path"] == str(image_folder / "scene 0.jpg")
    assert filled_shell("search", "a house", "-n", "2").count("\n") == 2
    assert "give words to search for" in filled_shell("search", code=2)


def test_search_says_that_nothing_matches_and_shows_the_nearest(filled_shell: Shell) -> None:
    [answer] = filled_shell.json("search", "purple", "submarine", "accountant")
    assert not answer["matches"]
    assert not any(hit["is_match"] for hit in answer["hits"])
    done = filled_shell.run("search", "purple submarine accountant", "-n", "3")
    sentence = "nothing really matches 'purple submarine accountant'; the nearest:\n"
    assert (done.returncode, done.stderr) == (0, sentence)
    assert done.stdout.count("\n") == 3


def test_search_takes_what_hits_are_like_and_unlike(filled_shell: Shell) -> None:
    [answer] = filled_shell.json("search", "--like", "1", "-n", "3")
    ids = [hit["id"] for hit in answer["hits"]]
    assert len(ids) == 3
    assert 1 not in ids
    [answer] = filled_shell.json("search", "a", "house", "--not", "the sea", "--not", "a car")
    assert len(answer["hits"]) == 10
    assert "give words to search for" in filled_shell("search", "--not", "snow", code=2)
    assert "no image 4000" in filled_shell("search", "--like", "4000", code=1)
