"""Processes that do the same at once end with one result."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, wait

from sqlalchemy import update

from archive.records import Batch, CodecRecord, NewCodes
from archive.settings import Settings
from archive.store import Store, schema
from archive.store.clock import utc_now
from tests.support.rows import MODEL, PARAMETERS, digest, new_codec, new_detail, new_image

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


def test_no_detail_is_written_while_its_codes_are_replaced(store: Store, volume: int) -> None:
    store.add_batch(1, Batch([new_image("a", volume)]))
    [row] = store.images.all()
    detail = new_detail(store, row)
    with ThreadPoolExecutor() as pool:
        with store.database.writing() as connection:
            store.database.take_turns(connection)
            late = pool.submit(store.details.put, [detail])
            assert wait([late], timeout=0.3).not_done
            connection.execute(update(schema.Image).values(clip_code=b"other"))
        assert late.result() == [row.id]


def test_no_codes_are_replaced_while_a_detail_is_written(store: Store, volume: int) -> None:
    store.add_batch(1, Batch([new_image("a", volume)]))
    codec_id = new_codec(store)
    [row] = store.images.all()
    with ThreadPoolExecutor() as pool:
        with store.database.writing() as connection:
            store.database.take_turns(connection)
            late = pool.submit(store.images.recode, codec_id, [NewCodes(row, b"other", b"")])
            assert wait([late], timeout=0.3).not_done
        late.result()
    assert [now.clip_code for now in store.images.all()] == [b"other"]
