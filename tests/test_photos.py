"""A person's folder, as it really looks: 122 files of all formats, orientations and damages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.ingest.outcomes import Archived, Duplicate, Outcome, Skipped, Unchanged
from archive.models.pairs import find_pair
from archive.settings import Settings

QUERIES = {  # words → what a right picture's path contains
    "a dog": ("dog photos",),
    "a cat": ("cat photos", "copy of a cat"),
    "shoes": ("clothing/shoes",),
    "a football match": ("sport/football",),
    "horse race": ("sport/horse racing",),
    "mountain landscape": (
        "formats/denali",
        "el_torcal_rocks",
    ),  # orientation/… show waterfalls
}
BROKEN = {
    "bomb-60000x60000.png": "too-large",
    "empty.jpg": "empty",
    "not-an-image.png": "not-an-image",
    "truncated.heic": "truncated",
    "truncated.jpg": "truncated",
}


@pytest.fixture(scope="module")
def kept(
    shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Archive, list[Outcome], Path]]:
    """The archive of the folder, and what became of every file."""
    place = tmp_path_factory.mktemp("photos") / "archive"
    with Archive.create(Settings(str(place)), find_pair("pocket")) as archive:
        yield archive, list(archive.ingest([str(shared_data / "photos")])), shared_data / "photos"


def test_every_readable_picture_is_archived_and_every_broken_one_has_a_reason(
    kept: tuple[Archive, list[Outcome], Path],
) -> None:
    archive, outcomes, _ = kept
    counts = Counter(type(outcome) for outcome in outcomes)
    assert (counts[Archived], counts[Duplicate]) == (115, 1)
    assert {Path(o.path).name: o.reason for o in outcomes if isinstance(o, Skipped)} == BROKEN
    assert {Path(one.path).name: one.reason for one in archive.skipped()} == BROKEN
    assert archive.stats().images == 115


def test_a_second_run_archives_nothing(kept: tuple[Archive, list[Outcome], Path]) -> None:
    archive, _, folder = kept
    again = list(archive.ingest([str(folder)]))
    assert Counter(map(type, again))[Unchanged] == 116
    assert not [outcome for outcome in again if isinstance(outcome, Archived | Duplicate)]


@pytest.mark.parametrize("words", QUERIES)
def test_a_right_picture_comes_first(words: str, kept: tuple[Archive, list[Outcome], Path]) -> None:
    archive, _, _ = kept
    [hits] = archive.search([words], limit=5)
    assert any(path in hits[0].path for path in QUERIES[words]), [hit.path for hit in hits]


def test_waterfalls_come_first(kept: tuple[Archive, list[Outcome], Path]) -> None:
    archive, _, _ = kept
    [hits] = archive.search(["a waterfall"], limit=3)
    assert all("orientation/" in hit.path for hit in hits), [hit.path for hit in hits]
