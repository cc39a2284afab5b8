"""Who watches what is known to everybody who can read, also after a kill."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from archive.store import Store
from archive.store.clock import utc_now
from archive.store.watchers import FORGOTTEN_AFTER, SILENCE, WatcherRecord

LONG_AGO = SILENCE + timedelta(seconds=5)
STARTED = utc_now() - timedelta(days=40)
FIRST = WatcherRecord("a" * 16, "host", 7, ("/photos", "/m\udcff, 1"), STARTED, STARTED)


def put_earlier(
    store: Store, monkeypatch: pytest.MonkeyPatch, watcher: WatcherRecord, age: timedelta
) -> None:
    """As if the watcher had been heard of that long ago."""
    with monkeypatch.context() as patch:
        patch.setattr("archive.store.watchers.utc_now", lambda: utc_now() - age)
        store.watchers.put(watcher)


def test_a_watcher_is_read_as_it_was_written_and_renewed(store: Store) -> None:
    store.watchers.put(FIRST)
    told = replace(FIRST, outcome="3 archived", outcome_at=utc_now())
    store.watchers.put(told)
    [watcher] = store.watchers.all()
    assert watcher == replace(told, heartbeat_at=watcher.heartbeat_at)
    assert watcher.heartbeat_at > STARTED
    store.watchers.remove(FIRST.id)
    assert store.watchers.all() == []


def test_a_killed_watcher_stays_as_one_that_does_not_answer(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_earlier(store, monkeypatch, FIRST, LONG_AGO)
    store.watchers.put(replace(FIRST, id="b" * 16, folders=("/other",)))
    answering = {watcher.id[0]: watcher.is_answering for watcher in store.watchers.all()}
    assert answering == {"a": False, "b": True}


def test_who_watches_the_same_folders_takes_the_place_of_a_silent_one(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.watchers.put(FIRST)
    second = replace(FIRST, id="b" * 16, pid=8)
    store.watchers.put(second)
    assert [watcher.pid for watcher in store.watchers.all()] == [7, 8]
    put_earlier(store, monkeypatch, FIRST, LONG_AGO)
    store.watchers.put(second)
    assert [watcher.pid for watcher in store.watchers.all()] == [8]


def test_nobody_is_remembered_for_more_than_a_month(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_earlier(store, monkeypatch, FIRST, FORGOTTEN_AFTER + LONG_AGO)
    store.watchers.put(replace(FIRST, id="b" * 16, host="another", folders=()))
    assert [watcher.host for watcher in store.watchers.all()] == ["another"]
