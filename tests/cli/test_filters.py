"""The same filters for every command that chooses rows."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.support.shell import Shell
from tests.test_selection import make_album


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory, empty_archive: Path) -> Shell:
    """Commands on an archive of files with EXIF that tests only read."""
    folder = tmp_path_factory.mktemp("described").resolve()
    shutil.copytree(empty_archive, folder / "archive")
    make_album(folder / "album")
    shell = Shell(str(folder / "archive"), folder)
    shell("ingest", "album")
    return shell


def names(shell: Shell, *words: str) -> list[str]:
    """The first letters of what `ls` lists, in its order."""
    return [os.path.basename(row["path"])[0] for row in shell.json("ls", *words)]


def test_ls_lists_what_meets_the_filters_in_order(described: Shell) -> None:
    period = ("--since", "2019", "--until", "2019-08")
    assert names(described, *period, "--sort", "-date") == ["h", "a", "g"]
    assert names(described, "--camera", "CANON", "--format", "jpeg") == ["a", "g"]
    assert names(described, "--near", "-16.9,179.995,2", "--sort", "date") == ["b", "c"]
    assert names(described, "--under", "album/2019%") == ["d"]
    assert names(described, "--where", "camera~*5D", "--has-original") == ["a", "g", "d"]
    assert names(described, "--under", "album/nowhere") == []


def test_ls_and_show_tell_camera_and_place(described: Shell) -> None:
    [row] = described.json("ls", "--near", "48.86,2.29,5", "--camera", "canon")
    assert (row["camera"], row["latitude"], row["longitude"]) == ("Canon EOS 5D", 48.8583, 2.2945)
    [shown] = described.json("show", str(row["id"]))
    assert (shown["camera"], shown["latitude"]) == ("Canon EOS 5D", 48.8583)
    assert "camera       Canon EOS 5D" in described("show", str(row["id"]))
    [bare] = described.json("ls", "--under", "album/20199")
    assert (bare["camera"], bare["latitude"]) == (None, None)
    assert "longitude    -\n" in described("show", str(bare["id"]))


def test_search_finds_the_best_of_what_meets_the_filters(described: Shell) -> None:
    [found] = described.json("search", "a boat", "--camera", "iphone", "--sort", "date")
    hits = found["hits"]
    assert [os.path.basename(hit["path"])[0] for hit in hits] == ["b", "c"]
    assert hits[0]["taken_at"] == "2019-12-31T23:59:59"
    assert "no row meets the conditions" in described("search", "a boat", "--since", "2030")


def test_detail_and_recode_take_the_same_filters(described: Shell) -> None:
    done = described("detail", "--camera", "canon", "--until", "2018", "-n")
    assert done.startswith("details of 1 image")
    [summary] = described.json("recode", "--codec", "clip", "--near", "48.86,2.29,5", "-n")
    assert summary["recoded"] == 2


@pytest.mark.parametrize(
    ("words", "sentence", "code"),
    [
        (("ls", "--since", "yesterday"), "expected a date like 2019", 2),
        (("search", "x", "--near", "1,2"), "LATITUDE,LONGITUDE,KM", 2),
        (("ls", "--where", "color=red"), "invalid condition", 2),
        (("ls", "--volume", "nowhere"), "`coldframe volumes` lists them", 1),
        (("ls", "--skipped", "--camera", "x"), "conditions select archived images", 2),
        (("detail", "1", "--camera", "x"), "not both", 2),
        (("forget", "1", "--format", "png"), "give either ids", 2),
        (("ls", "--camera", ""), "empty", 2),
        (("ls", "--sort", "size"), "size", 2),
    ],
)
def test_what_means_nothing_is_told(
    described: Shell, words: tuple[str, ...], sentence: str, code: int
) -> None:
    assert sentence in described(*words, code=code)


def test_forget_takes_the_same_filters(described: Shell, tmp_path: Path) -> None:
    shutil.copytree(described.location, tmp_path / "copy")
    copy = Shell(str(tmp_path / "copy"), described.folder)
    assert copy("forget", "--camera", "iphone", "-n").count("\n") == 2
    assert "forgot 2 images" in copy("forget", "--camera", "iphone", "--yes")
    assert sorted(names(copy)) == list("adefgh")


def test_volumes_are_listed_for_people_and_programs(described: Shell, pocket_shell: Shell) -> None:
    [volume] = described.json("volumes")
    assert (volume["is_here"], volume["images"]) == (True, 8)
    assert str(described.folder).startswith(volume["path"])
    line = described("volumes")
    assert line.startswith("here  ")
    assert "8 images" in line
    assert len(names(described, "--volume", volume["label"])) == 8
    assert pocket_shell.json("volumes") == []
    assert "`coldframe ingest FOLDER`" in pocket_shell("volumes")


def test_a_rescan_says_what_it_filled_in(described: Shell, tmp_path: Path) -> None:
    assert "filled in" not in described("ingest", "--rescan", "album")
    [*_, summary] = described.json("ingest", "--rescan", "album")
    assert summary["described"] == 0
