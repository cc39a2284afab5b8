"""Older archives are brought up to date, on both databases, and no row changes on the way."""

from __future__ import annotations

import re
import zlib
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime

import pytest
from alembic import command
from sqlalchemy import inspect, text

from archive.errors import ColdframeError, DamagedRow
from archive.records import Batch, Capture
from archive.settings import Settings
from archive.store import Store, schema
from archive.store.database import Database, alembic_config
from archive.store.intact import damaged
from tests.support.rows import new_codec, new_image

TIME = datetime(2024, 5, 1, 12, 30)

MODEL = """
    INSERT INTO model (id, name, encoder, pretrained, decoder, dimension, weights_sha256,
        preprocessing)
    VALUES (1, 'pocket', 'e', '', '', 8, 'f', '{}')"""
CODEC = """
    INSERT INTO codec (id, model_id, name, parameters, state, state_sha256, created_at)
    VALUES (1, 1, 'clip', '{}', :state, :state_sha256, :time)"""
VOLUME = """
    INSERT INTO volume (id, marker, label, root, last_seen) VALUES (1, 'm', '', '/r', :time)"""
IMAGE = """
    INSERT INTO image (id, codec_id, sha256, clip_code, color_code, crc32, width, height, format,
        file_bytes, flags, archived_at{column})
    VALUES (:id, 1, :sha256, :clip_code, :color_code, :crc32, 640, 480, 'JPEG',
        100, 0, :time{value})"""
SOURCE = """
    INSERT INTO source (image_id, volume_id, path, size, mtime_ns, last_seen)
    VALUES (:id, 1, :path, 100, 5, :time)"""
OLD = {"crc32": zlib.crc32(b"cm")}  # until 0004: of both codes
STORED = {1: None, 2: 0b10, 3: 0b1_0110}  # seed index by image id


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    opened = Database(settings)
    opened.migrate()
    yield opened
    opened.close()


def migrate(database: Database, revision: str) -> None:
    run = command.downgrade if revision < "0003" else command.upgrade
    with database.writing() as connection:
        run(alembic_config(connection), revision)


def fill(database: Database, *, seed_column: str | None, damaged: Collection[int] = ()) -> None:
    """Three rows with a source each, as an archive of that version holds them."""
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    with database.writing() as connection:
        connection.execute(text(MODEL))
        connection.execute(text(CODEC), {"state": b"", "state_sha256": empty, "time": TIME})
        connection.execute(text(VOLUME), {"time": TIME})
        for image_id, seed_index in STORED.items():
            values = {"id": image_id, "sha256": bytes([image_id]) * 32, "time": TIME}
            values |= {"clip_code": b"c", "color_code": b"m", "path": f"{image_id}.jpg"}
            values["crc32"] = 7 if image_id in damaged else OLD["crc32"]
            extra = f", {seed_column}" if seed_column else ""
            query = IMAGE.format(column=extra, value=", :seed" if seed_column else "")
            connection.execute(text(query), {**values, "seed": seed_index})
            connection.execute(text(SOURCE), values)


def columns(database: Database) -> set[str]:
    with database.reading() as connection:
        return {column["name"] for column in inspect(connection).get_columns("image")}


def test_an_archive_made_at_0002_keeps_its_rows_and_their_seeds(
    database: Database, settings: Settings
) -> None:
    migrate(database, "0002")
    fill(database, seed_column="choice")
    with pytest.raises(ColdframeError, match=re.escape("run `coldframe init`")):
        Store.open(settings)
    Store.create(settings).close()
    store = Store.open(settings)
    rows = list(store.images.all())
    assert {row.id: row.seed_index for row in rows} == STORED
    assert [row.paths for row in rows] == [("/r/1.jpg",), ("/r/2.jpg",), ("/r/3.jpg",)]
    assert {row.sha256 for row in rows} == {bytes([image_id]) * 32 for image_id in STORED}
    assert {(row.clip_code, row.color_code) for row in rows} == {(b"c", b"m")}
    assert store.images.without_seed() == [1]
    store.close()


