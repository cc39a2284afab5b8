"""Dates are the camera's, and restorations are not taken for originals."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

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


@pytest.mark.parametrize("text", ["0000:00:00 00:00:00", "yesterday", "", "2019-07-14"])
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
