"""What was forgotten is gone to the last byte, is found no more, and does not come back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from PIL import Image

from archive.archive import Archive
from archive.errors import ArchiveReadOnly, DamagedRow, NotFound
from archive.filters import Filters
from archive.ingest.outcomes import Archived, Duplicate, Forgotten, Outcome, Unchanged
from archive.models.pairs import find_pair
from archive.records import Batch, Damage, RestorationRecord, Row
from archive.settings import Settings
from archive.store import Store
from archive.store.clock import utc_now
from tests.support.rows import digest, new_codec, new_detail, new_image


@pytest.fixture
def archive(settings: Settings, album: Path) -> Iterator[Archive]:
    with Archive.create(settings, find_pair("pocket")) as opened:
        list(opened.ingest(album))
        opened.search("a house")
        yield opened


def files(settings: Settings) -> list[Path]:
    """Every file that holds the archive: the database's and the index's."""
    if settings.directory is not None:
        return [path for path in settings.directory.rglob("*") if path.is_file()]
    with psycopg.connect(settings.location, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        [folder] = connection.execute("SHOW data_directory").fetchone() or ()
        query = "SELECT oid FROM pg_database WHERE datname = current_database()"
        [oid] = connection.execute(query).fetchone() or ()
    roots = (Path(folder) / "base" / str(oid), settings.index_directory)
    return [path for root in roots for path in root.rglob("*") if path.is_file()]


def found(settings: Settings, needles: dict[str, bytes]) -> set[str]:
    """Names of those byte strings that are in any file."""
    contents = [path.read_bytes() for path in files(settings)]
    return {name for name, needle in needles.items() if any(needle in file for file in contents)}


def traces(row: Row) -> dict[str, bytes]:
    """What a row leaves in files."""
    return {
        "clip_code": row.clip_code,
        "color_code": row.color_code,
        "path": os.fsencode(os.path.basename(row.path)),
        "score": b"0.424242",
        "restored": b"a secret place",
        "detail": b"which picture exactly",
        "digest": row.sha256,
    }


def kinds(outcomes: Iterator[Outcome]) -> dict[str, type[Outcome]]:
    return {os.path.basename(outcome.path): type(outcome) for outcome in outcomes}


@pytest.mark.parametrize("tombstone", [True, False])
def test_no_byte_of_a_forgotten_row_is_left(
    archive: Archive, settings: Settings, *, tombstone: bool
) -> None:
    [row, other] = archive.rows([3, 4])
    archive._store.restorations.add(
        RestorationRecord(
            image_id=row.id,
            decoder="d",
            decoder_sha256="f" * 64,
            parameters={},
            seed=1,
            path="/a secret place/3.jpg",
            created_at=utc_now(),
            scores={"clip_similarity": 0.424242},
        )
    )
    new_detail(archive._store, row, b"which picture exactly it was")
    assert found(settings, traces(row)) == set(traces(row))
    archive.forget(row.id, tombstone=tombstone)
    assert found(settings, traces(row)) == ({"digest"} if tombstone else set())
    kept = {"clip_code": other.clip_code, "digest": other.sha256}
    assert found(settings, kept) == {"clip_code", "digest"}
    assert len(archive) == 11
    with pytest.raises(NotFound):
        archive[row.id]
    assert [found for found in archive.verify() if isinstance(found, Damage)] == []


def test_it_is_found_no_more_by_whoever_searches(archive: Archive, settings: Settings) -> None:
    with Archive(settings) as other:
        before = other.search("a house", limit=12)
        archive.forget([before[0].id, before[3].id])
        expected = [hit.id for hit in before if hit.id not in (before[0].id, before[3].id)]
        assert [hit.id for hit in archive.search("a house", limit=12)] == expected
        assert [hit.id for hit in other.search("a house", limit=12)] == expected


def test_a_tombstone_keeps_it_out_until_it_is_lifted(archive: Archive, album: Path) -> None:
    [row] = archive.rows([3])
    name = os.path.basename(row.path)
    (album / "a copy.jpg").write_bytes(Path(row.path).read_bytes())
    [forgotten] = archive.forget(3)
    assert (forgotten.id, forgotten.paths, forgotten.restored) == (3, (row.path,), ())
    for _ in range(2):
        seen = kinds(archive.ingest(album))
        assert {seen.pop(name), seen.pop("a copy.jpg")} == {Forgotten}
        assert set(seen.values()) == {Unchanged}
    assert archive.skipped() == []
    assert isinstance(archive.add_picture(Path(row.path).read_bytes(), name="x"), Forgotten)
    [tombstone] = archive.tombstones()
    assert tombstone.sha256 == row.sha256
    with pytest.raises(NotFound, match="ls --forgotten"):
        archive.lift_tombstones(["0" * 64])
    archive.lift_tombstones([row.sha256.hex()])
    again = kinds(archive.ingest(album))
    assert {again[name], again["a copy.jpg"]} == {Archived, Duplicate}


def test_without_a_tombstone_it_is_archived_again(archive: Archive, album: Path) -> None:
    archive.forget([1, 2], tombstone=False)
    assert archive.tombstones() == []
    assert list(kinds(archive.ingest(album)).values()).count(Archived) == 2


def test_an_unknown_id_forgets_nothing(archive: Archive) -> None:
    with pytest.raises(NotFound, match="no image 99"):
        archive.forget([1, 99])
    assert len(archive) == 12


def test_a_damaged_row_can_be_forgotten(settings: Settings) -> None:
    with Archive.create(settings, find_pair("pocket")) as archive:
        archive.add_picture(Image.new("RGB", (64, 64), "red"), name="red")
        [row] = archive
        with archive._store.database.writing() as connection:
            connection.exec_driver_sql("UPDATE image SET width = width + 1")
        archive.forget(row.id)
        assert list(archive) == []


def test_rows_are_selected_by_all_conditions(archive: Archive, album: Path) -> None:
    inner = {row.id for row in archive if "inner" in row.path}
    assert {row.id for row in archive.select(Filters(under=album / "inner"))} == inner
    assert [
        row.id for row in archive.select(Filters(where="id<=4", under=album / "inner"))
    ] == sorted(row_id for row_id in inner if row_id <= 4)
    assert list(archive.select(Filters(under=album / "inn"))) == []
    assert len(list(archive.select())) == 12


def test_missing_rows_are_those_whose_files_are_gone_everywhere(
    archive: Archive, album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, copied, *_ = archive
    (album / "a copy.jpg").write_bytes(Path(copied.path).read_bytes())
    list(archive.ingest(album))
    archive.add_picture(Image.new("RGB", (64, 64), "red"), name="in memory")
    Path(gone.path).unlink()
    Path(copied.path).unlink()
    assert [row.id for row in archive.select(missing=True)] == [gone.id]
    monkeypatch.setattr("archive.selection.is_mounted", lambda *_: False)
    assert list(archive.select(missing=True)) == []  # the drive is away


def test_a_folder_that_cannot_be_looked_into_is_not_missing(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str) -> None:
        raise PermissionError(path)

    monkeypatch.setattr("archive.ingest.volumes.os.lstat", refuse)
    assert list(archive.select(missing=True)) == []


def test_a_damaged_place_selects_nothing(archive: Archive, album: Path) -> None:
    with archive._store.database.writing() as connection:
        connection.exec_driver_sql("UPDATE source SET path = 'elsewhere' WHERE image_id = 3")
        connection.exec_driver_sql("UPDATE source SET size = size + 1 WHERE image_id = 4")
    with pytest.warns(DamagedRow):
        assert list(archive.select(missing=True)) == []
    with pytest.warns(DamagedRow):
        assert {row.id for row in archive.select(Filters(under=album))} == set(range(1, 13)) - {
            3,
            4,
        }
    with archive._store.database.writing() as connection:
        connection.exec_driver_sql("UPDATE volume SET root = '/elsewhere'")
    with pytest.warns(DamagedRow):
        assert list(archive.select(missing=True)) == []


def test_a_folder_is_known_by_the_path_it_had_and_by_the_one_it_has(
    archive: Archive, album: Path
) -> None:
    moved = album.with_name("moved")
    album.rename(moved)
    album.symlink_to(moved)
    assert len(list(archive.select(Filters(under=album)))) == 12


def test_an_index_that_cannot_be_removed_forgets_nothing(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError("the folder cannot be written")

    monkeypatch.setattr("archive.index.files.remove", refuse)
    with pytest.raises(ArchiveReadOnly, match="index"):
        archive.forget(3)
    assert archive[3].id == 3


def test_a_damaged_tombstone_is_reported(archive: Archive) -> None:
    archive.forget(3)
    with archive._store.database.writing() as connection:
        connection.exec_driver_sql("UPDATE tombstone SET forgotten_at = '1999-01-01 00:00:00'")
    damages = [found.message for found in archive.verify() if isinstance(found, Damage)]
    assert damages == ["a tombstone is damaged: its file can be archived again"]


def test_a_row_that_is_forgotten_while_it_is_ingested_stays_away(settings: Settings) -> None:
    store = Store.create(settings)
    codec_id = new_codec(store)
    volume = store.volumes.see(marker="m", label="", root="/r")
    ids = store.add_batch(codec_id, Batch([new_image("a", volume), new_image("b", volume)]))
    sighting = (digest("b"), new_image("b", volume, path="copy.jpg").place)
    store.forget(store.images.read(list(ids.values())), tombstone=True)
    late = Batch([new_image("a", volume)], sightings=[sighting])
    assert store.write_batch(codec_id, late) == ({}, set())
    assert list(store.images.all()) == []
    store.close()
