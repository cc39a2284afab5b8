"""Processes that do the same at once end with one result."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

from archive.records import Batch, CodecRecord
from archive.settings import Settings
from archive.store import Store
from archive.store.clock import utc_now
from tests.support.rows import MODEL, PARAMETERS, digest, new_image

PROCESSES = 4


def _create(settings: Settings) -> int:
    store = Store.create(settings)
    model_id = store.models.add(MODEL).id
    record = CodecRecord(model_id, "clip", PARAMETERS, utc_now())
    return store.codecs.add(record, unless=lambda known: known.name == "clip").id


def test_archives_created_at_once_are_one(settings: Settings) -> None:
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=spawn) as pool:
        ids = list(pool.map(_create, [settings] * PROCESSES))
    store = Store.open(settings)
    assert set(ids) == {1}
    assert len(store.codecs.all()) == 1
    store.close()


def test_who_comes_second_with_a_digest_adds_no_row(store: Store, volume: int) -> None:
    ids, added = store.write_batch(1, Batch([new_image("a", volume)]))
    assert added == {digest("a")}
    both = Batch([new_image("a", volume, path="2.jpg"), new_image("b", volume)])
    again, added = store.write_batch(1, both)
    assert added == {digest("b")}
    assert again[digest("a")] == ids[digest("a")]
