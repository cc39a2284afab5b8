"""Cameras have one name, places are on the globe, and hostile EXIF says nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from archive.imaging.capture import LONGEST_NAME, capture_of
from archive.imaging.decode import load_picture, register_plugins
from archive.imaging.workers import Workers
from archive.records import Capture
from tests.support.exif import exif_with, set_gps
from tests.support.images import red_and_blue

SYDNEY = (-33.86882, 151.20929)


def loaded(path: Path, exif: Image.Exif | bytes, **options: Any) -> Capture:
    """What is read from a file with this EXIF."""
    red_and_blue().save(path, exif=exif, **options)
    return load_picture(path, at_least=32).capture


@pytest.mark.parametrize(
    ("maker", "model", "name"),
    [
        ("Canon", "Canon EOS 5D Mark II", "Canon EOS 5D Mark II"),
        ("NIKON CORPORATION", "NIKON D700", "NIKON D700"),
        ("Apple", "iPhone 6", "Apple iPhone 6"),
        ("SONY", "DSC-W80", "SONY DSC-W80"),
        ("OLYMPUS IMAGING CORP.  ", "E-M1            ", "OLYMPUS E-M1"),
        ("OLYMPUS OPTICAL CO.,LTD", "C2100UZ", "OLYMPUS C2100UZ"),
        ("EASTMAN KODAK COMPANY", "KODAK DX6490 ZOOM", "KODAK DX6490 ZOOM"),
        ("Leica Camera AG", "LEICA M8", "LEICA M8"),
        ("Konica Minolta Camera, Inc.", "DiMAGE A200", "Konica Minolta Camera DiMAGE A200"),
        ("Hewlett-Packard", "Hewlett-Packard C200", "Hewlett-Packard C200"),
        ("samsung", None, "samsung"),
        (None, "Pixel 3", "Pixel 3"),
        ("Co", "Corp 1", "Co Corp 1"),
        ("小米", "红米 Note", "小米 红米 Note"),
    ],
)
def test_a_camera_has_one_name(tmp_path: Path, maker: Any, model: Any, name: str) -> None:
    if not (maker or model).isascii():
        maker, model = (text.encode() for text in (maker, model))
    assert loaded(tmp_path / "a.jpg", exif_with(maker=maker, model=model)) == Capture(name)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif", "a.heic", "a.avif", "a.jxl"])
def test_every_format_tells_its_camera_and_place(tmp_path: Path, name: str) -> None:
    register_plugins()
    exif = exif_with(maker="Canon", model="Canon EOS 5D", place=SYDNEY)
    expected = Capture("Canon EOS 5D", -3386882, 15120929)
    assert loaded(tmp_path / name, exif if name != "a.jxl" else exif.tobytes()) == expected
    with Workers() as workers:
        assert workers.decode(tmp_path / name, at_least=32).capture == expected


@pytest.mark.parametrize(
    ("maker", "model", "name"),
    [
        ("Canon\0secret", "\x1b[31mEOS\r\n5D\x07", "Canon [31mEOS 5D"),
        (b"Canon\xff\xfe", "5D", "Canonÿþ 5D"),
        ("A" * 10_000, "B" * 10_000, "A" * LONGEST_NAME),
        ("x" * 60, "\u202e" + "y" * 60, "x" * 60 + " â y"),
        ("\0\0\0", "   ", None),
        ("----", "\x01\x02", None),
    ],
)
def test_what_is_no_name_is_cleaned_and_bounded(
    tmp_path: Path, maker: Any, model: Any, name: str | None
) -> None:
    exif = exif_with(maker=maker, model=model.encode() if "\u202e" in str(model) else model)
    read = loaded(tmp_path / "a.jpg", exif).camera
    assert read is None or (len(read) <= LONGEST_NAME and read.isprintable())
    if name is None or "â" not in name:
        assert read == name


RIGHT = (IFDRational(33), IFDRational(52), IFDRational(776, 100))


@pytest.mark.parametrize(
    ("latitude", "north", "longitude", "east"),
    [
        (RIGHT, None, RIGHT, "E"),
        (RIGHT, "S", RIGHT, None),
        (RIGHT, "X", RIGHT, "E"),
        (RIGHT, "NS", RIGHT, "E"),
        (RIGHT, "E", RIGHT, "N"),
        (None, "S", RIGHT, "E"),
        (RIGHT, "S", None, "E"),
        ((IFDRational(0, 0),) * 3, "S", RIGHT, "E"),
        ((IFDRational(33), IFDRational(1, 0), IFDRational(0)), "S", RIGHT, "E"),
        ((IFDRational(400), IFDRational(0), IFDRational(0)), "N", RIGHT, "E"),
        ((IFDRational(90), IFDRational(0), IFDRational(1)), "N", RIGHT, "E"),
        (RIGHT, "N", (IFDRational(180), IFDRational(0), IFDRational(1)), "W"),
        ((IFDRational(0),) * 3, "N", (IFDRational(0),) * 3, "E"),
        ("thirty-three", "S", RIGHT, "E"),
    ],
)
def test_a_place_that_cannot_be_is_none(
    tmp_path: Path, latitude: Any, north: Any, longitude: Any, east: Any
) -> None:
    exif = exif_with(model="E-M1")
    set_gps(exif, latitude, north, longitude, east)
    assert capture_of(exif) == Capture("E-M1")
    try:
        read = loaded(tmp_path / "a.jpg", exif)
    except Exception:  # Pillow does not write it
        return
    assert read == Capture("E-M1")


def test_degrees_alone_and_the_ends_of_the_globe_are_places() -> None:
    exif = Image.Exif()
    set_gps(exif, (IFDRational(-0.0),), "N", (IFDRational(180),), "W")
    assert capture_of(exif) == Capture(None, 0, -18_000_000)
    exif = Image.Exif()
    set_gps(exif, (IFDRational(90),), b"S\0", (IFDRational(9), IFDRational(30)), b"e")
    assert capture_of(exif) == Capture(None, -9_000_000, 950_000)


VALUES = st.one_of(
    st.none(),
    st.text(max_size=300),
    st.binary(max_size=300),
    st.integers(),
    st.floats(),
    st.lists(st.one_of(st.floats(), st.text(max_size=3), st.none()), max_size=5).map(tuple),
)


@settings(max_examples=300)
@given(st.tuples(VALUES, VALUES), st.tuples(VALUES, VALUES, VALUES, VALUES))
def test_no_exif_is_an_error(names: tuple[Any, Any], place: tuple[Any, Any, Any, Any]) -> None:
    exif = exif_with(maker=names[0], model=names[1])
    set_gps(exif, *place)
    capture = capture_of(exif)
    if capture.camera is not None:
        assert capture.camera.isprintable()
        assert 0 < len(capture.camera) <= LONGEST_NAME
        capture.camera.encode("utf-8")
    assert (capture.latitude_e5 is None) == (capture.longitude_e5 is None)
    if capture.latitude_e5 is not None and capture.longitude_e5 is not None:
        assert abs(capture.latitude_e5) <= 9_000_000
        assert abs(capture.longitude_e5) <= 18_000_000


def test_damaged_directories_say_nothing(tmp_path: Path) -> None:
    exif = exif_with(maker="Canon", model="5D", place=SYDNEY)
    red_and_blue().save(tmp_path / "a.jpg", exif=exif)
    content = (tmp_path / "a.jpg").read_bytes()
    start = content.index(b"Exif\0\0") + 6
    for place in range(start, content.index(b"\xff\xdb"), 3):
        for byte in (0x00, 0xFF, 0x7F):
            changed = bytearray(content)
            changed[place] = byte
            (tmp_path / "b.jpg").write_bytes(changed)
            load_picture(tmp_path / "b.jpg", at_least=32)
