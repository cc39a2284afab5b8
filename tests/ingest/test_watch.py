"""What a watch takes, when, and what it says of its folders; with real files and real events."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from archive.errors import UsageError
from archive.ingest import watch as watching
from archive.ingest.outcomes import Archived, Moved, Skipped
from archive.ingest.rules import ScanRules
from archive.ingest.watch import (
    FolderChanged,
    FolderState,
    PassEnded,
    Postponed,
)
from archive.settings import Settings
from archive.store import Store
from tests.support.ingest import create_store, save_colors
from tests.support.watch import WAIT_SECONDS, Follower, outcomes

LONG_WAIT_SECONDS = 3.0  # where a test must be faster


@pytest.fixture
def photos(photos: Path) -> Path:
    """Six images that are whole."""
    time.sleep(2 * WAIT_SECONDS)
    return photos


@pytest.fixture
def follow(sqlite_store: Store) -> Iterator[Callable[..., Follower]]:
    """Starts followers, and ends them."""
    followers: list[Follower] = []

    def start(*folders: Path, **options: object) -> Follower:
        followers.append(Follower(sqlite_store, *folders, **options))  # type: ignore[arg-type]
        return followers[-1]

    yield start
    for follower in followers:
        follower.close()


def test_what_lies_there_is_archived_first_then_what_appears(
    follow: Callable[..., Follower], photos: Path
) -> None:
    follower = follow(photos)
    first = follower.until(lambda event: event == PassEnded(is_full=True))
    save_colors(photos.parent / "new", 8)
    (photos.parent / "new" / "007.png").rename(photos / "007.png")
    later = follower.until_pass()
    archived = outcomes([*first, *later], Archived)
    assert archived[-1] == "007.png"
    assert outcomes(later, Archived)[-1] == "007.png"
    assert later[-1] == PassEnded(is_full=False)


def test_a_file_that_is_written_slowly_is_read_once_it_is_whole(
    follow: Callable[..., Follower], photos: Path, tmp_path: Path
) -> None:
    time.sleep(LONG_WAIT_SECONDS)
    follower = follow(photos, wait_seconds=LONG_WAIT_SECONDS)
    follower.until_pass()
    [*_, source] = save_colors(tmp_path / "new", 9)
    content = source.read_bytes()
    with (photos / "slow.png").open("wb", buffering=0) as file:
        for start in range(0, len(content), 20):
            file.write(content[start : start + 20])
            assert follower.is_idle_for(0)
    events = follower.until_pass()
    assert outcomes(events, Archived) == ["slow.png"]
    assert outcomes(events, Skipped) == []


def test_a_file_that_grows_while_all_is_scanned_waits_until_it_is_whole(
    follow: Callable[..., Follower], photos: Path
) -> None:
    time.sleep(LONG_WAIT_SECONDS)
    content = (photos / "000.png").read_bytes()
    (photos / "grows.png").write_bytes(content[:50])
    follower = follow(photos, wait_seconds=LONG_WAIT_SECONDS)
    assert len(outcomes(follower.until_pass(), Archived)) == 6
    with (photos / "grows.png").open("ab") as file:
        file.write(content[50:] + b"more")
    events = follower.until_pass()
    assert outcomes(events, Archived) == ["grows.png"]
    assert outcomes(events, Skipped) == []


def test_a_file_of_the_future_is_taken_as_well(
    follow: Callable[..., Follower], photos: Path
) -> None:
    os.utime(photos / "000.png", (2e9, 2e9 * 2))
    follower = follow(photos)
    first = follower.until_pass()
    second = follower.until_pass()
    assert "000.png" in outcomes([*first, *second], Archived)


def test_a_moved_folder_takes_its_rows_along(follow: Callable[..., Follower], photos: Path) -> None:
    (photos / "trip").mkdir()
    (photos / "000.png").rename(photos / "trip" / "000.png")
    time.sleep(2 * WAIT_SECONDS)
    follower = follow(photos)
    follower.until_pass()
    (photos / "trip").rename(photos / "journey")
    assert outcomes(follower.until_pass(), Moved) == ["000.png"]


def test_a_folder_that_is_moved_in_is_archived_whole(
    follow: Callable[..., Follower], photos: Path, tmp_path: Path
) -> None:
    follower = follow(photos)
    follower.until_pass()
    save_colors(tmp_path / "new" / "inner", 9)
    (tmp_path / "new").rename(photos / "new")
    events = follower.until_pass()
    assert {"006.png", "007.png", "008.png"} <= set(outcomes(events, Archived))


def test_rules_hold_for_what_appears(
    follow: Callable[..., Follower], photos: Path, tmp_path: Path
) -> None:
    (photos / "private").mkdir()
    follower = follow(photos, rules=ScanRules(exclude=["private/"]))
    follower.until_pass()
    sources = save_colors(tmp_path / "new", 9)
    sources[7].rename(photos / "private" / "007.png")
    sources[8].rename(photos / "008.png")
    assert outcomes(follower.until_pass(), Archived) == ["008.png"]
    assert follower.is_idle_for(3 * WAIT_SECONDS)


def test_a_changed_ignore_file_makes_its_folder_be_scanned(
    follow: Callable[..., Follower], photos: Path
) -> None:
    (photos / ".coldframeignore").write_text("00[1-5].png\n")
    follower = follow(photos)
    assert outcomes(follower.until_pass(), Archived) == ["000.png"]
    (photos / ".coldframeignore").write_text("005.png\n")
    expected = ["001.png", "002.png", "003.png", "004.png"]
    assert outcomes(follower.until_pass(), Archived) == expected


def test_a_folder_that_vanishes_is_waited_for_and_nothing_is_forgotten(
    follow: Callable[..., Follower], photos: Path, sqlite_store: Store
) -> None:
    follower = follow(photos)
    follower.until_pass()
    away = photos.rename(photos.with_name("away"))
    missing = FolderChanged(str(photos), FolderState.MISSING)
    follower.until(lambda event: event == missing)
    assert follower.is_idle_for(2 * WAIT_SECONDS)
    assert len(list(sqlite_store.images.all())) == 6
    save_colors(away, 7)
    away.rename(photos)
    back = FolderChanged(str(photos), FolderState.BACK)
    events = follower.until(lambda event: event == back)
    events += follower.until_pass()
    if not outcomes(events, Archived):  # it was written just before
        events += follower.until_pass()
    assert outcomes(events, Archived) == ["006.png"]
    (save_colors(photos.parent / "new", 8))[7].rename(photos / "007.png")
    assert outcomes(follower.until_pass(), Archived) == ["007.png"]


def test_a_folder_that_is_missing_at_first_is_waited_for(
    follow: Callable[..., Follower], photos: Path
) -> None:
    away = photos.rename(photos.with_name("away"))
    follower = follow(photos)
    [first, *_] = follower.until_pass()
    assert first == FolderChanged(str(photos), FolderState.MISSING)
    away.rename(photos)
    assert len(outcomes(follower.until_pass(), Archived)) == 6


def test_another_folder_at_the_same_path_is_scanned(
    follow: Callable[..., Follower], photos: Path, tmp_path: Path
) -> None:
    """As where a drive is mounted."""
    follower = follow(photos)
    follower.until_pass()
    save_colors(tmp_path / "drive", 7)
    time.sleep(2 * WAIT_SECONDS)
    os.rename(photos, tmp_path / "before")
    os.rename(tmp_path / "drive", photos)
    states = (FolderState.REPLACED, FolderState.BACK)
    events = follower.until(
        lambda event: isinstance(event, FolderChanged) and event.state in states
    )
    events += follower.until_pass()
    assert outcomes(events, Archived) == ["006.png"]


def test_a_locked_database_postpones_and_nothing_is_lost(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "RETRY_SECONDS", 0.5)
    store = create_store(Settings(str(tmp_path / "archive"), lock_seconds=0.1))
    time.sleep(2 * WAIT_SECONDS)
    follower = Follower(store, photos)
    follower.until_pass()
    [*_, source] = save_colors(tmp_path / "new", 9)
    with closing(sqlite3.connect(tmp_path / "archive" / "archive.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        source.rename(photos / "008.png")
        [postponed] = follower.until(lambda event: isinstance(event, Postponed))
        assert "another process is writing" in str(postponed)
    assert outcomes(follower.until_pass(), Archived) == ["008.png"]
    follower.close()
    store.close()


def test_what_the_archive_writes_in_a_watched_folder_is_no_event(
    follow: Callable[..., Follower], sqlite_store: Store, tmp_path: Path
) -> None:
    quiet = sqlite_store.database.settings.directory
    follower = follow(tmp_path, quiet=quiet)
    follower.until_pass()
    sqlite_store.volumes.see(marker="m", label="", root="/r")
    assert follower.is_idle_for(4 * WAIT_SECONDS)


def test_a_rescan_finds_what_no_event_told(follow: Callable[..., Follower], photos: Path) -> None:
    follower = follow(photos)
    follower.until_pass()
    follower.watch.rescan()
    assert follower.until_pass()[-1] == PassEnded(is_full=True)


def test_a_file_is_no_folder_to_watch(follow: Callable[..., Follower], photos: Path) -> None:
    with pytest.raises(UsageError, match="is a file; name the folder"):
        follow(photos / "000.png")
