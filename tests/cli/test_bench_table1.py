"""`coldframe bench table1`."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from statistics import fmean

import pytest

from archive.imaging.vvc import vvc_ffmpeg
from tests.evaluate.conftest import scenes  # noqa: F401  fixture
from tests.support.beforehand import hurry
from tests.support.shell import Shell

VVC = vvc_ffmpeg() != ""
METHODS = ["input", "jpeg", "webp", "avif", *["vvc"] * VVC, "coclico", "coldframe"]
TITLES = ["input", "JPEG", "WebP", "AVIF", *["VVC"] * VVC, "plain CoCliCo", "coldframe"]
COLUMNS = {"bits", "bpp", "clip_distance", "color_score", "psnr"}
LABELS = {"message_type", "method", "judge"}
IQA = {"dbcnn", "musiq"}


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(str(tmp_path / "archive"), tmp_path, first=hurry)


@pytest.fixture
def album(scenes: Path, tmp_path: Path) -> Path:  # noqa: F811
    """Two drawings, and a file that is no image."""
    folder = tmp_path / "album"
    folder.mkdir()
    for name in ("0.png", "1.png"):
        os.link(scenes / name, folder / name)
    (folder / "empty.jpg").touch()
    return folder


def test_every_image_the_means_and_the_summary_are_told_to_programs(
    shell: Shell, album: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    skipped, *lines, summary = shell.json("bench", "table1", album, "--out", out, code=3)
    assert (skipped["message_type"], skipped["reason"]) == ("skipped", "empty")
    images = [line for line in lines if line["message_type"] == "image"]
    means = [line for line in lines if line["message_type"] == "method"]
    assert lines == images + means
    assert [line["method"] for line in means] == METHODS
    paths = [str(album / name) for name in ("0.png", "1.png")]
    assert [(line["path"], line["method"]) for line in images] == [
        (path, method) for path in paths for method in METHODS
    ]
    assert all(line.keys() - IQA == {*COLUMNS, *LABELS, "path"} for line in images)
    assert all(line.keys() - IQA == {*COLUMNS, *LABELS, "pictures"} for line in means)
    for mean in means:
        of_images = [line for line in images if line["method"] == mean["method"]]
        assert mean["pictures"] == 2
        for column in COLUMNS:
            expected = fmean(line[column] for line in of_images)
            assert mean[column] == pytest.approx(expected, rel=1e-3, abs=1e-4), column
    assert summary == {
        "message_type": "summary",
        "pictures": 2,
        "skipped": 1,
        "judge": "own CLIP",
        "sheet": str(out / "table1.png"),
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["album", "out"]


def test_people_see_a_table_of_80_columns_that_says_whose_distance_it_is(
    shell: Shell, album: Path, tiny_pair: Path, tmp_path: Path
) -> None:
    words = ("bench", "table1", album / "0.png", "--out", tmp_path / "out")
    done = shell.run(*words)
    head, *table = done.stdout.splitlines()
    assert done.returncode == 0
    assert head.startswith(f"method{'bits':>20}{'bpp':>10}  own CLIP    color    PSNR")
    assert [line[:14].strip() for line in table[:-2]] == TITLES
    assert table[-2].startswith("own CLIP: distance, measured by the pair's own encoder")
    assert table[-1].startswith("means over 1 image")
    assert all(len(line) <= 80 for line in [head, *table[:-1]])
    if find_spec("pyiqa") is None:
        assert done.stderr.startswith("DBCNN and MUSIQ are left out: ")
        assert "coldframe[iqa]" in done.stderr
    judged = shell.run(*words, "--judge", tiny_pair)
    head, *table = judged.stdout.splitlines()
    assert "own CLIP" not in judged.stdout
    assert head.startswith(f"method{'bits':>20}{'bpp':>10}      CLIP")
    assert table[-2] == f"CLIP: distance, measured by {tiny_pair.name}"


def test_an_ffmpeg_without_vvc_leaves_it_out(shell: Shell, album: Path, tmp_path: Path) -> None:
    words = ("bench", "table1", album / "0.png", "--out", tmp_path / "out")
    done = shell.start(*words, environment={"IMAGEIO_FFMPEG_EXE": "/bin/false"}).wait()
    assert done.returncode == 0
    assert "vvc is left out: there is no ffmpeg with libvvenc" in done.stderr
    methods = [line[:14].strip() for line in done.stdout.splitlines()[1:-2]]
    assert methods == [title for title in TITLES if title != "VVC"]


@pytest.mark.parametrize(
    ("model", "code", "message"),
    [
        ("nonsense", 2, "'nonsense' is not a model pair"),
        ("pocket", 2, "pocket is the encoder that made the rows"),
        ("missing", 2, "'missing' is not a model pair"),
        ("ViT-B-32/no-file.safetensors", 12, "no such file"),
        ("", 2, "it is empty"),
    ],
)
def test_a_judge_that_cannot_be_is_told(
    shell: Shell, album: Path, model: str, code: int, message: str
) -> None:
    words = ("bench", "table1", album / "0.png", "--out", shell.folder / "out", "--judge", model)
    assert message in shell(*words, code=code)


def test_a_folder_without_images_is_refused(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    text = shell("bench", "table1", tmp_path / "empty", "--out", tmp_path / "out", code=2)
    assert "no image in" in text