def test_an_archive_made_at_0001_has_rows_without_a_seed(
    database: Database, settings: Settings
) -> None:
    migrate(database, "0001")
    fill(database, seed_column=None)
    store = Store.create(settings)
    assert [row.seed_index for row in store.images.all()] == [None, None, None]
    store.close()


def test_checksums_cover_the_whole_row_and_damage_stays_damage(
    database: Database, settings: Settings
) -> None:
    migrate(database, "0002")
    fill(database, seed_column="choice", damaged={2})
    store = Store.create(settings)
    assert [row.id for row in store.images.examine() if not row.intact] == [2]
    for table in (schema.Model, schema.Codec, schema.Volume, schema.Source):
        assert list(damaged(store.database, table)) == []
    store.close()
    migrate(database, "0002")
    with database.reading() as connection:
        right = connection.execute(text("SELECT id FROM image WHERE crc32 = :crc32"), OLD)
        assert list(right.scalars()) == [1, 3]
    Store.create(settings).close()
    store = Store.open(settings)
    with pytest.warns(DamagedRow, match="image 2 is damaged"):
        assert [row.id for row in store.images.all()] == [1, 3]
    store.close()


def test_downgrading_to_0002_keeps_the_seeds_too(database: Database) -> None:
    fill(database, seed_column="seed_index")
    migrate(database, "0002")
    assert columns(database) >= {"choice", "fidelity"}
    with database.reading() as connection:
        rows = connection.execute(text("SELECT id, choice, fidelity FROM image ORDER BY id"))
        assert [tuple(row) for row in rows] == [
            (image_id, seed_index, None) for image_id, seed_index in STORED.items()
        ]
        assert connection.execute(text("SELECT count(*) FROM source")).scalar() == len(STORED)


def test_every_migration_can_be_taken_back(database: Database) -> None:
    newest = columns(database)
    migrate(database, "0001")
    assert not columns(database) & {"choice", "seed_index"}
    migrate(database, "head")
    assert columns(database) == newest
    assert "seed_index" in newest
    assert not newest & {"choice", "fidelity"}


def test_migrations_make_exactly_the_tables_of_the_schema(database: Database) -> None:
    with database.writing() as connection:
        command.check(alembic_config(connection))  # raises where they differ
        command.downgrade(alembic_config(connection), "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]
        command.upgrade(alembic_config(connection), "head")
        command.check(alembic_config(connection))


def test_rows_made_at_0007_keep_their_checksums_and_can_be_described(
    database: Database, settings: Settings
) -> None:
    """0008 changes no row; taken back, rows with a camera have the checksum that 0007 wants."""
    store = Store.create(settings)
    codec_id = new_codec(store)
    volume = store.volumes.see(marker="m", label="", root="/r")
    captures = {"a": Capture(), "b": Capture("Leica M6", 1, -2), "c": Capture("Leica M6")}
    images = [replace(new_image(name, volume), capture=captures[name]) for name in captures]
    store.add_batch(codec_id, Batch(images))
    before = list(store.images.all())
    with database.writing() as connection:
        connection.execute(text("UPDATE image SET width = width + 1 WHERE id = 3"))
        command.downgrade(alembic_config(connection), "0007")
    assert not columns(database) & {"camera_id", "latitude_e5", "longitude_e5"}
    migrate(database, "head")
    rows = list(store.images.examine())
    assert [row.intact for row in rows] == [True, True, False]
    assert rows[0] == before[0]
    assert (rows[1].camera, rows[1].latitude) == (None, None)
    assert (rows[1].clip_code, rows[1].paths) == (before[1].clip_code, before[1].paths)
    described = [(row.sha256, Capture("Leica M6", 1, -2)) for row in rows]
    store.add_batch(codec_id, Batch(captures=described))
    rows = list(store.images.examine())
    assert [row.intact for row in rows] == [True, True, False]
    assert [row.camera for row in rows] == ["Leica M6", "Leica M6", None]
    assert rows[1] == before[1]
    assert list(damaged(database, schema.Camera)) == []
    store.close()
