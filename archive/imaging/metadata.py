"""What an image file says about itself: its date, its orientation, and who made it.

A date is the first of these that can be read: EXIF's DateTimeOriginal, DateTimeDigitized and
DateTime, XMP's exif:DateTimeOriginal, photoshop:DateCreated and xmp:CreateDate, PNG's tIME. It is
the camera's local time: offsets are dropped, as are dates of which the day is unknown.
"""

from __future__ import annotations

import contextlib
import re
import struct
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import BinaryIO

from PIL import ExifTags, Image

from archive.imaging.provenance import NAMESPACE

SIDEWAYS = (5, 6, 7, 8)  # EXIF orientations that exchange width and height
TURNS = {  # EXIF orientation → what makes the image upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
DATE = re.compile(
    r"\s*(\d{4})[-:/. ](\d{1,2})[-:/. ](\d{1,2})"  # 2019:07:14
    r"(?:[T\s]+(\d{1,2})[:.h](\d{1,2})(?:[:.](\d{1,2}))?)?"  # 10:11:12
)
XMP_DATES = ("exif:DateTimeOriginal", "photoshop:DateCreated", "xmp:CreateDate")
PNG_TIME = struct.Struct(">HBBBBB")  # the chunk tIME
PNG_CHUNKS = 10_000  # looked at for it
FIRST_YEAR = 1826  # of the oldest photo


def exif_of(image: Image.Image) -> Image.Exif:
    """An image's EXIF; empty if it is damaged, which is no reason to refuse an image."""
    with contextlib.suppress(Exception):
        return image.getexif()
    return Image.Exif()


def taken_at(image: Image.Image, exif: Image.Exif) -> datetime | None:
    """When a picture was taken, in the camera's local time; None if the file does not say."""
    for text in _dates(image, exif):
        if taken := parse_date(text):
            return taken
    return None


def parse_date(text: str) -> datetime | None:
    """`2019:07:14 10:11:12` and the other ways cameras and programs write it.

    None for what is no date, and for zeros.
    """
    match = DATE.match(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    if year < FIRST_YEAR or hour > 24 or minute > 59 or second > 60:
        return None
    try:
        midnight = datetime(year, month, day)
        return midnight + timedelta(hours=hour, minutes=minute, seconds=second)
    except (ValueError, OverflowError):
        return None


def png_time(file: BinaryIO) -> str:
    """A PNG file's tIME, which Pillow does not read; '' if it has none."""
    place = file.tell()
    file.seek(8)
    try:
        for _ in range(PNG_CHUNKS):
            header = file.read(8)
            if len(header) < 8:
                break
            if header[4:] == b"tIME":
                content = file.read(PNG_TIME.size)
                return "{:04}-{}-{} {}:{}:{}".format(*PNG_TIME.unpack(content))
            file.seek(int.from_bytes(header[:4]) + 4, 1)
    except struct.error:
        pass
    finally:
        file.seek(place)
    return ""


def _xmp(image: Image.Image) -> str:
    """The file's XMP packet; '' if it has none, or something else in its place."""
    xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    if isinstance(xmp, bytes):
        return xmp.decode("utf-8", "replace")
    return xmp if isinstance(xmp, str) else ""


def upright_size(size: tuple[int, int], exif: Image.Exif) -> tuple[int, int]:
    """Width and height as stored → once the image is turned upright."""
    width, height = size
    if exif.get(ExifTags.Base.Orientation, 1) in SIDEWAYS:
        return height, width
    return width, height


def is_restoration(image: Image.Image) -> bool:
    """Whether the file carries coldframe's provenance, so that it is no original."""
    return NAMESPACE in _xmp(image)


def _dates(image: Image.Image, exif: Image.Exif) -> Iterator[str]:
    """What the file says of its date, the best first."""
    details: dict[int, object] = {}
    with contextlib.suppress(Exception):  # a damaged directory
        details = exif.get_ifd(ExifTags.IFD.Exif)
    for tag in (ExifTags.Base.DateTimeOriginal, ExifTags.Base.DateTimeDigitized):
        yield str(details.get(tag, ""))
    yield str(exif.get(ExifTags.Base.DateTime, ""))
    xmp = _xmp(image)
    for name in XMP_DATES:
        for value in re.findall(rf'{name}(?:="|>)([^"<]*)', xmp):
            yield str(value)
