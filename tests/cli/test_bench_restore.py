"""`coldframe bench restore`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.evaluate.conftest import scenes  # noqa: F401  fixture
from tests.support.beforehand import hurry
from tests.support.shell import Shell

METHODS = ["coldframe", "color_map", "jpeg", "webp", "avif"]
FIELDS = {"message_type", "method", "pictures", "bits", "bpp", "clip_similarity", "color_score"}


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(str(tmp_path / "archive"), tmp_path, first=hurry)


def test_skips_methods_and_the_sheet_are_reported_and_no_archive_is_touched(
    shell: Shell,
    scenes: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    album = tmp_path / "album"
    album.mkdir()
    os.link(scenes / "0.png", album / "0.png")
    (album / "empty.jpg").touch()
    out = tmp_path / "out"
    skipped, *methods, summary = shell.json("bench", "restore", album, "--out", out, code=3)
    assert (skipped["message_type"], skipped["reason"]) == ("skipped", "empty")
    assert [method["method"] for method in methods] == METHODS
    assert all(set(method) == FIELDS | {"psnr"} and method["pictures"] == 1 for method in methods)
    sheet = str(out / "methods.png")
    assert summary == {"message_type": "summary", "pictures": 1, "skipped": 1, "sheet": sheet}
    text = shell("bench", "restore", scenes / "1.png", "--out", out)
    titles = [line.split("  ")[0] for line in text.splitlines()[1:6]]
    assert titles == ["coldframe", "color map", "JPEG", "WebP", "AVIF"]
    assert "means over 1 image" in text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["album", "out"]


def test_a_folder_without_images_is_refused(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    text = shell("bench", "restore", tmp_path / "empty", "--out", tmp_path / "out", code=2)
    assert "no image in" in text


def test_details_count_and_come_nearer(
    shell: Shell,
    scenes: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    arguments = ("bench", "restore", scenes / "0.png", "--out", tmp_path / "out")
    row, *_ = shell.json(*arguments)
    detailed, *_ = shell.json(*arguments, "--detail", "80")
    assert detailed["bits"] == row["bits"] + 8 * 80
    assert detailed["psnr"] > row["psnr"]
