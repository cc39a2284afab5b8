<<<<<<< HEAD
"""Rows that move between codecs: nothing is lost on the way, whatever stops it."""
=======
"""Rows move between codecs, some of them fitted: nothing is lost, whatever stops it."""
>>>>>>> 83251bd (tests: style and layers hold; recode by subject)

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from archive.archive import Archive
from archive.arrays import Vectors
from archive.codecs import CodecConfig
from archive.errors import UsageError
from archive.models.pairs import find_pair
from archive.records import NewCodes
from archive.settings import Settings
<<<<<<< HEAD
=======
from archive.store.images import Images
>>>>>>> 83251bd (tests: style and layers hold; recode by subject)
from tests.recode.conftest import COUNT, cosines

GOLDEN_KLT = Path(__file__).parents[1] / "golden" / "klt.npz"


<<<<<<< HEAD
def test_init_again_is_welcome_after_a_recode(archive: Archive) -> None:
=======
def test_ingest_with_klt_waits_fits_and_codes(settings: Settings, folder: Path) -> None:
    with Archive.create(
        settings, find_pair("pocket"), codec=CodecConfig("klt", bits=60, map_bits=30)
    ) as archive:
        assert archive.codec.is_pending
        list(archive.ingest([str(folder)]))
        assert archive.codec.name == "klt"
        assert {row.codec_id for row in archive} == {archive._codecs.current_id}
        stats = archive.stats()
        assert stats.clip_bits_per_image == pytest.approx(60, rel=0.15)
        assert stats.color_bits_per_image == pytest.approx(30, rel=0.25)
        assert cosines(archive, folder).mean() > 0.7
        assert not [one for one in archive.verify() if not hasattr(one, "clip_code")]
    with Archive(settings) as archive:
        [hits] = archive.search(["a house"], limit=5)
        assert len(hits) == 5


