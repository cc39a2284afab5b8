"""What `restore` and `audit` make of details."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archive.archive import Archive
from archive.errors import ArchiveReadOnly
from tests.support.beforehand import CANNOT_MOUNT, mount_read_only
from tests.support.rows import new_detail
from tests.support.shell import Shell

RESTORE = ("restore", "1", "2", "--format", "png", "--json")
SENTENCE = "belong to another decoder and were left out"


def pixels(folder: Path) -> list[np.ndarray]:
    """Of the pictures in a folder, by name."""
    return [np.asarray(Image.open(path).convert("RGB")) for path in sorted(folder.iterdir())]


def test_a_picture_with_its_detail_is_another_and_without_it_the_same_as_before(
    plain: Shell, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    again = [line["again"] for line in plain.json(*RESTORE[:-1], "--out", out)]
    before = pixels(out)
    plain("detail", "--bytes", "60")
    again += [line["again"] for line in plain.json(*RESTORE[:-1], "--out", out)]
    after = pixels(out)
    again += [line["again"] for line in plain.json(*RESTORE[:-1], "--out", out)]
    assert again == [False, False, False, False, True, True]
    assert not any(map(np.array_equal, before, after))
    unused = ("--detail-bytes", "0")
    assert not any(line["again"] for line in plain.json(*RESTORE[:-1], *unused, "--out", out))
    assert all(map(np.array_equal, before, pixels(out)))


def test_some_bytes_of_a_detail_are_what_a_cut_one_gives(detailed: Shell, tmp_path: Path) -> None:
    detailed(*RESTORE, "--detail-bytes", "21", "--out", tmp_path / "some")
    detailed("detail", "--bytes", "21")
    detailed(*RESTORE, "--out", tmp_path / "cut")
    assert all(map(np.array_equal, pixels(tmp_path / "some"), pixels(tmp_path / "cut")))


def test_details_of_another_decoder_are_left_out_and_it_is_said(
    plain: Shell, tmp_path: Path
) -> None:
    assert SENTENCE not in plain(*RESTORE, "--out", tmp_path / "before")
    with Archive(plain.location) as archive:
        for image_id in (1, 2, 4):
            new_detail(archive._store, archive[image_id])
    done = plain.run(*RESTORE, "--out", tmp_path / "after")
    assert done.returncode == 0
    assert done.stderr == f"the details of 2 rows {SENTENCE}\n"
    assert all(map(np.array_equal, pixels(tmp_path / "before"), pixels(tmp_path / "after")))
    assert SENTENCE not in plain(*RESTORE, "--detail-bytes", "0", "--out", tmp_path / "after")
    assert f"the details of 3 rows {SENTENCE}\n" in plain("audit", "--sample", "4")


def test_another_size_leaves_details_out(detailed: Shell, tmp_path: Path) -> None:
    options = ("--size", "96", "--out")
    detailed(*RESTORE, *options, tmp_path / "with")
    with Archive(detailed.location) as archive:
        archive._store.details.remove([1, 2])
    detailed(*RESTORE, *options, tmp_path / "without")
    assert all(map(np.array_equal, pixels(tmp_path / "with"), pixels(tmp_path / "without")))


def test_no_detail_is_written_to_a_read_only_disk(detailed: Shell, tmp_path: Path) -> None:
    if os.geteuid() != 0 or not sys.platform.startswith("linux"):
        pytest.skip("mounting takes root")
    disc = Shell(detailed.location, tmp_path, first=partial(mount_read_only, detailed.location))
    if disc.run("ls").returncode == CANNOT_MOUNT:
        pytest.skip("no mount namespace here")
    for max_bytes in ("100", "10", "0"):
        done = disc.run("detail", "--bytes", max_bytes)
        assert done.returncode == ArchiveReadOnly.exit_code
        assert done.stderr.count("\n") == 1
        assert "can only be read" in done.stderr
    assert "2 to be removed\n" in disc("detail", "1", "2", "--bytes", "0", "-n")
    assert len(disc.json("restore", "1", "--out", tmp_path / "out")) == 1
