"""`coldframe search --sheet` and `--html`: the hits as files to look at."""

from __future__ import annotations

import shutil
from pathlib import Path

from PIL import Image

from tests.cli.test_serve import served
from tests.support.shell import Shell


def test_hits_are_written_as_a_sheet_and_as_a_page(filled_shell: Shell, tmp_path: Path) -> None:
    sheet = tmp_path / "hits.png"
    page = tmp_path / "hits.html"
    pictures = ("--sheet", sheet, "--html", page)
    done = filled_shell.run("search", "--like", "1", "a house", "-n", "7", *pictures)
    assert done.stdout.count("\n") == 7
    assert done.stderr == f"contact sheet written to {sheet}\npage written to {page}\n"
    with Image.open(sheet) as image:
        assert image.format == "PNG"
        assert image.width > image.height
    text = page.read_text("utf-8")
    assert text.count("<li") == 7
    assert "<h1>“a house” + like image 1</h1>" in text


def test_every_search_has_pictures(filled_shell: Shell, image_folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "hits.html"
    example = image_folder / "scene 0.jpg"
    for words, heading in (
        (("--image", example, "--format", "png"), "like scene 0.jpg"),
        (("purple submarine accountant",), "“purple submarine accountant”"),
        (("a house", "--not", "the sea", "--sort", "date"), "“a house” − “the sea”"),
    ):
        [answer] = filled_shell.json("search", *words, "-n", "2", "--html", page)
        text = page.read_text("utf-8")
        assert f"<h1>{heading}</h1>" in text
        assert ("Nothing really matches" in text) == (not answer["matches"])
        names = [Path(hit["path"]).name for hit in answer["hits"]]
        assert [text.index(f'alt="{name}"') for name in names] == sorted(
            text.index(f'alt="{name}"') for name in names
        )


def test_hits_of_a_running_service_have_pictures(filled_shell: Shell, tmp_path: Path) -> None:
    shutil.copytree(filled_shell.location, tmp_path / "archive")
    shell = Shell(str(tmp_path / "archive"), tmp_path)
    words = ("search", "a house", "-n", "3", "--html")
    expected = shell(*words, tmp_path / "own.html").splitlines()[:3]
    with served(shell):
        assert shell(*words, tmp_path / "served.html").splitlines()[:3] == expected
    assert (tmp_path / "served.html").read_bytes() == (tmp_path / "own.html").read_bytes()


def test_files_of_other_kinds_are_refused_before_the_search(
    filled_shell: Shell, pocket_shell: Shell, tmp_path: Path
) -> None:
    (tmp_path / "folder.png").mkdir()
    for option, file, message in (
        ("--sheet", "hits.gif", "expected a name with .png or .jpg or .webp, not 'hits.gif'"),
        ("--html", "hits", "expected a name with .html, not 'hits'"),
        ("--html", "nowhere/hits.html", "there is no folder 'nowhere'"),
        ("--sheet", tmp_path / "folder.png", "is a directory"),
    ):
        assert message in filled_shell("search", "a house", option, file, code=2)
    assert "the archive is empty" in pocket_shell("search", "a house", "--html", "hits.html")
    assert not (pocket_shell.folder / "hits.html").exists()


def test_no_original_is_replaced(pocket_shell: Shell, album: Path) -> None:
    pocket_shell("ingest", album)
    original = next(path for path in album.rglob("*.png"))
    content = original.read_bytes()
    for words in (("search", "a house", "--sheet"), ("stats", "--plot")):
        assert "is an original in this archive" in pocket_shell(*words, original, code=2)
    assert original.read_bytes() == content
    sheet = album / "sheet.png"
    for _ in range(2):
        pocket_shell("search", "a house", "--sheet", sheet)
