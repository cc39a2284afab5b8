"""Hits of an archive, one of whose originals is away."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive.archive import Archive
from archive.index.hits import Hit

AWAY = 2  # index of the hit without an original
HOSTILE = "<b>&amp; 'x' \"y\".jpg"


@pytest.fixture
def filled(pocket_archive: Archive, album: Path) -> Archive:
    """An archive of twelve scenes, the first with a name that HTML would take for its own."""
    (album / "scene 0.jpg").rename(album / HOSTILE)
    list(pocket_archive.ingest(album))
    return pocket_archive


@pytest.fixture
def hits(filled: Archive) -> list[Hit]:
    """All rows by their score for some words; the original of one is removed."""
    hits = filled.search("a house", limit=12)
    Path(hits[AWAY].path).unlink()
    return hits
