"""The ledger counts attempts, and forgets what was archived after all."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from archive.records import Batch, SkippedFile
from archive.store import Store, schema
from archive.store.clock import utc_now
from tests.support.rows import new_image


def skip(store: Store, volume_id: int, path: str, reason: str = "empty", detail: str = "") -> None:
    file = SkippedFile(volume_id, path, reason, detail)
    store.add_batch(1, Batch(skipped=[file]))


def test_a_second_attempt_replaces_the_reason_and_is_counted(store: Store, volume: int) -> None:
    skip(store, volume, "a.jpg", "empty", "first")
    with store.database.writing() as connection:
        then = utc_now() - timedelta(days=9)
        connection.execute(update(schema.Skipped).values(last_attempt=then))
    skip(store, volume, "a.jpg", "truncated", "second")
    [entry] = store.ledger.all()
    assert (entry.path, entry.reason, entry.detail) == ("/r/a.jpg", "truncated", "second")
    assert entry.attempts == 2
    assert utc_now() - entry.last_attempt < timedelta(minutes=1)


def test_entries_come_by_path_wherever_their_volume_is_now(store: Store, volume: int) -> None:
    other = store.volumes.see(marker="other", label="", root="/o")
    for volume_id, path in ((other, "b"), (volume, "c"), (volume, "a"), (other, "a2")):
        skip(store, volume_id, path)
    store.volumes.see(marker="other", label="", root="/elsewhere")
    paths = [entry.path for entry in store.ledger.all()]
    assert paths == ["/r/a", "/elsewhere/a2", "/elsewhere/b", "/r/c"]


def test_what_is_archived_leaves_the_ledger_and_nothing_else_does(
    store: Store, volume: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.store.database.CHUNK", 2)
    other = store.volumes.see(marker="other", label="", root="/o")
    for name in "abcd":
        skip(store, volume, f"{name}.jpg")
        skip(store, other, f"{name}.jpg")
    store.add_batch(1, Batch([new_image(name, volume) for name in "abc"]))
    remaining = sorted(entry.path for entry in store.ledger.all())
    assert remaining == ["/o/a.jpg", "/o/b.jpg", "/o/c.jpg", "/o/d.jpg", "/r/d.jpg"]
