"""Copies of a picture are found together, and other pictures are left alone."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from archive.archive import Archive
from archive.codecs import CodecConfig

SAMPLES = Path(__file__).parents[1] / "archive" / "demo" / "samples"


def copy_smaller(source: Path, target: Path) -> Path:
    """A copy as a messenger makes it."""
    with Image.open(source) as image:
        smaller = image.convert("RGB").resize((image.width * 3 // 4, image.height * 3 // 4))
    smaller.save(target, quality=70)
    return target


def test_copies_are_one_group_across_codecs(pocket_archive: Archive, tmp_path: Path) -> None:
    originals = [SAMPLES / f"{number:02}.webp" for number in range(1, 25)]
    list(pocket_archive.ingest(originals))
    copy = copy_smaller(originals[0], tmp_path / "copy.jpg")
    list(pocket_archive.ingest(copy))
    pocket_archive.use_codec(CodecConfig("klt", bits=120, map_bits=40))
    second = copy_smaller(copy, tmp_path / "copy of a copy.jpg")
    list(pocket_archive.ingest(second))
    groups = [[member.row.path for member in group] for group in pocket_archive.near_duplicates()]
    assert [str(originals[0]), str(copy), str(second)] in groups
    assert all(str(copy) not in group for group in groups if str(originals[0]) not in group)


def test_an_empty_archive_has_no_duplicates(pocket_archive: Archive) -> None:
    assert list(pocket_archive.near_duplicates()) == []


def test_pictures_of_other_colors_are_no_duplicates(
    pocket_archive: Archive, tmp_path: Path
) -> None:
    with Image.open(SAMPLES / "01.webp") as image:
        red, green, blue = image.convert("RGB").split()
    for name, bands in {"one": (red, green, blue), "other": (blue, red, green)}.items():
        Image.merge("RGB", bands).save(tmp_path / f"{name}.png")
    list(pocket_archive.ingest(tmp_path))
    assert list(pocket_archive.near_duplicates()) == []
