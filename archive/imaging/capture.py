"""The camera and the place that EXIF names.

The camera is Make and Model as one name: without the legal form of its maker, and without a maker
that the model names again. `NIKON CORPORATION`, `NIKON D700` → `NIKON D700`; `Apple`, `iPhone 6` →
`Apple iPhone 6`. Text ends at a NUL; what cannot be shown becomes a blank; a name has up to
LONGEST_NAME characters.

The place is GPSLatitude and GPSLongitude with their references, rounded to 1e-5 degrees. It is
unknown if a part is missing, no number, negative or beyond its range, and at exactly 0, 0, which
cameras write that know no place.

EXIF is whatever a file makes it: nothing in it raises an error, and text may be bytes, numbers, or
megabytes.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from typing import Any

from PIL import ExifTags, Image

from archive.records import DEGREE, Capture

LONGEST_NAME = 64  # characters
LONGEST_TEXT = 1024  # characters or bytes of a tag that are looked at
LEGAL_FORMS = re.compile(
    r"[\s,]+(?:(?:corporation|corp|company|co|limited|ltd|inc|gmbh|ag|imaging|optical|techwin)"
    r"[.,\s]*)+$",
    re.IGNORECASE,
)


def capture_of(exif: Image.Exif) -> Capture:
    """What EXIF says of camera and place, each if it says it clearly."""
    place = _place(exif)
    return Capture(_camera(exif), *(place or (None, None)))


def _camera(exif: Image.Exif) -> str | None:
    maker = LEGAL_FORMS.sub("", _text(exif, ExifTags.Base.Make))
    model = _text(exif, ExifTags.Base.Model)
    is_named_again = model.casefold().partition(" ")[0] in maker.casefold().split()
    name = model if is_named_again else f"{maker} {model}"
    shown = name.strip()[:LONGEST_NAME].strip()
    return shown if any(char.isalnum() for char in shown) else None


def _text(exif: Image.Exif, tag: int) -> str:
    """A tag's text, on one line; '' for none, and for what is no text."""
    value: object = None
    with contextlib.suppress(Exception):  # Pillow parses a tag when it is asked for
        value = exif.get(tag)
    if isinstance(value, str):
        with contextlib.suppress(UnicodeEncodeError):
            value = value[:LONGEST_TEXT].encode("latin-1")  # which Pillow takes all text for
    if isinstance(value, bytes):
        value = _decoded(value[:LONGEST_TEXT])
    if not isinstance(value, str):
        return ""
    text = value[:LONGEST_TEXT].partition("\0")[0]
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _place(exif: Image.Exif) -> tuple[int, int] | None:
    """(latitude, longitude) in 1e-5 degrees; None if there is no place, or none that can be."""
    with contextlib.suppress(Exception):  # a damaged directory, or numbers that are none
        tags = exif.get_ifd(ExifTags.IFD.GPSInfo)
        names = ExifTags.GPS
        latitude = _degrees(tags[names.GPSLatitude], tags[names.GPSLatitudeRef], "NS", 90)
        longitude = _degrees(tags[names.GPSLongitude], tags[names.GPSLongitudeRef], "EW", 180)
        place = (round(latitude * DEGREE), round(longitude * DEGREE))
        return None if place == (0, 0) else place
    return None


def _degrees(parts: Sequence[Any], reference: object, signs: str, limit: int) -> float:
    """Degrees, minutes and seconds, and their direction → degrees. Raises some error."""
    numbers = [float(part) for part in parts[:3]]
    angle = sum(number / unit for number, unit in zip(numbers, (1, 60, 3600), strict=False))
    letter = reference.decode("ascii") if isinstance(reference, bytes) else str(reference)
    sign = {signs[0]: 1, signs[1]: -1}[letter.strip("\0 ").upper()]
    if not (min(numbers) >= 0 and angle <= limit):  # also for what is no number
        raise ValueError(f"{angle} degrees")
    return sign * angle
