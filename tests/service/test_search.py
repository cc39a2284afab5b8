"""Searching over HTTP: words, rows, pictures, and their sums."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from archive.archive import Archive
from tests.service.test_server import assert_problem
from tests.support.images import write_bomb
from tests.support.service import Running


def ids(running: Running, **params: Any) -> list[int]:
    answer = running.get("search", params=params)
    assert answer.status_code == 200, answer.text
    return [hit["id"] for hit in answer.json()["hits"]]


def test_words_find_what_the_library_finds(reading: Running, scenes: Path) -> None:
    with Archive(scenes / "archive") as archive:
        expected = archive.search("a red house", limit=15)
    answer = reading.get("search", params={"q": "a red house"}).json()
    assert [hit["id"] for hit in answer["hits"]] == [hit.id for hit in expected]
    for hit, known in zip(answer["hits"], expected, strict=True):
        assert hit["score"] == pytest.approx(known.score, abs=1e-4)
    assert answer["next"] is None


def test_pages_of_hits_are_one_list(reading: Running) -> None:
    whole = ids(reading, q="a boat", limit=15)
    pages: list[int] = []
    cursor: str | None = None
    while cursor is not None or not pages:
        params = {"q": "a boat", "limit": 5, **({"cursor": cursor} if cursor else {})}
        page = reading.get("search", params=params).json()
        pages += [hit["id"] for hit in page["hits"]]
        cursor = page["next"]
    assert pages == whole


def test_rows_find_what_is_like_them_and_not_themselves(reading: Running) -> None:
    similar = ids(reading, like=3, limit=15)
    assert 3 not in similar
    assert len(similar) == 14
    assert 3 not in ids(reading, like=[3, 4], limit=15)


def test_words_are_added_and_subtracted(reading: Running) -> None:
    plain = ids(reading, q="a house", limit=15)
    away = ids(reading, q="a house", **{"not": "a red house on a hill"}, limit=15)
    toward = ids(reading, q=["a house", "the sea"], limit=15)
    assert sorted(plain) == sorted(away) == sorted(toward)
    assert plain != away
    twice = ids(reading, q=["a house", "a house"], limit=15)
    assert twice == plain


def test_what_cancels_out_is_refused(reading: Running) -> None:
    answer = reading.get("search", params={"q": "a house", "not": "a house"})
    assert "cancel out" in assert_problem(answer, 422)
    assert_problem(reading.get("search"), 422)
    assert_problem(reading.get("search", params={"not": "a house"}), 422)
    assert_problem(reading.get("search", params={"q": "  "}), 422)
    assert_problem(reading.get("search", params={"like": 999}), 404)


def test_hits_meet_conditions(reading: Running) -> None:
    png = ids(reading, q="a house", where="format=PNG")
    everything = ids(reading, q="a house")
    assert 0 < len(png) < len(everything)
    assert png == [hit for hit in everything if hit in png]


def test_the_best_are_sorted_by_date(reading: Running) -> None:
    best = reading.get("search", params={"q": "a house", "limit": 15}).json()["hits"]
    dated = [hit["id"] for hit in sorted(best, key=lambda hit: str(hit["taken_at"]))[:3]]
    undated = [hit["id"] for hit in best if hit["taken_at"] is None]
    assert ids(reading, q="a house", limit=15, sort="date") == dated + undated
    assert ids(reading, q="a house", limit=15, sort="-date") == dated[::-1] + undated
    few = ids(reading, q="a house", limit=5, sort="date")
    assert sorted(few) == sorted(hit["id"] for hit in best[:5])


def test_a_picture_finds_itself(reading: Running) -> None:
    original = reading.get("images/5/original").content
    answer = reading.post("search", files={"picture": ("x.png", original)}, params={"limit": 3})
    assert answer.json()["hits"][0]["id"] == 5
    with_words = reading.post(
        "search", files={"picture": ("x.png", original)}, params={"q": "a boat", "limit": 15}
    )
    assert len(with_words.json()["hits"]) == 15


def test_what_is_no_picture_is_refused(reading: Running, tmp_path: Path) -> None:
    write_bomb(tmp_path / "bomb.png", 60_000, 60_000)
    for content in (b"", b"text", b"\x89PNG\r\n\x1a\n", (tmp_path / "bomb.png").read_bytes()):
        answer = reading.post("search", files={"picture": ("x.png", content)})
        detail = assert_problem(answer, 422)
        assert "/" not in detail.replace("n/a", "")
    assert_problem(reading.post("search", params={"q": "a"}), 422)
    assert_problem(reading.post("search", data={"picture": "text"}), 422)


def test_any_text_is_a_query(reading: Running) -> None:
    for words in ("<script>", "\x00\x1b", "𝕏 \u202e abc", "'; DROP TABLE image; --", "x" * 500):
        assert len(ids(reading, q=words, limit=2)) == 2
    assert_problem(reading.get("search", params={"q": "x" * 501}), 422)
