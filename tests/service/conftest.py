"""Services on an archive of rendered scenes: one that tests only read, and one for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.archive import Archive
from tests.support.service import Running, serving


@pytest.fixture(scope="session")
def scenes(
    tmp_path_factory: pytest.TempPathFactory, empty_archive: Path, image_folder: Path
) -> Path:
    """An archive of twelve scenes, for tests to copy; `album` beside it has the originals."""
    folder = tmp_path_factory.mktemp("served")
    shutil.copytree(image_folder, folder / "album")
    with Archive(shutil.copytree(empty_archive, folder / "archive")) as archive:
        list(archive.ingest(folder / "album"))
    return folder


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory, scenes: Path) -> Iterator[Running]:
    """A service whose rows tests only read."""
    copy = shutil.copytree(scenes / "archive", tmp_path_factory.mktemp("reading") / "archive")
    with serving(copy, roots=(scenes / "album",)) as running:
        yield running


@pytest.fixture
def location(scenes: Path, tmp_path: Path) -> Path:
    """A copy of the archive."""
    return Path(shutil.copytree(scenes / "archive", tmp_path / "archive"))


@pytest.fixture
def changing(location: Path, tmp_path: Path) -> Iterator[Running]:
    """A service on a copy of the archive; folders below `allowed` may be ingested."""
    (tmp_path / "allowed").mkdir()
    with serving(location, roots=(tmp_path / "allowed",)) as running:
        yield running
