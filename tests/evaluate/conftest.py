"""An archive of six drawings that each test may change."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from archive.archive import Archive
from training.scenes import draw_scene

IMAGES = 6
SIZES = ((240, 160), (160, 200))  # pixels, in turn


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of six drawings in two shapes."""
    folder = tmp_path_factory.mktemp("scenes")
    for seed in range(IMAGES):
        pixels = draw_scene(seed, size=SIZES[seed % 2]).pixels
        Image.fromarray(pixels).save(folder / f"{seed}.png")
    return folder


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory, scenes: Path) -> Path:
    """An archive of the pocket pair with their rows; the drawings are in scenes/ beside it."""
    folder = tmp_path_factory.mktemp("filled")
    shutil.copytree(scenes, folder / "scenes")
    with Archive.create(folder / "archive", "pocket") as archive:
        list(archive.ingest(folder / "scenes"))
    return folder


@pytest.fixture
def archive(filled: Path, tmp_path: Path) -> Iterator[Archive]:
    """A copy of it."""
    shutil.copytree(filled / "archive", tmp_path / "archive")
    with Archive(tmp_path / "archive") as opened:
        yield opened
