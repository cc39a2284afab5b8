"""Details that end where their pictures are good enough."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.models.sampling import Sampling
from coldframe import DetailOutcome, DetailStatus

FEW_STEPS = Sampling(steps=4)
LONGEST = 120  # bytes
GOAL = 16.0  # dB
ROWS = 3


@pytest.fixture
def own(album: Path, tmp_path: Path) -> Iterator[Archive]:
    """Three drawings, archived with the pocket pair."""
    with Archive.create(tmp_path / "own", "pocket", codec="coclico") as opened:
        list(opened.ingest(sorted(album.iterdir())[:ROWS]))
        yield opened


def write(own: Archive, until: float | None) -> list[DetailOutcome]:
    return list(own.write_details(own, max_bytes=LONGEST, psnr=until, sampling=FEW_STEPS))


def test_a_detail_ends_where_its_picture_is_good_enough(own: Archive) -> None:
    whole = {outcome.id: outcome for outcome in write(own, until=None)}
    list(own.write_details(own, max_bytes=0))
    for outcome in write(own, until=GOAL):
        assert outcome.psnr is not None
        if outcome.bytes < whole[outcome.id].bytes:
            assert outcome.psnr >= GOAL
        else:
            assert outcome.psnr == whole[outcome.id].psnr
    lengths = [len(detail.code) for detail in own.details(range(1, ROWS + 1)).values()]
    assert sum(lengths) < sum(outcome.bytes for outcome in whole.values())


def test_a_second_run_leaves_what_is_good_enough(own: Archive) -> None:
    first = {outcome.id: outcome.bytes for outcome in write(own, until=GOAL)}
    again = write(own, until=GOAL)
    assert {outcome.status for outcome in again} == {DetailStatus.KEPT}
    assert {outcome.id: outcome.bytes for outcome in again} == first


def test_a_picture_that_never_is_good_enough_gets_all_bytes(own: Archive) -> None:
    assert all(outcome.bytes >= LONGEST - 1 for outcome in write(own, until=60.0))
