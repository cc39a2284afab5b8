"""Commands on an archive of the test's own, and on one that tests only read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.shell import Shell


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
