"""On a terminal `ls` and `stats` are tables of its width, and paths are relative to the folder that
one stands in; a pipe gets lines with absolute paths.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.cli.test_escapes import HOSTILE, obeyed
from tests.support.shell import Shell
from tests.support.terminal import on_terminal
from tests.support.terminal import plain as without_codes


def table_of(shell: Shell, *words: str, **options: object) -> list[str]:
    """The lines of a table, without the spaces that fill them."""
    code, output = on_terminal(shell, *words, **options)  # type: ignore[arg-type]
    assert code == 0, output
    return [line.rstrip() for line in without_codes(output).splitlines()]


def left(lines: list[str]) -> int:
    """Where the column of files begins."""
    return lines[0].index("file")


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_ls_is_a_table_as_wide_as_the_terminal(filled_shell: Shell, columns: int) -> None:
    lines = table_of(filled_shell, "ls", columns=columns)
    assert max(map(len, lines)) <= columns
    assert lines[0].split() == ["id", "date", "pixels", "size", "file"]
    paths = "".join(line[left(lines) :] for line in lines[1:]).replace(" ", "")
    expected = [row["path"] for row in filled_shell.json("ls")]
    assert paths == "".join(expected).replace(" ", "")
    if columns == 200:
        assert len(lines) == 1 + len(expected)


def test_paths_below_the_current_folder_are_relative_to_it(
    filled_shell: Shell, image_folder: Path
) -> None:
    lines = table_of(filled_shell, "ls", folder=image_folder)
    assert sum("  inner/scene" in line for line in lines) == 6
    assert str(image_folder) not in "".join(lines)
    code, output = on_terminal(filled_shell, "search", "a house", "-n", "1", folder=image_folder)
    assert code == 0
    assert str(image_folder) not in output
    listed = table_of(filled_shell, "ls", "--format", "jpeg", folder=image_folder / "inner")
    assert {line[left(listed) :] for line in listed[1:]} >= {"scene 3.jpg", "scene 9.jpg"}


def test_stats_are_a_table(filled_shell: Shell) -> None:
    lines = table_of(filled_shell, "stats")
    [stats] = filled_shell.json("stats")
    assert max(map(len, lines)) <= 80
    assert lines[0] == "12 images, model pocket, codec klt"
    assert lines[1].split() == ["an", "image", "in", "all"]
    assert [line[:12].strip() for line in lines[2:]] == [
        "embedding",
        "color map",
        "database",
        "search index",
        "originals",
    ]
    assert f"{stats['clip_bits_per_image']:g} bits" in lines[2]
    assert f"{stats['ratio']:.1f} to 1" in lines[-1]


@pytest.mark.slow
def test_scores_and_groups_are_tables(plain: Shell, image_folder: Path) -> None:
    plain("audit", "--sample", "2")
    [first, second] = plain.json("ls", "--worst", "2")
    lines = table_of(plain, "ls", "--worst", "2", columns=300)
    assert [line.split()[0] for line in lines[-2:]] == [str(first["id"]), str(second["id"])]
    assert f"{second['clip_similarity']:.4f}" in lines[-1]
    assert "original" in lines[0]
    folder = plain.folder / "copies"
    folder.mkdir()
    for quality in (60, 90):
        with Image.open(image_folder / "scene 0.jpg") as image:
            image.save(folder / f"{quality}.jpg", quality=quality)
    plain("ingest", folder)
    members = plain.json("ls", "--near-duplicates")
    lines = table_of(plain, "ls", "--near-duplicates", folder=folder, columns=300)
    assert lines[0].split() == ["id", "date", "pixels", "size", "cosine", "color", "score", "file"]
    assert [line.split()[0] for line in lines[1:] if line] == [str(row["id"]) for row in members]
    assert {line.rpartition("  ")[2] for line in lines} >= {"60.jpg", "90.jpg"}
    assert lines.count("") == members[-1]["group"]


def test_what_a_terminal_would_obey_stays_out_of_tables(pocket_shell: Shell, album: Path) -> None:
    (album / "scene 0.jpg").rename(album / f"{HOSTILE}[bold].jpg")
    (album / f"{HOSTILE}.png").write_text("not a picture")
    pocket_shell("ingest", album, code=3)
    for words in (("ls",), ("ls", "--skipped")):
        lines = table_of(pocket_shell, *words, columns=300)
        assert obeyed("".join(lines)) == []
        assert "\\x1b[31m\\nnext\\rback\\x9b2J\\u202egpj" in "".join(lines)
    assert "[bold].jpg" in "".join(table_of(pocket_shell, "ls", columns=300))


def test_a_pipe_gets_lines_with_absolute_paths(filled_shell: Shell, image_folder: Path) -> None:
    shell = Shell(filled_shell.location, image_folder)
    for words in (("ls",), ("search", "a house")):
        assert all(str(image_folder) in line for line in shell(*words).splitlines())
    assert shell("ls", "-0").count(f"{image_folder}/") == 12
