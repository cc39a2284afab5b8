"""An archive of twelve drawings, with the tiny pair."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.archive import Archive


@pytest.fixture(scope="session")
def twelve_rows(
    tmp_path_factory: pytest.TempPathFactory, tiny_pair: Path, image_folder: Path
) -> Path:
    """An archive of the image folder with the tiny pair, for tests to copy."""
    folder = tmp_path_factory.mktemp("twelve-rows") / "archive"
    with Archive.create(folder, str(tiny_pair)) as opened:
        list(opened.ingest(image_folder))
    return folder


@pytest.fixture
def archive(twelve_rows: Path, tmp_path: Path) -> Iterator[Archive]:
    """Twelve rows of the tiny pair."""
    with Archive(shutil.copytree(twelve_rows, tmp_path / "archive")) as opened:
        yield opened
