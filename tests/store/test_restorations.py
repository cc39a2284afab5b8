"""What was regenerated from rows, and how it scored."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from archive.records import AUDITED, RESTORED, Batch, RestorationRecord
from archive.store import Store
from tests.support.rows import digest, new_image

AUDIT = RestorationRecord(
    image_id=0,
    decoder="pocket",
    decoder_sha256="d" * 64,
    parameters={"steps": 18, "codes_crc32": 2**32 - 1},
    seed=2**63 - 1,
    path="",
    created_at=datetime(2024, 5, 1, 12, 30),
    state=AUDITED,
)


@pytest.fixture
def ids(store: Store, volume: int) -> list[int]:
    """The ids of five rows."""
    written = store.add_batch(1, Batch([new_image(name, volume) for name in "abcde"]))
    return [written[digest(name)] for name in "abcde"]


def audit(store: Store, image_id: int, similarity: float | None) -> RestorationRecord:
    scores = None if similarity is None else {"clip_similarity": similarity}
    record = replace(AUDIT, image_id=image_id, scores=scores)
    store.restorations.add(record)
    return record


def restored(store: Store, image_id: int, path: str, *, seed: int = 0) -> RestorationRecord:
    record = replace(AUDIT, image_id=image_id, path=path, seed=seed, state=RESTORED)
    store.restorations.add(record)
    return record


def test_the_latest_restoration_to_a_path_counts(store: Store, ids: list[int]) -> None:
    restored(store, ids[0], "/out/latin-\udcfc.jpg", seed=1)
    latest = restored(store, ids[0], "/out/latin-\udcfc.jpg", seed=2)
    restored(store, ids[0], "/out/other.jpg", seed=3)
    restored(store, ids[1], "/out/latin-\udcfc.jpg", seed=4)
    assert store.restorations.latest(ids[0], "/out/latin-\udcfc.jpg") == latest
    assert store.restorations.latest(ids[0], "/out/nothing.jpg") is None
    assert store.restorations.latest(ids[2], "/out/other.jpg") is None


def test_audits_of_some_rows_are_listed_oldest_first(
    store: Store, ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.store.database.CHUNK", 2)
    first = audit(store, ids[1], 0.9)
    second = audit(store, ids[0], 0.8)
    audit(store, ids[3], 0.7)
    third = audit(store, ids[1], 0.6)
    fourth = audit(store, ids[2], None)
    restored(store, ids[0], "/out/a.jpg")
    assert store.restorations.audits(ids[:3]) == [first, second, third, fourth]
    assert store.restorations.audits([]) == []


def test_the_worst_are_those_whose_latest_audit_scores_lowest(store: Store, ids: list[int]) -> None:
    audit(store, ids[0], 0.1)  # an older one does not count
    best = audit(store, ids[0], 0.9)
    worst = audit(store, ids[1], -0.2)
    second = audit(store, ids[3], 0.5)
    third = audit(store, ids[2], 0.5)
    restored(store, ids[4], "/out/a.jpg")
    assert store.restorations.worst_audits(3) == [worst, third, second]
    assert store.restorations.worst_audits(9) == [worst, third, second, best]
    assert store.restorations.worst_audits(0) == []
