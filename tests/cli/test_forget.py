"""`coldframe forget`: for good, but not by accident."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from tests.support.shell import Shell


@pytest.fixture
def copy(filled_shell: Shell, tmp_path: Path) -> Shell:
    shutil.copytree(filled_shell.location, tmp_path / "copy")
    return Shell(str(tmp_path / "copy"), tmp_path)


def test_rows_are_forgotten_after_a_look(copy: Shell, image_folder: Path) -> None:
    inner = str(image_folder / "inner")
    listed = copy("forget", "--under", inner, "-n")
    assert listed.count("scene") == 6
    assert copy("ls").count("\n") == 12
    assert "look with --dry-run, then give --yes" in copy("forget", "--under", inner, code=2)
    assert "no row meets the conditions" in copy("forget", "--under", inner + "x", "-n")
    assert "forgot 6 images" in copy("forget", "--under", inner, "--yes")
    assert copy("ls").count("\n") == 6
    assert "6 unchanged, 6 forgotten earlier" in copy("ingest", image_folder)


def test_a_tombstone_is_listed_and_lifted(copy: Shell, image_folder: Path) -> None:
    [forgotten] = copy.json("forget", "3", "--yes")
    path = Path(forgotten["paths"][0]["path"])
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert [line["digest"] for line in copy.json("ls", "--forgotten")] == [digest]
    assert digest in copy("ls", "--forgotten")
    assert digest in copy("forget", "--no-tombstone", "-n", digest.upper())
    assert digest in copy("ls", "--forgotten")
    assert "lifted 1 tombstone" in copy("forget", "--no-tombstone", digest.upper())
    assert copy("ls", "--forgotten") == ""
    assert "archived 1 image" in copy("ingest", image_folder)


def test_restored_pictures_stay_and_are_named(copy: Shell, tmp_path: Path) -> None:
    copy("restore", "3", "--steps", "1", "--out", tmp_path / "out")
    [file] = (tmp_path / "out").iterdir()
    assert f"restored picture, yours to delete: {file}" in copy("forget", "3", "--yes")
    assert file.exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "give either ids"),
        (("3", "--missing"), "give either ids"),
        (("three",), "'three' is not an id"),
        (("a" * 64,), "is not an id"),
        (("--where", "width"), "invalid condition"),
    ],
)
def test_what_is_not_clear_forgets_nothing(
    filled_shell: Shell, words: tuple[str, ...], sentence: str
) -> None:
    assert sentence in filled_shell("forget", *words, "--yes", code=2)
    assert "no row meets" in filled_shell("forget", "--where", "width>9999", "--yes")
    assert "no image 99" in filled_shell("forget", "99", "--yes", code=1)
    assert "no tombstone" in filled_shell("forget", "--no-tombstone", "0" * 64, code=1)
    assert filled_shell("ls").count("\n") == 12


def test_a_row_is_forgotten_once_and_all_its_paths_are_listed(copy: Shell, tmp_path: Path) -> None:
    [path] = [row["path"] for row in copy.json("ls") if row["id"] == 3]
    (tmp_path / "elsewhere.jpg").write_bytes(Path(path).read_bytes())
    copy("ingest", tmp_path / "elsewhere.jpg")
    assert f"also at {tmp_path}/elsewhere.jpg" in copy("forget", "-n", "3")
    assert "forgot 1 image" in copy("forget", "3", "3", "--yes")
