"""Rows that move between codecs: nothing is lost on the way, whatever stops it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from archive.archive import Archive
from archive.arrays import Vectors
from archive.codecs import CodecConfig
from archive.errors import UsageError
from archive.filters import Filters
from archive.filters.conditions import row_filter
from archive.models.pairs import find_pair
from archive.records import NewCodes
from archive.settings import Settings
from tests.recode.conftest import COUNT, cosines

GOLDEN_KLT = Path(__file__).parents[1] / "golden" / "klt.npz"


def test_init_again_is_welcome_after_a_recode(archive: Archive) -> None:
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
    some = Filters(where=["path~*/00*.png", "id>3"])
    done = list(archive.recode(CodecConfig("clip", bits_per_dim=2), filters=some))
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


def test_new_images_get_a_codec_that_rows_return_to(archive: Archive, tmp_path: Path) -> None:
    list(archive.recode("klt"))
    list(archive.recode("coclico", filters=Filters(where="id>60")))
    list(archive.recode("klt", dry_run=True))
    assert archive.codec.name == "coclico"
    assert len(list(archive.recode("klt"))) == COUNT - 60
    Image.new("RGB", (80, 60), "red").save(tmp_path / "late.png")
    list(archive.ingest(tmp_path / "late.png"))
    assert archive.codec.name == "klt"
    assert {archive.codec_of(row).name for row in archive} == {"klt"}
    assert len(archive.search("a house", limit=COUNT + 1)) == COUNT + 1
    codecs = len(archive._codecs.records)
    list(archive.recode("klt"))
    assert len(archive._codecs.records) == codecs


def test_a_row_that_got_other_codes_meanwhile_is_left_as_it_is(archive: Archive) -> None:
    first, second, *_ = archive
    codes = [
        NewCodes(replace(first, codec_id=first.codec_id + 7), b"x", b"y"),
        NewCodes(second, b"x", b"y"),
    ]
    archive._store.images.recode(archive._codecs.current_id, codes)
    seen = archive._store.images.get([first.id, second.id])
    assert [row.clip_code for row in seen] == [first.clip_code, b"x"]


def test_least_squares_decode_the_very_codes_better(
    settings: Settings, folder: Path, tiny_pair: Path, tmp_path: Path
) -> None:
    with Archive.create(settings, find_pair(str(tiny_pair)), codec="coclico") as archive:
        list(archive.ingest([str(folder)]))
        before = cosines(archive, folder)
        rows = list(archive)
        done = list(archive.recode(None))
        assert len(done) == COUNT
        assert cosines(archive, folder).mean() > before.mean() + 0.01
        after = list(archive)
        assert [(row.clip_code, row.color_code) for row in after] == [
            (row.clip_code, row.color_code) for row in rows
        ]
        assert list(archive.recode(None)) == []
    with Archive(settings) as archive:
        [hits] = archive.search(["a house"], limit=COUNT)
        vectors_hat = archive.codec.decode_vectors(
            [row.clip_code for row in archive._store.images.get([h.id for h in hits])]
        )
        [query] = archive.encoder.encode_texts(["a house"])
        scores = vectors_hat @ query / np.linalg.norm(vectors_hat, axis=1) / np.linalg.norm(query)
        assert [hit.score for hit in hits] == pytest.approx(scores.tolist(), abs=1e-5)


@pytest.fixture(scope="session")
def trained(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A codec that the command of its training has written."""
    work = tmp_path_factory.mktemp("trained")
    options = ("--minutes", "0.25", "--validation", "0", "--threads", "1", "--work", work)
    files = ("--images", folder, "--out", work / "pqvae.npz")
    subprocess.run([sys.executable, "-m", "training.pqvae", *options, *files], check=True)
    return work / "pqvae.npz"


@pytest.mark.slow
def test_a_codec_that_was_trained_comes_in_a_file(
    archive: Archive, trained: Path, tmp_path: Path
) -> None:
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


def test_least_squares_are_not_learned_from_a_handful(settings: Settings, folder: Path) -> None:
    with Archive.create(
        settings, find_pair("pocket"), codec=CodecConfig("coclico", bits_per_dim=2)
    ) as archive:
        list(archive.ingest([str(folder)]))
        with pytest.raises(UsageError, match="can be seen"):
            list(archive.recode(None))
        assert len(archive._codecs.records) == 1


@pytest.mark.parametrize("rates", [{"bits": 5}, {"map_bits": 0}, {"map_side": 7}])
def test_rates_that_cannot_be_are_refused_before_anything_is_written(
    rates: dict[str, int], settings: Settings
) -> None:
    with pytest.raises(UsageError):
        Archive.create(settings, find_pair("pocket"), codec=CodecConfig("klt", **rates))


@pytest.mark.parametrize("condition", ["color=red", "width", "width>wide", "taken_at>yesterday"])
def test_a_condition_that_means_nothing_is_refused(condition: str) -> None:
    with pytest.raises(UsageError, match=r"invalid condition|expected a "):
        row_filter([condition])
