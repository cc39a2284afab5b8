"""Models, codecs and volumes: few rows, which say how all others are read."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from archive.errors import ColdframeError, NotFound
from archive.records import CodecRecord, VolumeRecord
from archive.store import Store, schema
from archive.store.clock import utc_now
from tests.support.rows import MODEL, new_codec

TIME = datetime(2024, 5, 1, 12, 30)


def test_a_model_comes_back_as_it_was_added(store: Store) -> None:
    added = store.models.add(replace(MODEL, weights_sha256="a" * 64, decoder_sha256="d" * 64))
    assert added.id > 0
    assert store.models.get(added.id) == added


def test_the_same_weights_are_stored_once(store: Store) -> None:
    first = store.models.add(MODEL)
    again = store.models.add(replace(MODEL, name="another name"))
    other = store.models.add(replace(MODEL, weights_sha256="0" * 64))
    assert again.id == first.id
    assert other.id != first.id
    assert store.models.get(first.id).name == MODEL.name


def test_an_unknown_model_is_named(store: Store) -> None:
    with pytest.raises(NotFound, match="no model 77"):
        store.models.get(77)


def test_the_first_decoder_stays(store: Store) -> None:
    first = store.models.add(MODEL)
    other = store.models.add(replace(MODEL, weights_sha256="0" * 64))
    store.models.set_decoder(first.id, "1" * 64)
    store.models.set_decoder(first.id, "2" * 64)
    assert store.models.get(first.id).decoder_sha256 == "1" * 64
    assert store.models.get(other.id).decoder_sha256 is None


def test_codecs_come_back_oldest_first(store: Store) -> None:
    model_id = store.models.add(MODEL).id
    parameters = {"bits": 120, "alignment": 0.5}
    second = store.codecs.add(CodecRecord(model_id, "klt", parameters, TIME, b"state"))
    third = store.codecs.add(CodecRecord(model_id, "clip", {}, TIME))
    assert [codec.id for codec in store.codecs.all()] == [1, second.id, third.id]
    assert store.codecs.all()[1:] == [second, third]


def test_a_changed_codec_state_is_refused(store: Store) -> None:
    damaged = new_codec(store, name="klt", state=b"state")
    with store.database.writing() as connection:
        row = schema.Codec.id == damaged
        connection.execute(update(schema.Codec).where(row).values(state=b"stare"))
    with pytest.raises(ColdframeError, match=rf"codec {damaged} is damaged"):
        store.codecs.all()


def test_a_volume_is_known_by_its_marker_wherever_it_is_mounted(store: Store) -> None:
    volume_id = store.volumes.see(marker="uuid:1", label="disk", root="/media/disk")
    with store.database.writing() as connection:
        connection.execute(update(schema.Volume).values(last_seen=TIME))
    other_id = store.volumes.see(marker="uuid:2", label="other", root="/media/other")
    assert store.volumes.see(marker="uuid:1", label="DISK", root="/mnt") == volume_id
    first, second = store.volumes.all()
    assert first == VolumeRecord(volume_id, "uuid:1", "DISK", "/mnt", first.last_seen)
    assert utc_now() - first.last_seen < timedelta(minutes=1)
    assert (second.id, second.marker) == (other_id, "uuid:2")
