"""Details are read as they were written, and only beside the codes they were written for."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from sqlalchemy import inspect, select, update

from archive.errors import DamagedRow, DatabaseDamaged, UsageError
from archive.records import Batch, Detail, DetailScheduleRecord, NewCodes, Row
from archive.settings import Settings
from archive.store import Store, schema
from archive.store.clock import utc_now
from archive.store.details import DetailTotals
from archive.store.intact import damaged
from tests.support.rows import digest, forge, new_codec, new_detail, new_image, new_schedule


@pytest.fixture
def rows(store: Store, volume: int) -> list[Row]:
    """Five rows."""
    images = [replace(new_image(name, volume), color_code=b"map") for name in "abcde"]
    ids = store.add_batch(1, Batch(images))
    return store.images.get([ids[digest(name)] for name in "abcde"])


def damage(store: Store, row: Row, **values: object) -> None:
    """Changes a detail as a failing disk would: without its checksum."""
    with store.database.writing() as connection:
        same = schema.Detail.image_id == row.id
        connection.execute(update(schema.Detail).where(same).values(**values))


def test_details_come_back_as_they_were_written(store: Store, rows: list[Row]) -> None:
    schedule_id = new_schedule(store)
    scores = [(21.3, 0.875), (-0.07, -0.001), (None, None), (128.49, 1.0)]
    details = [
        Detail(row.id, schedule_id, bytes([place]) * (place + 1), row.detail_crc32, *score)
        for place, (row, score) in enumerate(zip(rows, scores, strict=False))
    ]
    assert store.details.put(details) == []
    asked_for = [row.id for row in rows] + [77, 2**70]
    assert store.details.of(asked_for) == {detail.image_id: detail for detail in details}
    assert store.details.put([]) == []
    assert store.details.of([]) == {}


def test_scores_are_kept_to_hundredths_of_a_db_and_thousandths(
    store: Store, rows: list[Row]
) -> None:
    detail = new_detail(store, rows[0])
    store.details.put([replace(detail, psnr=21.3149, similarity=0.87549)])
    assert store.details.of([rows[0].id]) == {rows[0].id: replace(detail, psnr=21.31)}
    store.details.put([replace(detail, psnr=math.inf, similarity=math.nan)])
    unknown = replace(detail, psnr=None, similarity=None)
    assert store.details.of([rows[0].id]) == {rows[0].id: unknown}


def test_a_detail_replaces_that_of_the_same_row(store: Store, rows: list[Row]) -> None:
    detail = new_detail(store, rows[0])
    other = replace(
        detail, schedule_id=new_schedule(store, start=900), code=b"new", psnr=None, similarity=0.5
    )
    store.details.put([detail, other])
    assert store.details.of([rows[0].id]) == {rows[0].id: other}
    assert list(damaged(store.database, schema.Detail)) == []


def test_a_detail_of_other_codes_or_of_no_row_is_not_written(store: Store, rows: list[Row]) -> None:
    detail = new_detail(store, rows[0])
    meanwhile = replace(detail, image_id=rows[1].id, row_crc32=rows[1].detail_crc32 ^ 1)
    gone = replace(detail, image_id=99)
    last = replace(detail, image_id=rows[2].id, row_crc32=rows[2].detail_crc32)
    assert store.details.put([meanwhile, gone, last]) == [rows[1].id, 99]
    assert sorted(store.details.of([row.id for row in rows])) == [rows[0].id, rows[2].id]


def test_a_detail_without_bytes_is_refused(store: Store, rows: list[Row]) -> None:
    detail = new_detail(store, rows[0])
    with pytest.raises(UsageError, match=f"image {rows[1].id} has no bytes"):
        store.details.put([detail, replace(detail, image_id=rows[1].id, code=b"")])
    with pytest.raises(UsageError, match="at least 1 byte, not 0"):
        store.details.cut(None, 0)
    assert store.details.of([rows[0].id]) == {rows[0].id: detail}


def test_the_same_schedule_is_stored_once(store: Store) -> None:
    first = new_schedule(store)
    assert new_schedule(store) == first
    turned = {"chunk_bits": 11, "timesteps": (999, 490, 250)}
    same = store.details.add_schedule(DetailScheduleRecord(turned, "d" * 64, utc_now()))
    assert same.id == first
    others = {new_schedule(store, start=998), new_schedule(store, decoder_sha256="e" * 64)}
    assert sorted({first, *others}) == list(store.details.schedules())
    assert store.details.schedules()[first] == same
    with store.database.reading() as connection:
        assert len(connection.execute(select(schema.DetailSchedule.id)).all()) == 3


def test_a_damaged_schedule_reads_no_detail(store: Store) -> None:
    schedule_id = new_schedule(store)
    with store.database.writing() as connection:
        connection.execute(update(schema.DetailSchedule).values(parameters={"start": 998}))
    with pytest.raises(DatabaseDamaged, match=f"schedule {schedule_id} is damaged"):
        store.details.schedules()


def test_a_cut_keeps_the_first_bytes_and_no_scores(
    store: Store, rows: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.store.details.PAGE", 2)
    monkeypatch.setattr("archive.store.database.CHUNK", 1)
    details = [new_detail(store, row, bytes(range(10 * row.id))) for row in rows]
    assert store.details.cut([rows[4].id, rows[0].id, 99], 30) == 1
    last = replace(details[4], code=details[4].code[:30], psnr=None, similarity=None)
    assert store.details.of([rows[4].id]) == {rows[4].id: last}
    assert store.details.cut(None, 20) == 3
    assert store.details.cut(None, 20) == 0
    kept = store.details.of([row.id for row in rows])
    assert [len(kept[row.id].code) for row in rows] == [10, 20, 20, 20, 20]
    assert [kept[row.id].psnr for row in rows] == [21.3, 21.3, None, None, None]
    assert kept[rows[1].id] == details[1]
    assert list(damaged(store.database, schema.Detail)) == []


def test_a_cut_hides_no_damage(store: Store, rows: list[Row]) -> None:
    new_detail(store, rows[0])
    damage(store, rows[0], psnr_cdb=3000)
    assert store.details.cut(None, 10) == 0
    assert [detail.image_id for detail in damaged(store.database, schema.Detail)] == [rows[0].id]


def test_totals_are_sums_over_all_details(store: Store, rows: list[Row]) -> None:
    assert store.details.totals() == DetailTotals(0, 0)
    for row in rows[:3]:
        new_detail(store, row, bytes(10 * row.id))
    assert store.details.totals() == DetailTotals(3, sum(10 * row.id for row in rows[:3]))
    assert store.details.remove([rows[0].id, rows[4].id, 99]) == 1
    assert store.details.totals() == DetailTotals(2, sum(10 * row.id for row in rows[1:3]))


def test_new_codes_take_the_detail_of_the_old_with_them(store: Store, rows: list[Row]) -> None:
    details = [new_detail(store, row) for row in rows]
    second = new_codec(store)
    same_codes = NewCodes(rows[0], rows[0].clip_code, rows[0].color_code)
    store.images.recode(second, [same_codes, NewCodes(rows[1], b"second", b"")])
    left = {detail.image_id: detail for detail in details[2:]}
    assert store.details.of([row.id for row in rows]) == left
    assert store.details.put(details[1:2]) == [rows[1].id]
    [now] = store.images.get([rows[1].id])
    again = new_detail(store, now)
    store.images.recode(new_codec(store), [NewCodes(rows[1], b"third", b"")])  # it has the second
    assert store.details.of([now.id]) == {now.id: again}
    assert details[1].is_stale(now)
    assert not again.is_stale(now)


def test_a_detail_whose_codes_were_replaced_by_others_is_stale(
    store: Store, rows: list[Row]
) -> None:
    details = [new_detail(store, row) for row in rows[:3]]
    assert list(store.details.stale()) == []
    forge(store, schema.Image.id == rows[1].id, clip_code=b"!")
    assert list(store.details.stale()) == [rows[1].id]
    [row] = store.images.get([rows[1].id])
    assert store.details.of([row.id])[row.id] == details[1]
    assert details[1].is_stale(row)
    assert not details[0].is_stale(rows[0])


@pytest.mark.parametrize(
    "values",
    [
        {"code": b"\1" + bytes(range(1, 100))},
        {"psnr_cdb": None},
        {"similarity_milli": 876},
        {"row_crc32": 0},
        {"image_id": 5},
    ],
)
def test_a_damaged_detail_is_left_out_with_a_warning(
    store: Store, rows: list[Row], values: dict[str, object]
) -> None:
    new_detail(store, rows[2])
    whole = new_detail(store, rows[3])
    damage(store, rows[2], **values)
    with pytest.warns(DamagedRow, match="record of image [35] is damaged"):
        assert store.details.of([row.id for row in rows]) == {rows[3].id: whole}
    assert len(list(damaged(store.database, schema.Detail))) == 1


def test_a_forgotten_row_has_no_detail(store: Store, rows: list[Row]) -> None:
    for row in rows:
        new_detail(store, row)
    store.forget(rows[:2], tombstone=True)
    assert sorted(store.details.of([row.id for row in rows])) == [row.id for row in rows[2:]]
    assert store.details.totals().details == 3


def test_an_archive_made_before_details_gets_their_tables(settings: Settings) -> None:
    from alembic import command

    from archive.store.database import alembic_config

    store = Store.create(settings)
    new_codec(store)
    volume = store.volumes.see(marker="m", label="", root="/r")
    store.add_batch(1, Batch([new_image("a", volume)]))
    with store.database.writing() as connection:
        command.downgrade(alembic_config(connection), "0006")
        assert not {"detail", "detail_schedule"} & set(inspect(connection).get_table_names())
    store.close()
    store = Store.create(settings)
    [row] = store.images.all()
    assert store.details.of([row.id]) == {}
    detail = new_detail(store, row)
    assert store.details.of([row.id]) == {row.id: detail}
    store.close()
