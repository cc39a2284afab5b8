"""Details that share a budget."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.models.sampling import Sampling
from coldframe import DetailOutcome, DetailStatus

FEW_STEPS = Sampling(steps=2)
LONGEST = 12  # bytes
ROWS = 12


@pytest.fixture
def own(tiny_pair: Path, album: Path, tmp_path: Path) -> Iterator[Archive]:
    """Twelve rows whose originals a test may delete."""
    with Archive.create(tmp_path / "own", str(tiny_pair), codec="coclico") as opened:
        list(opened.ingest(album))
        yield opened


def write(own: Archive, budget: int | None = None) -> list[DetailOutcome]:
    details = own.write_details(own, max_bytes=LONGEST, budget=budget, sampling=FEW_STEPS)
    return list(details)


def lengths(own: Archive) -> dict[int, int]:
    details = own.details(range(1, ROWS + 1))
    return {image_id: len(detail.code) for image_id, detail in details.items()}


def test_details_share_a_budget(own: Archive) -> None:
    outcomes = write(own, budget=40)
    assert sum(lengths(own).values()) == 40  # to the last byte: any prefix is worth it
    final = {outcome.id: outcome.bytes for outcome in outcomes}
    assert {id: length for id, length in final.items() if length} == lengths(own)


def test_a_budget_that_suffices_cuts_nothing(own: Archive) -> None:
    outcomes = write(own, budget=10_000)
    assert {outcome.status for outcome in outcomes} == {DetailStatus.WRITTEN}
    assert all(detail.psnr is not None for detail in own.details(range(1, ROWS + 1)).values())


def test_a_run_starts_over_and_comes_to_the_same(own: Archive) -> None:
    write(own)  # as a run that was killed before it cut
    write(own, budget=40)
    before = lengths(own)
    write(own, budget=40)
    assert lengths(own) == before
    assert sum(before.values()) == 40


def test_details_without_originals_stay_outside_of_the_budget(own: Archive) -> None:
    write(own)
    longest = lengths(own)[1]
    Path(own[1].path).unlink()
    write(own, budget=20)
    after = lengths(own)
    assert after.pop(1) == longest
    assert sum(after.values()) == 20
