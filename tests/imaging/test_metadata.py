"""Dates are the camera's, and restorations are not taken for originals."""

from __future__ import annotations

import zlib
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from archive.errors import Unreadable, UsageError
from archive.imaging.decode import load_picture
from archive.imaging.provenance import Provenance, write_picture
from tests.support.images import assert_red_and_blue, red_and_blue

EXIF_IFD = 0x8769
DATE_TIME = 0x0132
DATE_TIME_ORIGINAL = 0x9003
PROVENANCE = Provenance(
    row_id=7,
    original_sha256="ab" * 32,
    bits=704,
    codec="coclico",
    model="pocket",
    decoder="<pocket>",
    decoder_sha256="cd" * 32,
    seed=5,
    parameters={"steps": 2},
    software="coldframe 1",
)


def date_of(tmp_path: Path, *, original: str | None = None, changed: str | None = None) -> object:
    """What is read from a JPEG file with these EXIF dates."""
    exif = Image.Exif()
    if original is not None:
        exif.get_ifd(EXIF_IFD)[DATE_TIME_ORIGINAL] = original
    if changed is not None:
        exif[DATE_TIME] = changed
    red_and_blue().save(tmp_path / "dated.jpg", exif=exif)
    return load_picture(tmp_path / "dated.jpg", at_least=32).taken_at


def test_the_date_is_when_the_picture_was_taken(tmp_path: Path) -> None:
    taken = datetime(2019, 7, 14, 10, 11, 12)
    assert date_of(tmp_path, original="2019:07:14 10:11:12") == taken
    assert date_of(tmp_path, original="2019:07:14 10:11:12.345+02:00") == taken
    assert date_of(tmp_path, original=" 2019:07:14 10:11:12\0") == taken


def test_the_date_of_the_last_change_is_second_best(tmp_path: Path) -> None:
    edited = "2021:01:02 03:04:05"
    assert date_of(tmp_path, changed=edited) == datetime(2021, 1, 2, 3, 4, 5)
    taken = date_of(tmp_path, original="2019:07:14 10:11:12", changed=edited)
    assert taken == datetime(2019, 7, 14, 10, 11, 12)


@pytest.mark.parametrize(
    "text",
    [
        "2019-07-14 10:11:12",
        "2019-07-14T10:11:12",
        "2019/07/14 10:11:12",
        "2019.07.14 10.11.12",
        "2019:07:14 10:11:12+0200",
        "2019-07-14T10:11:12.345Z",
        "2019:07:14\t10:11:12",
    ],
)
def test_other_spellings_of_a_date_are_read(tmp_path: Path, text: str) -> None:
    assert date_of(tmp_path, original=text) == datetime(2019, 7, 14, 10, 11, 12)


def test_a_day_is_a_date_and_the_ends_of_days_are_times(tmp_path: Path) -> None:
    assert date_of(tmp_path, original="2019:07:14") == datetime(2019, 7, 14)
    assert date_of(tmp_path, original="2019:07:14 10:11") == datetime(2019, 7, 14, 10, 11)
    assert date_of(tmp_path, original="2019:07:14 24:00:00") == datetime(2019, 7, 15)
    assert date_of(tmp_path, original="2019:07:14 23:59:60") == datetime(2019, 7, 15)


def test_a_date_that_cannot_be_read_gives_way_to_the_next(tmp_path: Path) -> None:
    edited = "2021:01:02 03:04:05"
    for original in ("0000:00:00 00:00:00", "    :  :     :  :  ", "0001:01:01 00:00:00"):
        taken = date_of(tmp_path, original=original, changed=edited)
        assert taken == datetime(2021, 1, 2, 3, 4, 5)


def test_dates_of_xmp_and_png_are_read(tmp_path: Path) -> None:
    xmp = b'<x:xmpmeta><rdf:Description xmp:CreateDate="2018-03-04T05:06:07+01:00"/></x:xmpmeta>'
    red_and_blue().save(tmp_path / "xmp.webp", xmp=xmp)
    taken = load_picture(tmp_path / "xmp.webp", at_least=32).taken_at
    assert taken == datetime(2018, 3, 4, 5, 6, 7)
    red_and_blue().save(tmp_path / "time.png")
    content = (tmp_path / "time.png").read_bytes()
    time = b"tIME" + bytes([0x07, 0xE3, 7, 14, 10, 11, 12])
    chunk = (7).to_bytes(4) + time + zlib.crc32(time).to_bytes(4)
    (tmp_path / "time.png").write_bytes(content[:33] + chunk + content[33:])
    taken = load_picture(tmp_path / "time.png", at_least=32).taken_at
    assert taken == datetime(2019, 7, 14, 10, 11, 12)


def test_xmp_of_another_type_is_no_xmp(tmp_path: Path) -> None:
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[700] = (1, 2, 3)
    info.tagtype[700] = 4
    red_and_blue().save(tmp_path / "image.tif", tiffinfo=info)
    assert_red_and_blue(load_picture(tmp_path / "image.tif", at_least=32).pixels)


@pytest.mark.parametrize("text", ["0000:00:00 00:00:00", "yesterday", "", "2019-13-14"])
def test_an_invalid_date_is_none(tmp_path: Path, text: str) -> None:
    assert date_of(tmp_path, original=text) is None
    assert date_of(tmp_path) is None


@pytest.mark.parametrize("suffix", [".jpg", ".JPEG", ".png", ".webp"])
def test_restorations_are_refused_as_originals(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"restored{suffix}"
    write_picture(path, np.asarray(red_and_blue()), PROVENANCE)
    with Image.open(path) as image:
        assert_red_and_blue(np.asarray(image))
    with pytest.raises(Unreadable, match="coldframe generated this image") as caught:
        load_picture(path, at_least=32)
    assert caught.value.reason == "restoration"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_the_description_says_what_the_picture_is() -> None:
    assert PROVENANCE.description == (
        "Reconstruction, not the original: "
        "a diffusion model generated this picture from 704 bits of row 7."
    )


def test_other_suffixes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"'\.gif'; use \.jpg, \.jpeg, \.png, \.webp"):
        write_picture(tmp_path / "restored.gif", np.asarray(red_and_blue()), PROVENANCE)
    assert not list(tmp_path.iterdir())
