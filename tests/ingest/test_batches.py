"""Batches follow the clock; the model is loaded for new images only, and is not counted."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from archive.codecs.coclico import coclico
from archive.ingest import pipeline
from archive.ingest.outcomes import Archived
from archive.ingest.pipeline import Ingest
from archive.records import CodecRecord
from archive.settings import Settings
from archive.store import Store
from archive.store.clock import utc_now
from tests.support.ingest import (
    CODEC,
    IMAGE_SIZE,
    ColorEncoder,
    contents,
    create_store,
    ingest_into,
    kinds,
    save_colors,
)

LOADING_SECONDS = 0.3


@pytest.fixture
def encoder() -> ColorEncoder:
    return ColorEncoder()


def batches(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Makes every batch take so long, on a clock that only batches move."""
    now = [0.0]
    archive = Ingest._archive

    def archive_batch(self: Ingest, *arguments: object) -> object:
        now[0] += seconds
        return archive(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Ingest, "_archive", archive_batch)
    monkeypatch.setattr(time, "monotonic", lambda: now[0])


def test_fast_batches_grow_up_to_the_limit(
    sqlite_store: Store, encoder: ColorEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_colors(tmp_path / "photos", 600)
    batches(monkeypatch, 0.25)
    ingest = ingest_into(sqlite_store, encoder)
    assert kinds(ingest.run(tmp_path / "photos")) == {"Archived": 600}
    assert encoder.batches == [16, 16, 128, 128, 224, 88]  # pages have 512 files
    assert ingest.seconds == pytest.approx(6 * 0.25)


def test_slow_batches_shrink_down_to_one_file(
    sqlite_store: Store, encoder: ColorEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_colors(tmp_path / "photos", 45)
    batches(monkeypatch, 8.0)
    list(ingest_into(sqlite_store, encoder).run(tmp_path / "photos"))
    assert encoder.batches == [16, 16, 4, 4, 1, 1, 1, 1, 1]


def test_batches_of_any_size_write_the_same_rows(
    sqlite_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_colors(tmp_path / "photos", 40)
    list(ingest_into(sqlite_store).run(tmp_path / "photos"))
    monkeypatch.setattr(pipeline, "FIRST_BATCH", 1)
    monkeypatch.setattr(pipeline, "LARGEST_BATCH", 3)
    other = create_store(Settings(str(tmp_path / "other")))
    list(ingest_into(other).run(tmp_path / "photos"))
    assert contents(other) == contents(sqlite_store)
    other.close()


def test_each_batch_is_one_transaction(
    sqlite_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_colors(tmp_path / "photos", 40)
    rows = []
    for _ in ingest_into(sqlite_store).run(tmp_path / "photos"):
        rows.append(len(contents(sqlite_store)))
    assert rows == [16] * 16 + [32] * 16 + [40] * 8


def test_a_run_without_new_images_loads_no_model(sqlite_store: Store, photos: Path) -> None:
    list(ingest_into(sqlite_store).run(photos))

    def refuse() -> ColorEncoder:
        pytest.fail("the encoder was opened")

    ingest = Ingest(sqlite_store, 1, CODEC, refuse, image_size=IMAGE_SIZE)
    assert kinds(ingest.run(photos)) == {"Unchanged": 6}
    assert ingest.seconds == 0


def test_loading_the_model_does_not_count_as_time_spent_on_images(
    sqlite_store: Store, photos: Path, encoder: ColorEncoder
) -> None:
    def load() -> ColorEncoder:
        time.sleep(LOADING_SECONDS)
        return encoder

    ingest = Ingest(sqlite_store, 1, CODEC, load, image_size=IMAGE_SIZE)
    started = time.monotonic()
    assert kinds(ingest.run(photos)) == {"Archived": 6}
    elapsed = time.monotonic() - started
    assert 0 < ingest.seconds <= elapsed - LOADING_SECONDS


def test_time_between_outcomes_does_not_count_either(sqlite_store: Store, photos: Path) -> None:
    ingest = ingest_into(sqlite_store)
    started = time.monotonic()
    for _ in ingest.run(photos):
        time.sleep(0.05)
    assert ingest.seconds <= time.monotonic() - started - 6 * 0.05


def test_another_codec_is_used_from_the_next_batch_on(sqlite_store: Store, tmp_path: Path) -> None:
    save_colors(tmp_path / "photos", 20)
    other = coclico(8, bits=1, map_side=4)
    model_id = sqlite_store.codecs.all()[0].model_id
    record = CodecRecord(model_id, other.name, other.parameters(), utc_now(), other.state)
    added = sqlite_store.codecs.add(record)
    ingest = ingest_into(sqlite_store)
    for outcome in ingest.run(tmp_path / "photos"):
        assert isinstance(outcome, Archived)
        ingest.use_codec(added.id, other)
    rows = list(sqlite_store.images.all())
    assert [row.codec_id for row in rows] == [1] * 16 + [added.id] * 4
    assert {len(row.clip_code) for row in rows[:16]} == {2}
    assert {len(row.clip_code) for row in rows[16:]} == {1}
    assert {row.codec_id for row in rows[16:]} == {added.id}


def test_a_codec_without_color_maps_writes_none(sqlite_store: Store, photos: Path) -> None:
    clip = coclico(8, map_side=0)
    record = CodecRecord(1, clip.name, clip.parameters(), utc_now(), clip.state)
    ingest = ingest_into(sqlite_store)
    ingest.use_codec(sqlite_store.codecs.add(record).id, clip)
    assert kinds(ingest.run(photos)) == {"Archived": 6}
    lengths = {tuple(map(len, codes)) for codes in contents(sqlite_store).values()}
    assert lengths == {(1, 0)}
