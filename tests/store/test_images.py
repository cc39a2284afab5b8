"""Rows are written once, whole or not at all, and read back as they were."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from archive.errors import ColdframeError, NotFound
from archive.records import Batch, FileStamp, Flag, NewCodes, Place
from archive.store import Store, schema
from archive.store.checksum import row_crc32
from archive.store.clock import utc_now
from archive.store.totals import Totals
from tests.support.rows import digest, new_codec, new_image


def add(store: Store, volume: int, names: str) -> list[int]:
    """One row per letter, of codec 1 → their ids."""
    ids = store.add_batch(1, Batch([new_image(name, volume) for name in names]))
    return [ids[digest(name)] for name in names]


def test_rows_come_back_as_they_were_written(store: Store, volume: int) -> None:
    before = utc_now()
    written = replace(
        new_image("a", volume),
        color_code=b"color",
        flags=Flag.TRUNCATED | Flag.ANIMATED,
        taken_at=datetime(2004, 2, 29, 23, 59, 58),
    )
    ids = store.add_batch(1, Batch([written]))
    [row] = store.images.get([ids[written.sha256]])
    for name in ("sha256", "clip_code", "color_code", "width", "height", "format", "flags"):
        assert getattr(row, name) == getattr(written, name)
    assert isinstance(row.flags, Flag)
    assert row.taken_at == written.taken_at
    assert before <= row.archived_at <= utc_now()
    assert (row.codec_id, row.file_bytes, row.seed_index) == (1, 100, None)
    assert row.crc32 == row_crc32(schema.Image, row)
    assert row.intact
    assert row.paths == ("/r/a.jpg",)


def test_a_digest_occurs_once_whoever_writes_it(store: Store, volume: int) -> None:
    first = store.add_batch(1, Batch([new_image("a", volume)]))
    other = replace(new_image("a", volume, path="copy.jpg"), clip_code=b"other")
    assert store.add_batch(1, Batch([other])) == first
    [row] = store.images.get(list(first.values()))
    assert row.paths == ("/r/a.jpg", "/r/copy.jpg")
    assert row.path == "/r/a.jpg"
    assert row.clip_code == b"a"


def test_a_batch_is_written_whole_or_not_at_all(store: Store, volume: int) -> None:
    nowhere = Place(volume + 99, "b.jpg", FileStamp(1, 1))  # no such volume
    broken = replace(new_image("b", volume), place=nowhere)
    with pytest.raises(ColdframeError, match="refused"):
        store.add_batch(1, Batch([new_image("a", volume), broken]))
    assert list(store.images.all()) == []
    assert store.images.totals().images == 0


def test_rows_are_returned_in_the_order_asked_for(store: Store, volume: int) -> None:
    ids = add(store, volume, "abc")
    assert [row.id for row in store.images.get(ids[::-1])] == ids[::-1]
    assert [row.id for row in store.images.get([ids[1], ids[1]])] == [ids[1], ids[1]]


def test_a_missing_row_is_named_and_only_find_ignores_it(store: Store, volume: int) -> None:
    [row_id] = add(store, volume, "a")
    with pytest.raises(NotFound, match="no image 77"):
        store.images.get([row_id, 77, 78])
    assert list(store.images.find([77, row_id])) == [row_id]


def test_many_rows_are_found_in_several_statements(
    store: Store, volume: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.store.database.CHUNK", 3)
    ids = add(store, volume, "abcdefgh")
    rows = store.images.get(ids)
    assert [row.path for row in rows] == [f"/r/{name}.jpg" for name in "abcdefgh"]
    assert store.images.ids([digest(name) for name in "ahz"]) == {
        digest("a"): ids[0],
        digest("h"): ids[7],
    }


def test_pages_follow_one_another_without_a_gap(
    store: Store, volume: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.store.images.PAGE", 3)
    ids = add(store, volume, "abcdefgh")
    new_codec(store)
    store.add_batch(2, Batch([new_image("z", volume)]))
    pages = list(store.images.clip_codes(1, after=ids[0]))
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [pair for page in pages for pair in page] == [
        (row_id, name.encode()) for row_id, name in zip(ids[1:], "bcdefgh", strict=True)
    ]
    assert len([pair for page in store.images.clip_codes(1) for pair in page]) == 8
    assert [row.clip_code for row in store.images.all()] == [b"%c" % c for c in b"abcdefghz"]


def test_a_codecs_rows_are_counted_and_listed_alone(store: Store, volume: int) -> None:
    ids = add(store, volume, "abc")
    new_codec(store)
    [other] = store.add_batch(2, Batch([new_image("z", volume)])).values()
    assert (store.images.count(1), store.images.count(2), store.images.count(3)) == (3, 1, 0)
    assert [row.id for row in store.images.of_codec(1)] == ids
    assert [row.id for row in store.images.of_codec(1, limit=2)] == ids[:2]
    assert [row.id for row in store.images.of_codec(2)] == [other]


def test_a_position_is_a_count_and_the_last_rows_digest(store: Store, volume: int) -> None:
    ids = add(store, volume, "abc")
    new_codec(store)
    [other] = store.add_batch(2, Batch([new_image("z", volume)])).values()
    assert store.images.position(1, ids[1]) == (2, digest("b").hex())
    assert store.images.position(1, 0) == (0, "")
    assert store.images.position(1, other) == (3, "")
    assert store.images.position(2, other) == (1, digest("z").hex())


def test_a_sample_is_in_the_order_of_digests(store: Store, volume: int) -> None:
    ids = add(store, volume, "cab")
    assert store.images.sample(2) == [ids[1], ids[2]]
    assert store.images.sample(9) == [ids[1], ids[2], ids[0]]


def test_totals_are_sums_over_all_rows(store: Store, volume: int) -> None:
    assert store.images.totals() == Totals(0, 0, 0, 0, 0, 0)
    images = [replace(new_image(name, volume), color_code=b"123") for name in "ab"]
    store.add_batch(1, Batch(images))
    for row, seed_index in zip(store.images.all(), (0b1_011, 0b1_1), strict=True):
        store.images.set_seed(row, seed_index)
    assert store.images.totals() == Totals(
        images=2, original_bytes=200, pixels=2 * 640 * 480, clip_bytes=2, color_bytes=6, seed_bits=4
    )


def test_a_selected_seed_is_stored_with_its_bits(store: Store, volume: int) -> None:
    ids = add(store, volume, "ab")
    [row, _] = store.images.all()
    assert (row.candidate, row.bits) == (0, 8)
    store.images.set_seed(row, 0b1_0011)
    assert store.images.without_seed() == [ids[1]]
    [row] = store.images.get(ids[:1])
    assert (row.seed_index, row.candidate, row.bits) == (0b1_0011, 3, 8 + 4)


def test_new_codes_replace_the_old_and_forget_the_seed(store: Store, volume: int) -> None:
    ids = add(store, volume, "abc")
    codec_id = new_codec(store)
    rows = store.images.get(ids)
    for row in rows:
        store.images.set_seed(row, 2)
    codes = [NewCodes(row, b"new %d" % row.id, b"map") for row in rows[:2]]
    store.images.recode(codec_id, codes)
    for row in store.images.get(ids[:2]):
        assert (row.codec_id, row.clip_code, row.color_code) == (2, b"new %d" % row.id, b"map")
        assert row.intact
        assert row.seed_index is None
    [last] = store.images.get(ids[2:])
    assert last == replace(rows[2], seed_index=2, crc32=last.crc32)


def test_a_row_that_was_recoded_meanwhile_is_left_as_it_is(store: Store, volume: int) -> None:
    [row_id] = add(store, volume, "a")
    [before] = store.images.get([row_id])
    second = new_codec(store)
    third = new_codec(store)
    store.images.recode(second, [NewCodes(before, b"second", b"")])
    store.images.recode(third, [NewCodes(before, b"third", b"")])
    store.images.set_seed(before, 3)
    [row] = store.images.get([row_id])
    assert (row.codec_id, row.clip_code, row.seed_index) == (second, b"second", None)
