"""Codecs that ship with a model pair: no sample and no original is needed."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from archive.archive import Archive
from archive.codecs import CodecConfig, save_codec, shipped_codecs
from archive.codecs.klt import fit_klt
from archive.models.pairs import PAIRS, find_pair
from archive.settings import Settings
from tests.support.pairs import DIMENSION


@pytest.mark.parametrize(("bits", "map_bits"), [(60, 20), (120, 40), (250, 64)])
def test_the_pocket_pair_codes_at_once_at_three_rates(
    bits: int, map_bits: int, tmp_path: Path, album: Path
) -> None:
    codec = CodecConfig("klt", bits=bits, map_bits=map_bits)
    settings = Settings(str(tmp_path / "a"))
    with Archive.create(settings, find_pair("pocket"), codec=codec) as archive:
        assert archive.codec.alignment is not None
        list(archive.ingest([str(album)]))
        stats = archive.stats()
        assert {row.codec_id for row in archive} == {archive._codecs.current_id}
        # drawings are not what it was fitted to
        assert stats.clip_bits_per_image == pytest.approx(bits, rel=0.5)
        assert stats.color_bits_per_image == pytest.approx(map_bits, rel=0.5)


def test_a_new_archive_of_the_pocket_pair_has_rows_of_about_forty_bytes(
    tmp_path: Path, album: Path
) -> None:
    with Archive.create(tmp_path / "a", "pocket") as archive:
        assert (archive.codec.name, archive.codec.bits_per_image) == ("klt", 250 + 64)
        assert archive.rows_until_fit() == 0
        list(archive.ingest(album))
        sizes = [len(row.clip_code) + len(row.color_code) for row in archive]
        # drawings are not what it was fitted to
        assert np.mean(sizes) == pytest.approx(40, rel=0.25)
        assert archive.stats().codec == "klt"
        assert len(archive.search("a house", limit=20)) == len(sizes)


def test_klt_by_name_is_what_a_new_archive_has_anyway(tmp_path: Path) -> None:
    with (
        Archive.create(tmp_path / "a", "pocket") as default,
        Archive.create(tmp_path / "b", "pocket", codec="klt") as named,
    ):
        assert named.codec.parameters() == default.codec.parameters()
        assert named.codec.state == default.codec.state


def test_an_old_archive_keeps_its_codec(tmp_path: Path, album: Path) -> None:
    with Archive.create(tmp_path / "a", "pocket", codec="coclico") as archive:
        list(archive.ingest(album / "inner"))
    with Archive.create(tmp_path / "a") as archive:
        list(archive.ingest(album))
        assert archive.codec.name == "coclico"
        assert {archive.codec_of(row).name for row in archive} == {"coclico"}
        assert {(len(row.clip_code), len(row.color_code)) for row in archive} == {(64, 24)}


def test_more_bits_come_closer(album: Path) -> None:
    codecs = shipped_codecs(PAIRS["pocket"].codecs)
    alignments = {codec.parameters()["bits"]: codec.alignment for codec in codecs}
    assert list(alignments) == [1, 120, 250, 60]
    assert alignments[60] < alignments[120] < alignments[250]  # type: ignore[operator]


def test_sign_rows_are_decoded_better_without_their_originals(tmp_path: Path, album: Path) -> None:
    settings = Settings(str(tmp_path / "a"))
    with Archive.create(settings, find_pair("pocket"), codec="coclico") as archive:
        list(archive.ingest([str(album)]))
        before = list(archive)
        shutil.rmtree(album)
        assert len(list(archive.recode(None))) == len(before)
        after = list(archive)
        assert [(row.clip_code, row.color_code) for row in after] == [
            (row.clip_code, row.color_code) for row in before
        ]
        assert archive.codec.parameters()["least_squares"] is True
        assert list(archive.recode(None)) == []


def test_a_pairs_folder_may_ship_codecs_too(tiny_pair: Path, tmp_path: Path, album: Path) -> None:
    shutil.copytree(tiny_pair, tmp_path / "pair")
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(300, DIMENSION)).astype(np.float32)
    maps = rng.integers(0, 256, (300, 8, 8, 3), np.uint8)
    folder = tmp_path / "pair" / "codecs"
    folder.mkdir()
    save_codec(fit_klt(vectors, maps, bits=40, map_bits=40), folder / "ours.npz")
    pair = find_pair(str(tmp_path / "pair"))
    codec = CodecConfig("klt", bits=40, map_bits=40)
    with Archive.create(Settings(str(tmp_path / "a")), pair, codec=codec) as archive:
        list(archive.ingest([str(album)]))
        assert archive.codec.name == "klt"
        assert len(archive._codecs.records) == 1
