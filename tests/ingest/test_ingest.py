"""Photo folders become rows with a real model: once each, killed or not, and without a sound."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archive.archive import Archive
from archive.records import Row
from tests.support.images import red_and_blue, write_noisy_files
from tests.support.ingest import kinds
from tests.support.shell import Shell

INGEST = """
import sys
from archive import Archive

with Archive(sys.argv[1]) as archive:
    for outcome in archive.ingest(sys.argv[2]):
        print(type(outcome).__name__)
"""


@pytest.fixture
def shell(empty_archive: Path, tmp_path: Path) -> Shell:
    """Commands on an empty archive of the pocket pair."""
    return Shell(str(shutil.copytree(empty_archive, tmp_path / "archive")), tmp_path)


@pytest.mark.parametrize("kind", [str, Path])
def test_every_image_of_a_folder_gets_a_row_that_decodes(
    pocket_archive: Archive, image_folder: Path, kind: type
) -> None:
    assert kinds(pocket_archive.ingest(kind(image_folder))) == {"Archived": 12}
    rows = list(pocket_archive)
    assert {row.path for row in rows} == {str(path) for path in image_folder.rglob("scene*")}
    assert {pocket_archive.codec_of(row).name for row in rows} == {"klt"}
    assert {(row.width, row.height) for row in rows} == {(240, 160)}
    assert list(pocket_archive.verify()) == rows
    assert pocket_archive.ingest_progress.total == 12
    assert pocket_archive.ingest_progress.seconds > 0


def test_the_color_map_is_where_the_colors_are(pocket_archive: Archive, tmp_path: Path) -> None:
    red_and_blue(320, 200).save(tmp_path / "image.png")
    list(pocket_archive.ingest(tmp_path / "image.png"))
    [row] = pocket_archive
    _, color_map = pocket_archive.decode(row)
    left = color_map[:, :3].mean(axis=(0, 1))
    right = color_map[:, 5:].mean(axis=(0, 1))
    assert left[0] > left[2] + 60
    assert right[2] > right[0] + 60


def test_ingesting_twice_adds_nothing(pocket_archive: Archive, album: Path) -> None:
    list(pocket_archive.ingest(album))
    before = list(pocket_archive)
    assert kinds(pocket_archive.ingest(album)) == {"Unchanged": 12}
    assert list(pocket_archive) == before


@pytest.mark.slow
def test_nothing_is_printed_whatever_the_files_hold(empty_archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    files = write_noisy_files(folder)
    archive = shutil.copytree(empty_archive, tmp_path / "archive")
    done = subprocess.run(
        [sys.executable, "-W", "always::UserWarning", "-c", INGEST, archive, folder],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == len(files)


@pytest.mark.slow
def test_killed_in_the_middle_and_run_again_it_ends_the_same(
    shell: Shell, album: Path, rng: np.random.Generator
) -> None:
    for number in range(300):
        noise = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
        Image.fromarray(noise).save(album / f"noise {number:03}.png")
    running = shell.start("ingest", album)
    with Archive(shell.location) as archive:
        while running.poll() is None and len(archive) == 0:
            time.sleep(0.01)
        running.kill(signal.SIGKILL)
        running.wait()
        count = len(archive)
        assert 0 < count <= 312
        assert all(isinstance(finding, Row) for finding in archive.verify())
        assert kinds(archive.ingest(album))["Archived"] == 312 - count
        assert len(archive) == 312
        assert all(len(row.paths) == 1 for row in archive)


@pytest.mark.slow
def test_two_at_once_archive_each_image_once(shell: Shell, album: Path) -> None:
    running = [shell.start("ingest", album) for _ in range(2)]
    assert [command.wait().returncode for command in running] == [0, 0]
    with Archive(shell.location) as archive:
        assert len(archive) == 12
        assert all(len(row.paths) == 1 for row in archive)
