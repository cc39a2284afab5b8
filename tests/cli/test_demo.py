"""`coldframe demo`: everything once, on one page."""

from __future__ import annotations

from pathlib import Path

from tests.support.beforehand import hurry
from tests.support.shell import Shell


def test_the_demo_shows_the_whole_way_on_one_page(tmp_path: Path) -> None:
    shell = Shell(str(tmp_path / "archive"), tmp_path, first=hurry)
    *answers, summary = shell.json("demo", "--out", tmp_path / "demo")
    assert [len(answer["hits"]) for answer in answers] == [5, 5, 5]
    assert len(summary["restored"]) == 6 * 3  # of the rows alone, and with details of two lengths
    page = (tmp_path / "demo" / "index.html").read_text()
    links = [part.split("'")[0] for part in page.split("src='")[1:]]
    assert len(links) == 3 * 5 + 6 * 4
    assert all((tmp_path / "demo" / link).is_file() for link in links)
    assert page.count("reconstruction, ") == 6 * 3
