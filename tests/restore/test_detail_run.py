"""Details in the library: what a run makes of rows, and what uses them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from archive.archive import Archive
from archive.errors import ArchiveReadOnly, UsageError
from archive.models.sampling import Sampling
from archive.store import schema
from coldframe import DetailOutcome, DetailStatus
from tests.support.rows import forge, new_detail

FEW_STEPS = Sampling(steps=2)


@pytest.fixture
def own(tiny_pair: Path, album: Path, tmp_path: Path) -> Iterator[Archive]:
    """Twelve rows of the tiny pair whose originals a test may delete."""
    with Archive.create(tmp_path / "own", str(tiny_pair), codec="coclico") as opened:
        list(opened.ingest(album))
        yield opened


def write(own: Archive, *ids: int, max_bytes: int = 8) -> list[DetailOutcome]:
    rows = own.rows(ids) if ids else own
    return list(own.write_details(rows, max_bytes=max_bytes, sampling=FEW_STEPS))


def test_a_run_yields_an_outcome_for_every_row(own: Archive) -> None:
    outcomes = write(own)
    assert [outcome.id for outcome in outcomes] == list(range(1, 13))
    assert {outcome.status for outcome in outcomes} == {DetailStatus.WRITTEN}
    details = own.details(range(1, 13))
    for outcome in outcomes:
        assert outcome.bytes == len(details[outcome.id].code) <= 8
        assert outcome.psnr == pytest.approx(details[outcome.id].psnr)
        assert outcome.similarity == pytest.approx(details[outcome.id].similarity)
    assert {outcome.status for outcome in write(own)} == {DetailStatus.KEPT}


def test_a_schedule_is_fitted_to_the_first_originals_that_are_there(
    own: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.restore.detail_run.FITTED", 2)
    for row in own.rows([1, 2, 3]):
        Path(row.path).unlink()
    statuses = {outcome.id: outcome.status for outcome in write(own, 1, 2, 3, 4, 5)}
    assert statuses == {
        1: DetailStatus.NO_ORIGINAL,
        2: DetailStatus.NO_ORIGINAL,
        3: DetailStatus.NO_ORIGINAL,
        4: DetailStatus.WRITTEN,
        5: DetailStatus.WRITTEN,
    }


def test_without_any_original_no_schedule_is_fitted(own: Archive, album: Path) -> None:
    shutil.rmtree(album)
    assert {outcome.status for outcome in write(own)} == {DetailStatus.NO_ORIGINAL}
    assert own._store.details.schedules() == {}


def test_a_row_given_twice_has_one_outcome(own: Archive) -> None:
    own.decoder.batch_size = 3  # type: ignore[misc]  # as on an accelerator
    outcomes = write(own, 3, 3, 4, 3)
    assert sorted(outcome.id for outcome in outcomes) == [3, 4]
    assert {outcome.status for outcome in outcomes} == {DetailStatus.WRITTEN}


def test_a_code_that_is_none_does_not_end_the_run(own: Archive) -> None:
    forge(own._store, schema.Image.id == 3, clip_code=b"\0")
    statuses = {outcome.id: outcome.status for outcome in write(own, 3, 4)}
    assert statuses == {3: DetailStatus.DAMAGED, 4: DetailStatus.WRITTEN}


def test_other_sizes_than_the_decoders_own_do_not_reach_details(own: Archive) -> None:
    def code(sampling: Sampling) -> bytes:
        own._store.details.remove([2])
        list(own.write_details(own.rows([2]), max_bytes=8, sampling=sampling))
        return own.details([2])[2].code

    assert code(FEW_STEPS) == code(replace(FEW_STEPS, image_size=32))


def test_seeds_are_chosen_from_pictures_without_details(own: Archive, tmp_path: Path) -> None:
    def choices(archive: Archive) -> dict[int, int | None]:
        return {choice.id: choice.candidate for choice in archive.choose_seeds(4)}

    with Archive(shutil.copytree(str(own.settings.directory), tmp_path / "copy")) as without:
        expected = choices(without)
    write(own, 1, 2, 3)
    assert choices(own) == expected
    assert len(set(expected.values())) > 1


def test_only_details_of_other_decoders_are_left_out(own: Archive) -> None:
    write(own, 1, 2)
    for row in own.rows([3, 4, 5]):
        new_detail(own._store, row)
    assert own.details_left_out([1, 3, 5, 6]) == [3, 5]
    [with_detail] = own.restore(3, sampling=FEW_STEPS)
    [without] = own.restore(3, sampling=replace(FEW_STEPS, detail_bytes=0))
    assert np.array_equal(np.asarray(with_detail.image), np.asarray(without.image))


def test_one_byte_is_refused_before_anything_is_done(own: Archive) -> None:
    with pytest.raises(UsageError, match="at least 2 bytes"):
        write(own, max_bytes=1)
    assert own._store.details.schedules() == {}


def test_a_read_only_archive_is_refused_before_models_are_loaded(
    own: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.store.database.is_read_only", lambda settings: True)
    with pytest.raises(ArchiveReadOnly, match="can only be read"):
        write(own)
    assert "decoder" not in vars(own._models)
    outcomes = own.write_details(own.rows([1]), dry_run=True)
    assert [outcome.status for outcome in outcomes] == [DetailStatus.WRITTEN]
