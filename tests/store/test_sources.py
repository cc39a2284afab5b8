"""Paths: kept exactly, seen again, moved; many may hold one image."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.dialects.sqlite import dialect

from archive.records import Batch, FileStamp, Place
from archive.store import Store, schema
from archive.store.clock import utc_now
from archive.store.types import PathText
from tests.support.rows import STAMP, digest, new_image

ODD_PATHS = [
    "plain.jpg",
    "Ausflüge 2019/Bär.jpg",
    "latin-\udcfcber.jpg",
    "base64:looks-escaped.jpg",
    "line\nbreak.jpg",
    "日本.jpg",
]


@pytest.mark.parametrize("path", ODD_PATHS)
def test_any_path_is_kept_exactly(store: Store, volume: int, path: str) -> None:
    [row_id] = store.add_batch(1, Batch([new_image("a", volume, path=path)])).values()
    assert store.images.get([row_id])[0].path == f"/r/{path}"
    assert store.sources.stamps(volume, [path]) == {path: STAMP}


@given(st.binary(max_size=20), st.binary(max_size=20))
def test_no_two_paths_have_the_same_text(first: bytes, second: bytes) -> None:
    text = PathText()
    stored = [text.process_bind_param(os.fsdecode(path), dialect()) for path in (first, second)]
    assert (stored[0] == stored[1]) == (first == second)
    assert text.process_result_value(stored[0], dialect()) == os.fsdecode(first)


def test_a_path_of_plain_text_is_stored_as_it_is(store: Store, volume: int) -> None:
    text = PathText()
    assert text.process_bind_param("Bär.jpg", dialect()) == "Bär.jpg"
    assert text.process_bind_param("\udcfc", dialect()) == "base64:/A=="
    assert text.process_bind_param(None, dialect()) is None
    assert text.process_result_value(None, dialect()) is None


def test_stamps_are_those_of_known_paths_on_this_volume(
    store: Store, volume: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.store.database.CHUNK", 2)
    other = store.volumes.see(marker="other", label="", root="/o")
    store.add_batch(1, Batch([new_image(name, volume) for name in "abc"]))
    store.add_batch(1, Batch([new_image("d", other)]))
    paths = ["a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg"]
    assert store.sources.stamps(volume, paths) == dict.fromkeys(paths[:3], STAMP)
    assert store.sources.stamps(other, paths) == {"d.jpg": STAMP}


def test_a_place_that_holds_another_image_now_says_so(store: Store, volume: int) -> None:
    ids = store.add_batch(1, Batch([new_image("a", volume), new_image("b", volume)]))
    changed = Place(volume, "a.jpg", FileStamp(7, 8))
    store.add_batch(1, Batch(sightings=[(digest("b"), changed)]))
    assert store.sources.places(ids[digest("a")]) == []
    assert changed in store.sources.places(ids[digest("b")])
    assert len(store.sources.places(ids[digest("b")])) == 2
    [row] = store.images.get([ids[digest("a")]])
    assert (row.paths, row.path) == ((), "")


def test_a_moved_file_leaves_its_old_place(store: Store, volume: int) -> None:
    other = store.volumes.see(marker="other", label="", root="/o")
    [row_id] = store.add_batch(1, Batch([new_image("a", volume)])).values()
    same_path = Place(other, "a.jpg", STAMP)
    store.add_batch(1, Batch(sightings=[(digest("a"), same_path)]))
    [old, _] = store.sources.places(row_id)
    new = Place(volume, "moved/a.jpg", old.stamp)
    store.add_batch(1, Batch(sightings=[(digest("a"), new)], removed=[old]))
    assert store.sources.places(row_id) == [same_path, new]
    assert store.images.get([row_id])[0].paths == ("/o/a.jpg", "/r/moved/a.jpg")


def last_seen(store: Store) -> dict[str, timedelta]:
    """How long ago each path was seen."""
    source = schema.Source
    with store.database.reading() as connection:
        rows = connection.execute(select(source.path, source.last_seen)).all()
    return {row.path: utc_now() - row.last_seen for row in rows}


def test_seeing_a_file_again_is_written_once_a_day(
    store: Store, volume: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.store.database.CHUNK", 2)
    other = store.volumes.see(marker="other", label="", root="/o")
    store.add_batch(1, Batch([new_image(name, volume) for name in "abcd"]))
    store.add_batch(1, Batch([new_image("e", other)]))
    ages = {"a.jpg": 30, "b.jpg": 23, "c.jpg": 30, "d.jpg": 30, "e.jpg": 30}  # hours
    with store.database.writing() as connection:
        for path, hours in ages.items():
            then = utc_now() - timedelta(hours=hours)
            here = schema.Source.path == path
            connection.execute(update(schema.Source).where(here).values(last_seen=then))
    store.sources.see_again(volume, ["a.jpg", "b.jpg", "c.jpg", "e.jpg"])
    ages = {path: round(age / timedelta(hours=1)) for path, age in last_seen(store).items()}
    assert ages == {"a.jpg": 0, "b.jpg": 23, "c.jpg": 0, "d.jpg": 30, "e.jpg": 30}


def test_a_file_that_is_met_again_is_seen_now(store: Store, volume: int) -> None:
    store.add_batch(1, Batch([new_image("a", volume)]))
    with store.database.writing() as connection:
        then = utc_now() - timedelta(days=9)
        connection.execute(update(schema.Source).values(last_seen=then))
    store.add_batch(1, Batch(sightings=[(digest("a"), Place(volume, "a.jpg", FileStamp(1, 2)))]))
    assert last_seen(store)["a.jpg"] < timedelta(minutes=1)
    assert store.sources.stamps(volume, ["a.jpg"]) == {"a.jpg": FileStamp(1, 2)}
