"""Services on an archive of rendered scenes: one that tests only read, and one for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from archive.archive import Archive
from tests.support.exif import exif_with
from tests.support.service import Running, serving
from training.scenes import draw_scene


@pytest.fixture(scope="session")
def scenes(
    tmp_path_factory: pytest.TempPathFactory, empty_archive: Path, image_folder: Path
) -> Path:
    """An archive of 15 scenes, three with date and camera, for tests to copy; `album` beside it has
    the originals.
    """
    folder = tmp_path_factory.mktemp("served")
    shutil.copytree(image_folder, folder / "album")
    for year, place in ((2018, (48.8583, 2.2945)), (2020, (52.5163, 13.3777)), (2019, None)):
        file = folder / "album" / f"{year}.jpg"
        exif = exif_with(maker="Canon", model="EOS 5D", place=place, date=f"{year}:07:14 10:11:12")
        Image.fromarray(draw_scene(year, size=(240, 160)).pixels).save(file, exif=exif)
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
