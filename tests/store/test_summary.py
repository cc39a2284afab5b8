"""What rows are made of is what counting them by hand says, on each database."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime

import pytest

from archive.records import AUDITED, RESTORED, Batch, Capture, RestorationRecord
from archive.store import Store
from archive.store.clock import utc_now
from tests.support.rows import digest, new_detail, new_image

PATHS = ("2019/a.jpg", "2019/deep/b.jpg", "2020/c.jpg", "d.jpg", os.fsdecode(b"2020/\xff.jpg"))
DATES = (datetime(2019, 7, 14), datetime(2019, 7, 31, 23), datetime(2020, 1, 1), None, None)
CAMERAS = ("Leica", "Canon", "Canon", None, None)
FORMATS = ("JPEG", "JPEG", "PNG", "JPEG", "HEIF")


@pytest.fixture
def ids(store: Store, volume: int) -> list[int]:
    """Five rows in /r/photos, the path of the last is not UTF-8; the first was seen twice."""
    images = [
        replace(
            new_image(name, volume, path=f"photos/{path}"),
            taken_at=date,
            capture=Capture(camera),
            format=image_format,
        )
        for name, path, date, camera, image_format in zip(
            "abcde", PATHS, DATES, CAMERAS, FORMATS, strict=True
        )
    ]
    written = store.add_batch(1, Batch(images))
    again = replace(images[0], place=replace(images[0].place, path="photos/copies/a.jpg"))
    store.add_batch(1, Batch([again]))
    return [written[digest(name)] for name in "abcde"]


def audit(store: Store, image_id: int, similarity: float | None, state: str = AUDITED) -> None:
    scores = None if similarity is None else {"clip_similarity": similarity}
    record = RestorationRecord(image_id, "d", "0" * 64, {}, 1, "", utc_now(), scores, state)
    store.restorations.add(record)


def test_rows_are_counted_by_what_they_are(store: Store, volume: int, ids: list[int]) -> None:
    summary = store.summaries.make()
    assert summary.months == [("2019-07", 2), ("2020-01", 1)]
    assert summary.undated == 2
    assert dict(summary.formats) == {"JPEG": 3, "PNG": 1, "HEIF": 1}
    assert summary.formats[0] == ("JPEG", 3)
    assert summary.cameras == [("Canon", 2), ("Leica", 1)]
    assert summary.folders == [
        ("/r/photos", 1),
        ("/r/photos/2019", 2),
        ("/r/photos/2020", 1),
        ("/r/photos/copies", 1),
    ]
    assert summary.volumes == {volume: 6}
    assert summary.sizes == [(0, 5)]


def test_the_last_audit_of_a_row_counts(store: Store, ids: list[int]) -> None:
    audit(store, ids[0], 0.2)
    audit(store, ids[0], 0.91)
    audit(store, ids[1], 0.89)
    audit(store, ids[2], -0.11)
    audit(store, ids[3], None)
    audit(store, ids[4], 0.5, RESTORED)
    assert store.summaries.make().fidelity == [(-0.1, 1), (0.9, 2)]


def test_a_detail_counts_as_bytes_of_its_row(store: Store, ids: list[int]) -> None:
    new_detail(store, store.images.get(ids[:1])[0], bytes(55))
    assert store.summaries.make().sizes == [(0, 4), (50, 1)]


def test_rows_from_memory_are_in_no_folder(store: Store) -> None:
    memory = store.volumes.see(marker="memory:", label="memory", root="memory:")
    store.add_batch(1, Batch([new_image("m", memory, path="upload/m.jpg")]))
    summary = store.summaries.make()
    assert summary.folders == []
    assert summary.volumes == {memory: 1}


def test_an_archive_without_rows_has_nothing_to_count(store: Store) -> None:
    summary = store.summaries.make()
    assert summary.undated == 0
    assert summary.months == summary.formats == summary.cameras == summary.folders == []
