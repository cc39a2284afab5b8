"""Codecs that rows wait for: fitted once enough images are there, whatever stops the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive.archive import Archive
from archive.codecs import CodecConfig
from archive.models.pairs import find_pair
from archive.records import NewCodes
from archive.settings import Settings
from archive.store.images import Images
from tests.recode.conftest import COUNT, cosines

ENOUGH = 64  # rows, so that the tests need not archive thousands


@pytest.fixture
def _few_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.recode.recoder.FIT_SAMPLE", ENOUGH)


@pytest.mark.usefixtures("_few_are_enough")
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


@pytest.mark.usefixtures("_few_are_enough")
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


@pytest.mark.usefixtures("_few_are_enough")
def test_enough_rows_are_not_made_to_wait_for_the_end(
    settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.ingest.pipeline.FIRST_BATCH", ENOUGH)
    with Archive.create(
        settings, find_pair("pocket"), codec=CodecConfig("klt", bits=60)
    ) as archive:
        seen = [archive.codec.name for _ in archive.ingest([str(folder)])]
        assert seen[0] == "float16"
        assert seen[-1] == "klt"
        assert {row.codec_id for row in archive} == {archive._codecs.current_id}


@pytest.mark.usefixtures("_few_are_enough")
def test_too_few_images_wait_and_are_fitted_when_more_have_come(
    settings: Settings, folder: Path, tmp_path: Path
) -> None:
    few = tmp_path / "few"
    few.mkdir()
    for path in sorted(folder.iterdir())[:10]:
        (few / path.name).write_bytes(path.read_bytes())
    with Archive.create(settings, find_pair("pocket")) as archive:
        archive.use_codec(CodecConfig("klt", bits=61))
        list(archive.ingest([str(few)]))
        assert archive.codec.name == "float16"
        assert len(archive.search(["a house"], limit=20)[0]) == 10
    with Archive(settings) as archive:
        list(archive.ingest([str(folder)]))
        assert archive.codec.name == "klt"
        assert {row.codec_id for row in archive} == {archive._codecs.current_id}


@pytest.mark.usefixtures("_few_are_enough")
def test_a_new_archive_of_a_pair_without_codecs_waits_and_fits_by_itself(
    settings: Settings, folder: Path, tiny_pair: Path
) -> None:
    first, *others = sorted(folder.iterdir())
    with Archive.create(settings, find_pair(str(tiny_pair))) as archive:
        assert archive.rows_until_fit() == ENOUGH
        list(archive.ingest(first))
        assert (archive.codec.name, archive.rows_until_fit()) == ("float16", ENOUGH - 1)
        list(archive.ingest(others))
        assert (archive.codec.name, archive.rows_until_fit()) == ("klt", 0)
        assert archive.codec.bits_per_image == 250 + 64
        assert {archive.codec_of(row).name for row in archive} == {"klt"}
        assert len(archive.search("a house", limit=COUNT)) == COUNT


def test_fewer_rows_than_4096_wait_when_the_ingest_ends(
    settings: Settings, folder: Path, tiny_pair: Path
) -> None:
    with Archive.create(settings, find_pair(str(tiny_pair))) as archive:
        list(archive.ingest(folder))
        assert (archive.codec.name, archive.rows_until_fit()) == ("float16", 4096 - COUNT)


def test_recode_fits_what_waits_at_once(settings: Settings, folder: Path, tiny_pair: Path) -> None:
    with Archive.create(settings, find_pair(str(tiny_pair))) as archive:
        list(archive.ingest(folder))
        recoded = list(archive.recode("klt"))
        assert len(recoded) == COUNT
        assert archive.codec.name == "klt"
        assert {archive.codec_of(row).name for row in archive} == {"klt"}
        assert list(archive.recode("klt")) == []
        assert len(archive.search("a house", limit=COUNT)) == COUNT
