"""Commands on an archive of the test's own, and on one that tests only read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image

from tests.support.beforehand import hurry
from tests.support.shell import Shell
from training.scenes import draw_scene


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Commands where there is no archive yet."""
    return Shell(str(tmp_path / "archive"), tmp_path)


@pytest.fixture
def pocket_shell(empty_archive: Path, shell: Shell) -> Shell:
    """Commands on an empty archive of the pocket pair."""
    shutil.copytree(empty_archive, shell.location)
    return shell


@pytest.fixture(scope="session")
def filled_shell(
    tmp_path_factory: pytest.TempPathFactory, empty_archive: Path, image_folder: Path
) -> Shell:
    """Commands on an archive of the image folder that tests only read."""
    folder = tmp_path_factory.mktemp("filled")
    shutil.copytree(empty_archive, folder / "archive")
    shell = Shell(str(folder / "archive"), folder)
    shell("ingest", image_folder)
    return shell


@pytest.fixture(scope="session")
def plain_scenes(tmp_path_factory: pytest.TempPathFactory, empty_archive: Path) -> Shell:
    """Commands that hurry, on an archive of four rendered scenes that tests only read."""
    folder = tmp_path_factory.mktemp("scenes")
    (folder / "originals").mkdir()
    for seed in range(4):
        image = Image.fromarray(draw_scene(seed, size=(160, 160)).pixels)
        image.save(folder / "originals" / f"scene {seed}.png")
    shutil.copytree(empty_archive, folder / "archive")
    shell = Shell(str(folder / "archive"), folder, first=hurry)
    shell("ingest", folder / "originals")
    return shell


@pytest.fixture(scope="session")
def detailed_scenes(plain_scenes: Shell, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """The same with details of 60 bytes."""
    folder = tmp_path_factory.mktemp("detailed")
    shutil.copytree(plain_scenes.location, folder / "archive")
    shell = Shell(str(folder / "archive"), folder, first=hurry)
    shell("detail", "--bytes", "60")
    return shell


@pytest.fixture
def plain(plain_scenes: Shell, tmp_path: Path) -> Shell:
    """A copy of the archive of four scenes."""
    return _copy(plain_scenes, tmp_path)


@pytest.fixture
def detailed(detailed_scenes: Shell, tmp_path: Path) -> Shell:
    """A copy of the archive of four scenes with details of 60 bytes."""
    return _copy(detailed_scenes, tmp_path)


def _copy(shell: Shell, folder: Path) -> Shell:
    shutil.copytree(shell.location, folder / "archive")
    return Shell(str(folder / "archive"), folder, first=hurry)
