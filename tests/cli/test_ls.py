"""`coldframe ls`: rows for people, programs and xargs, whatever the files are called."""

from __future__ import annotations

import base64
import os
from pathlib import Path

from PIL import Image

from tests.support.shell import Shell


def test_ls_lists_rows_for_people_programs_and_xargs(
    filled_shell: Shell, image_folder: Path
) -> None:
    rows = filled_shell.json("ls")
    assert {row["path"] for row in rows} == {str(path) for path in image_folder.rglob("scene*")}
    assert filled_shell("ls").count("\n") == 12
    assert filled_shell("ls", "-0").split("\0")[:-1] == [row["path"] for row in rows]


def test_paths_that_are_not_utf8_travel_as_base64(
    pocket_shell: Shell, image_folder: Path, tmp_path: Path
) -> None:
    name = os.fsencode(tmp_path) + b"/latin-\xfcber.jpg"
    with open(name, "wb") as file:
        file.write((image_folder / "scene 0.jpg").read_bytes())
    pocket_shell("ingest", os.fsdecode(name))
    [row] = pocket_shell.json("ls")
    assert base64.b64decode(row["path_b64"]) == name
    assert "\\udcfc" in pocket_shell("ls")


def test_a_name_cannot_steer_the_terminal(
    pocket_shell: Shell, image_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "red \x1b[31m.jpg").write_bytes((image_folder / "scene 0.jpg").read_bytes())
    pocket_shell("ingest", tmp_path / "red \x1b[31m.jpg")
    assert "\x1b" not in pocket_shell("ls")
    assert "\\x1b[31m" in pocket_shell("ls")


def test_ls_lists_groups_of_near_duplicates(
    pocket_shell: Shell, image_folder: Path, tmp_path: Path
) -> None:
    for quality in (60, 90):
        with Image.open(image_folder / "scene 0.jpg") as image:
            image.save(tmp_path / f"quality {quality}.jpg", quality=quality)
    pocket_shell("ingest", tmp_path / "quality 60.jpg", tmp_path / "quality 90.jpg")
    first, second = pocket_shell.json("ls", "--near-duplicates")
    assert (first["id"], first["group"], second["id"], second["group"]) == (1, 1, 2, 1)
    assert first["cosine"] == second["cosine"] >= 0.9
    assert first["color_score"] <= 0.005
    listed = pocket_shell("ls", "--near-duplicates")
    assert listed.count("\n") == 3
    assert listed.endswith("\n\n")


def test_groups_of_near_duplicates_are_not_paths(filled_shell: Shell) -> None:
    assert "not groups" in filled_shell("ls", "--near-duplicates", "--null", code=2)
    assert "conditions" in filled_shell("ls", "--near-duplicates", "--format", "png", code=2)
    assert "give one of" in filled_shell("ls", "--near-duplicates", "--skipped", code=2)
