"""What a scan comes across: every file once, in order, and no image is missed for its name."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.errors import UsageError
from archive.ingest.rules import ScanRules
from archive.ingest.scan import ALL, Candidate, Paths, as_paths, scan
from archive.ingest.signatures import SUFFIXES
from archive.records import FileStamp

JPEG = b"\xff\xd8\xff\xe0" + bytes(12)


def names(folder: Path) -> list[str]:
    return [os.path.relpath(candidate.path, folder) for candidate in scan(str(folder))]


def images(folder: Path, rules: ScanRules = ALL) -> set[str]:
    return {Path(file.path).name for file in scan(str(folder), rules) if file.may_be_image}


def generated() -> Iterator[str]:
    yield "a"
    yield "b"


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ("/photos", ["/photos"]),
        (Path("/photos"), ["/photos"]),
        ("", [""]),
        (["a", Path("b")], ["a", "b"]),
        (("a",), ["a"]),
        (generated(), ["a", "b"]),
        ([], []),
    ],
)
def test_a_bare_string_is_one_path_and_never_characters(paths: Paths, expected: list[str]) -> None:
    assert as_paths(paths) == expected


def test_anything_with_a_file_system_path_is_a_path(tmp_path: Path) -> None:
    with os.scandir(tmp_path.parent) as entries:
        assert str(tmp_path) in as_paths(entries)


@pytest.mark.parametrize("paths", [b"/photos", 7, None, [b"/photos"], ["a", 7], [["a"]]])
def test_what_is_not_a_path_is_refused(paths: object) -> None:
    with pytest.raises(UsageError, match="expected a path"):
        as_paths(paths)  # type: ignore[arg-type]


def test_folders_are_walked_in_order_of_names(tmp_path: Path) -> None:
    for name in ("b/2.jpg", "b/1.jpg", "a/c/3.jpg", "a/4.jpg", "z.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert names(tmp_path) == ["z.jpg", "a/4.jpg", "a/c/3.jpg", "b/1.jpg", "b/2.jpg"]


def test_every_file_comes_with_its_size_and_time(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"four")
    os.utime(tmp_path / "a.jpg", ns=(5, 7))
    path = str(tmp_path / "a.jpg")
    status = os.stat(path)
    stamp = FileStamp(4, 7, status.st_ctime_ns, status.st_ino)
    assert list(scan(path)) == [Candidate(path, stamp, may_be_image=True)]
    assert list(scan(str(tmp_path))) == list(scan(path))


def test_a_file_without_a_status_has_no_stamp(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").symlink_to(tmp_path / "nowhere")
    [broken] = scan(str(tmp_path))
    assert broken.stamp is None
    assert broken.may_be_image
    assert list(scan(str(tmp_path / "broken.jpg"))) == [broken]


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_a_known_suffix_is_enough_in_either_case(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"lower{suffix}").touch()
    (tmp_path / f"upper{suffix.upper()}").touch()
    assert len(images(tmp_path)) == 2


@pytest.mark.parametrize(
    "head",
    [
        JPEG,
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"RIFF\0\0\0\0WEBPVP8 ",
        b"\0\0\0\x20ftypavif",
        b"\0\0\0\x20ftypheic",
        b"\0\0\0\x20ftypmif1",
        b"\xff\x0a\xfa",
        b"II\x2a\0",
        b"MM\0\x2a",
        b"II\x2b\0\x08\0\0\0",
        b"BM" + bytes(8) + b"\x36\0\0\0\x28\0\0\0",
        b"\0\0\0\x0cjP  \r\n\x87\n",
        b"\xff\x4f\xff\x51",
        b"P6\n40 30\n255\n",
        *(b"\0\0\0\x20ftyp" + brand for brand in (b"heix", b"hevc", b"avis", b"msf1")),
        b"\0\0\0\x18ftypisom\0\0\0\0mif1heic",
        b"\0\0\0\x0cJXL \r\n\x87\n",
    ],
)
def test_the_first_bytes_are_enough_whatever_the_name(tmp_path: Path, head: bytes) -> None:
    (tmp_path / "image").write_bytes(head + bytes(64))
    (tmp_path / "text").write_bytes(b"x" + head)
    assert images(tmp_path) == {"image"}


def test_other_files_are_reported_as_no_images(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / "empty").touch()
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe")
    assert len(names(tmp_path)) == 4
    assert [file.may_be_image for file in scan(str(tmp_path))] == [False] * 4


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="this is no Linux")
def test_a_file_that_opens_but_cannot_be_read_is_no_image(tmp_path: Path) -> None:
    (tmp_path / "memory").symlink_to("/proc/self/mem")
    with pytest.raises(OSError, match="error"), (tmp_path / "memory").open("rb") as memory:
        memory.read(1)
    assert names(tmp_path) == ["memory"]
    assert images(tmp_path) == set()


def test_a_path_that_the_user_names_always_counts_as_an_image(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no image")
    [notes] = scan(str(tmp_path / "notes.txt"))
    assert notes.may_be_image


def test_links_to_folders_are_not_followed_but_links_to_files_are(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(JPEG)
    (tmp_path / "photos" / "b.jpg").symlink_to("a.jpg")
    (tmp_path / "photos" / "loop").symlink_to(tmp_path / "photos")
    assert images(tmp_path) == {"a.jpg", "b.jpg"}
    [linked] = [file.path for file in scan(str(tmp_path)) if file.is_linked_folder]
    assert linked == str(tmp_path / "photos" / "loop")
    follow = ScanRules(follow_links=True)
    assert len(list(scan(str(tmp_path), follow))) == 2  # the loop ends
    (tmp_path / "link").symlink_to(tmp_path / "photos")
    met = scan(str(tmp_path / "link"))
    assert {file.path for file in met if not file.is_linked_folder} == {
        str(tmp_path / "photos" / "a.jpg"),
        str(tmp_path / "photos" / "b.jpg"),
    }


def test_relative_paths_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.jpg").write_bytes(JPEG)
    monkeypatch.chdir(tmp_path)
    assert [file.path for file in scan("a.jpg")] == [str(tmp_path / "a.jpg")]
    assert [file.path for file in scan(".")] == [str(tmp_path / "a.jpg")]


def test_a_folder_that_cannot_be_read_is_reported_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_folder = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("private"):
            raise PermissionError(13, "Permission denied", str(path))
        return list_folder(path)

    for name in ("a/private", "b"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "b" / "b.jpg").touch()
    monkeypatch.setattr(os, "scandir", refuse)
    closed, readable = sorted(scan(str(tmp_path)), key=lambda file: file.path)
    private = str(tmp_path / "a" / "private")
    assert closed == Candidate(private, None, may_be_image=False, error="Permission denied")
    assert readable.path == str(tmp_path / "b" / "b.jpg")
    [top] = scan(private)
    assert top == closed


@pytest.mark.parametrize("path", ["/nowhere/at/all", ""])
def test_a_path_that_does_not_exist_is_a_usage_error(path: str) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        list(scan(path))


def fill(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(JPEG)


def test_what_programs_keep_beside_pictures_is_passed_over(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "@eaDir/b.jpg", ".Trash-1000/files/c.jpg", "$RECYCLE.BIN/d.jpg")
    fill(tmp_path, ".thumbnails/e.jpg", ".picasaoriginals/f.jpg", "Thumbs.db", ".git/g.jpg")
    fill(tmp_path, "app/.nomedia", "app/h.jpg", ".trashed-1-i.jpg", ".DS_Store")
    (tmp_path / "._a.jpg").write_bytes(b"\0\5\x16\7\0\2\0\0Mac OS X")
    assert names(tmp_path) == ["a.jpg"]
    fill(tmp_path, "._picture.jpg")
    assert images(tmp_path) == {"a.jpg", "._picture.jpg"}
    assert images(tmp_path / "app") == {"h.jpg"}  # it was named
    assert images(tmp_path / "@eaDir") == {"b.jpg"}


def test_patterns_exclude_and_include(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "b.png", "raw/c.jpg", "raw/d.png")
    assert images(tmp_path, ScanRules(exclude=["*.png"])) == {"a.jpg", "c.jpg"}
    assert images(tmp_path, ScanRules(exclude=["/raw/"])) == {"a.jpg", "b.png"}
    assert images(tmp_path, ScanRules(include=["*.jpg"])) == {"a.jpg", "c.jpg"}
    assert images(tmp_path, ScanRules(exclude=["raw/"], include=["*.jpg"])) == {"a.jpg"}


def test_the_nearest_ignore_file_decides(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "b.png", "in/c.png", "in/d.jpg", "out/e.jpg")
    (tmp_path / ".coldframeignore").write_text("# not these\n*.png\nout/\n")
    assert images(tmp_path) == {"a.jpg", "d.jpg"}
    (tmp_path / "in" / ".coldframeignore").write_text("!c.png\nd.*\n")
    assert images(tmp_path) == {"a.jpg", "c.png"}


def test_folders_may_be_nested_as_deep_as_paths_reach(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(JPEG)
    folder = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1100):
        os.mkdir("d", dir_fd=folder)
        inner = os.open("d", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    file = os.open("x.jpg", os.O_WRONLY | os.O_CREAT, dir_fd=folder)
    os.close(file)
    os.close(folder)
    met = images(tmp_path)
    subprocess.run(["rm", "-r", tmp_path / "d"], check=True)  # shutil would recurse too deep
    assert met == {"a.jpg", "x.jpg"}


def test_a_file_below_two_of_the_paths_is_met_once(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "inner/b.jpg")
    paths = [tmp_path, tmp_path / "inner", tmp_path / "a.jpg", tmp_path / "inner" / "b.jpg"]
    for order in (paths, paths[::-1]):
        assert sorted(Path(file.path).name for file in scan(order)) == ["a.jpg", "b.jpg"]


def test_only_some_paths_are_scanned_and_every_rule_holds_for_them(tmp_path: Path) -> None:
    (tmp_path / "year" / "trip").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    for folder in ("year", "year/trip", "other"):
        for name in ("a.jpg", "b.jpg"):
            (tmp_path / folder / name).write_bytes(JPEG)
    asked_for = ["year/trip", "year/a.jpg", "other/b.jpg", "other/missing.jpg"]
    only = frozenset(str(tmp_path / path) for path in asked_for)
    candidates = [
        os.path.relpath(file.path, tmp_path) for file in scan(str(tmp_path), ScanRules(only=only))
    ]
    assert candidates == ["other/b.jpg", "year/a.jpg", "year/trip/a.jpg", "year/trip/b.jpg"]
    (tmp_path / "year" / ".coldframeignore").write_text("b.jpg\n")
    rules = ScanRules(exclude=["/other"], only=only)
    files = [os.path.relpath(file.path, tmp_path) for file in scan(str(tmp_path), rules)]
    assert files == ["year/a.jpg", "year/trip/a.jpg"]


def test_a_link_that_is_asked_for_is_followed_to_its_folder(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "a.jpg").write_bytes(JPEG)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "link").symlink_to(tmp_path / "far")
    rules = ScanRules(follow_links=True, only=frozenset([str(tmp_path / "photos" / "link")]))
    [file] = scan(str(tmp_path / "photos"), rules)
    assert file.path == str(tmp_path / "far" / "a.jpg")


@pytest.mark.parametrize("name", ["a.jpg.part", "b.PARTIAL", "c.jpg.crdownload", "d.png.!qB"])
def test_downloads_that_are_not_finished_are_passed_over(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(JPEG)
    assert names(tmp_path) == []
