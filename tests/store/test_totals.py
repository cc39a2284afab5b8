"""What `stats` plots is counted by the database."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from archive.records import Batch
from archive.store import Store
from tests.support.rows import new_image


def test_images_are_counted_by_format_and_by_the_year_they_were_taken(
    store: Store, volume: int
) -> None:
    assert store.images.formats_and_years() == ({}, {})
    dates = (None, datetime(1969, 12, 31, 23, 59, 59), datetime(2019, 1, 1), datetime(2019, 7, 14))
    images = [
        replace(new_image(name, volume), taken_at=date, format="PNG" if name == "d" else "JPEG")
        for name, date in zip("abcd", dates, strict=True)
    ]
    store.add_batch(1, Batch(images))
    assert store.images.formats_and_years() == ({"JPEG": 3, "PNG": 1}, {1969: 1, 2019: 2})
