"""An archive of twelve drawings, with the tiny pair."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.archive import Archive


@pytest.fixture
def archive(tmp_path: Path, tiny_pair: Path, image_folder: Path) -> Iterator[Archive]:
    """Twelve rows of the tiny pair."""
    with Archive.create(tmp_path / "archive", str(tiny_pair)) as opened:
        list(opened.ingest(image_folder))
        yield opened