def test_rows_left_waiting_by_a_killed_run_are_recoded_by_the_next(
    settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.recode.run.BATCH", 16)
    original = Images.recode
    calls = []

    def killed(self: Images, codec_id: int, codes: list[NewCodes]) -> None:
        calls.append(codec_id)
        if len(calls) == 3:
            raise KeyboardInterrupt
        original(self, codec_id, codes)

    with Archive.create(
        settings, find_pair("pocket"), codec=CodecConfig("klt", bits=60)
    ) as archive:
        monkeypatch.setattr(Images, "recode", killed)
        with pytest.raises(KeyboardInterrupt):
            list(archive.ingest([str(folder)]))
        monkeypatch.setattr(Images, "recode", original)
        assert len({row.codec_id for row in archive}) == 2
    with Archive(settings) as archive:
        list(archive.ingest([str(folder)]))
        assert {row.codec_id for row in archive} == {archive._codecs.current_id}
        assert len(archive._codecs.records) == 2
        assert len(archive.search(["a house"], limit=COUNT)[0]) == COUNT


def test_enough_rows_are_not_made_to_wait_for_the_end(
    settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.recode.recoder.FIT_SAMPLE", 64)
    monkeypatch.setattr("archive.ingest.pipeline.FIRST_BATCH", 64)
    with Archive.create(
        settings, find_pair("pocket"), codec=CodecConfig("klt", bits=60)
    ) as archive:
        seen = [archive.codec.name for _ in archive.ingest([str(folder)])]
        assert seen[0] == "float16"
        assert seen[-1] == "klt"
        assert {row.codec_id for row in archive} == {archive._codecs.current_id}


def test_init_again_is_welcome_after_a_freeze(archive: Archive) -> None:
>>>>>>> 83251bd (tests: style and layers hold; recode by subject)
    list(archive.recode(CodecConfig("klt", bits=62, map_bits=30)))
    with Archive.create(archive.settings, find_pair("pocket")) as again:
        assert again.codec.name == "klt"


def test_recoding_takes_originals_where_they_are_and_codes_where_not(
    archive: Archive, folder: Path
) -> None:
    before = {row.id: row for row in archive}
    hidden = folder / "000.png"
    kept = hidden.read_bytes()
    hidden.unlink()
    try:
        done = list(archive.recode(CodecConfig("klt", bits=62, map_bits=30)))
    finally:
        hidden.write_bytes(kept)
    assert [before[one.id].path for one in done if not one.from_original] == [str(hidden)]
    assert len(done) == COUNT
    after = list(archive)
    assert all(row.sha256 == before[row.id].sha256 for row in after)
    assert (
        sum(len(row.clip_code) for row in after)
        < sum(len(row.clip_code) for row in before.values()) / 5
    )
    assert cosines(archive, folder)[1:].mean() == pytest.approx(
        np.mean([one.cosine for one in done[1:]]), abs=1e-3
    )
    [hits] = archive.search(["a boat"], limit=COUNT)
    assert len(hits) == COUNT


def test_a_dry_run_and_a_condition_leave_the_others_alone(archive: Archive) -> None:
    before = {row.id: row.clip_code for row in archive}
    assert len(list(archive.recode(CodecConfig("klt", bits=63), dry_run=True))) == COUNT
    assert {row.id: row.clip_code for row in archive} == before
    assert len(archive._codecs.records) == 1
    done = list(
        archive.recode(CodecConfig("clip", bits_per_dim=2), where=["path~*/00*.png", "id>3"])
    )
    changed = {row.id for row in archive if row.clip_code != before[row.id]}
    assert changed == {one.id for one in done}
    assert 0 < len(changed) < 10


def test_stopped_in_the_middle_it_resumes(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.recode.run.BATCH", 16)
    run = archive.recode(CodecConfig("klt", bits=62, map_bits=30))
    for _ in range(20):
        next(run)
    assert isinstance(run, Generator)
    run.close()
    codecs = len(archive._codecs.records)
    left = list(archive.recode(CodecConfig("klt", bits=62, map_bits=30)))
    assert len(left) == COUNT - 32
    assert len(archive._codecs.records) == codecs
    assert {row.codec_id for row in archive} == {archive._codecs.current_id}


def test_a_row_that_got_other_codes_meanwhile_is_left_as_it_is(archive: Archive) -> None:
    first, second, *_ = archive
    codes = [
        NewCodes(first.id, first.codec_id + 7, b"x", b"y"),
        NewCodes(second.id, second.codec_id, b"x", b"y"),
    ]
    archive._store.images.recode(archive._codecs.current_id, codes)
    seen = archive._store.images.get([first.id, second.id])
    assert [row.clip_code for row in seen] == [first.clip_code, b"x"]


def test_a_codec_that_was_trained_comes_in_a_file(
    archive: Archive, folder: Path, tmp_path: Path
) -> None:
    trained = tmp_path / "pqvae.npz"
    command = [
        "--images",
        str(folder),
        "--minutes",
        "0.1",
        "--validation",
        "0",
        "--work",
        str(tmp_path),
        "--threads",
        "1",
    ]
    subprocess.run(
        [sys.executable, "-m", "training.pqvae", *command, "--out", str(trained)], check=True
    )
    done = list(archive.recode(str(trained)))
    assert len(done) == COUNT
    assert np.mean([one.cosine for one in done]) > 0.5
    assert {row.codec_id for row in archive} == {archive._codecs.current_id}
    assert (archive.codec.name, archive.codec.map_side) == ("pqvae", 8)
    assert list(archive.recode(str(trained))) == []
    Image.new("RGB", (80, 60), "red").save(tmp_path / "late.png")
    list(archive.ingest([str(tmp_path / "late.png")]))
    assert len(archive.search(["a house"], limit=COUNT + 1)[0]) == COUNT + 1
    with pytest.raises(UsageError, match="fixed rate"):
        archive.use_codec(CodecConfig(str(trained), bits=200))


def test_a_codec_for_other_embeddings_is_refused(archive: Archive) -> None:
    with pytest.raises(UsageError, match="48 dimensions"):
        archive.use_codec(CodecConfig(str(GOLDEN_KLT)))


def test_originals_are_embedded_once_to_fit_and_to_code(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = archive.encoder
    embedded = []
    encode = encoder.encode_images

    def count_and_encode(images: Sequence[Any]) -> Vectors:
        embedded.append(len(images))
        return encode(images)

    monkeypatch.setattr(encoder, "encode_images", count_and_encode)
    assert len(list(archive.recode(CodecConfig("klt", bits=64)))) == COUNT
    assert sum(embedded) == COUNT


@pytest.mark.parametrize("rates", [{"bits": 5}, {"map_bits": 0}, {"map_side": 7}])
def test_rates_that_cannot_be_are_refused_before_anything_is_written(
    rates: dict[str, int], settings: Settings
) -> None:
    with pytest.raises(UsageError):
        Archive.create(settings, find_pair("pocket"), codec=CodecConfig("klt", **rates))
