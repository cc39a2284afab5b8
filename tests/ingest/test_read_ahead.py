"""Folders are walked once, ahead of the work but not without bound, and no thread stays."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.errors import UsageError
from archive.ingest import read_ahead
from archive.ingest.read_ahead import Page, ReadAhead
from archive.ingest.rules import ScanRules
from archive.ingest.scan import scan
from archive.store import Store
from tests.support.ingest import ingest_into, save_colors

PATIENCE = 10.0  # seconds


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if "scan" in thread.name]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten files."""
    for number in range(10):
        (tmp_path / f"{number}.jpg").touch()
    return tmp_path


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of three files, of which two are read ahead."""
    monkeypatch.setattr(read_ahead, "PAGE", 3)
    monkeypatch.setattr(read_ahead, "READ_AHEAD", 6)


@pytest.mark.usefixtures("small_pages")
def test_pages_hold_the_scan_in_its_order(folder: Path) -> None:
    with ReadAhead([str(folder), str(folder / "3.jpg")]) as ahead:
        pages = list(ahead)
    assert [len(page) for page in pages] == [3, 3, 3, 1]
    expected = list(scan([str(folder), str(folder / "3.jpg")]))
    assert [candidate for page in pages for candidate in page] == expected
    assert ahead.total == 10


@pytest.mark.usefixtures("small_pages")
def test_the_total_is_known_once_the_scan_is_complete(folder: Path) -> None:
    with ReadAhead([str(folder)]) as ahead:
        assert ahead.total is None  # 3 of 4 pages have been scanned at most
        pages = iter(ahead)
        next(pages)
        next(pages)
        wait_until(lambda: ahead.total == 10)
        assert len(list(pages)) == 2


def test_nothing_to_scan_is_a_total_of_zero(tmp_path: Path) -> None:
    with ReadAhead([]) as ahead:
        assert list(ahead) == []
    assert ahead.total == 0


@pytest.mark.usefixtures("small_pages")
def test_the_scan_waits_for_the_work(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scanned = Counter[str]()

    def count(paths: list[str], rules: ScanRules) -> object:
        for candidate in scan(paths, rules):
            scanned[candidate.path] += 1
            yield candidate

    monkeypatch.setattr(read_ahead, "scan", count)
    with ReadAhead([str(folder)]) as ahead:
        wait_until(lambda: len(scanned) == 9)  # two pages wait, the third is in hand
        time.sleep(0.05)
        assert len(scanned) == 9
        list(ahead)
    assert set(scanned.values()) == {1}
    assert len(scanned) == 10


@pytest.mark.usefixtures("small_pages")
def test_leaving_early_stops_the_scan(folder: Path) -> None:
    with ReadAhead([str(folder)] * 100) as ahead:
        next(iter(ahead))
        assert threads()
    assert threads() == []
    assert ahead.total is None


def test_what_ends_the_scan_is_raised_after_its_pages(folder: Path) -> None:
    with ReadAhead([str(folder), str(folder / "missing")]) as ahead:
        pages: list[Page] = []
        with pytest.raises(UsageError, match="missing"):
            pages.extend(ahead)
    assert threads() == []
    assert ahead.total is None


def test_an_ingest_walks_each_folder_once(
    sqlite_store: Store, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_colors(photos / "inner", 2)
    listed = Counter[str]()
    list_folder = os.scandir

    def count(path: str) -> object:
        listed[str(path)] += 1
        return list_folder(path)

    monkeypatch.setattr(os, "scandir", count)
    ingest = ingest_into(sqlite_store)
    before = ingest.total
    assert len(list(ingest.run(photos))) == 8
    assert (before, ingest.total) == (None, 8)
    assert {path: n for path, n in listed.items() if path.startswith(str(photos))} == {
        str(photos): 1,
        str(photos / "inner"): 1,
    }


def test_an_ingest_that_is_given_up_leaves_no_thread(sqlite_store: Store, photos: Path) -> None:
    run = ingest_into(sqlite_store).run(photos)
    next(run)
    run.close()  # type: ignore[attr-defined]
    assert threads() == []
