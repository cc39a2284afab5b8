"""EXIF to put into files: dates, cameras, places, and what is none of them."""

from __future__ import annotations

from typing import Any

from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

Place = tuple[float, float]


def exif_with(
    *, maker: Any = None, model: Any = None, place: Place | None = None, date: str | None = None
) -> Image.Exif:
    """EXIF of a camera; `place`: latitude and longitude in degrees; `date`: as EXIF writes it."""
    exif = Image.Exif()
    for tag, value in ((ExifTags.Base.Make, maker), (ExifTags.Base.Model, model)):
        if value is not None:
            exif[tag] = value
    if date is not None:
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = date
    if place is not None:
        latitude, longitude = place
        set_gps(exif, _parts(latitude), "NS"[latitude < 0], _parts(longitude), "EW"[longitude < 0])
    return exif


def set_gps(exif: Image.Exif, latitude: Any, north: Any, longitude: Any, east: Any) -> None:
    """Sets the four tags of a place; not those that are None."""
    names = ExifTags.GPS
    tags = (names.GPSLatitudeRef, names.GPSLatitude, names.GPSLongitudeRef, names.GPSLongitude)
    directory = exif.get_ifd(ExifTags.IFD.GPSInfo)
    for tag, value in zip(tags, (north, latitude, east, longitude), strict=True):
        if value is not None:
            directory[tag] = value
    exif[ExifTags.IFD.GPSInfo] = directory  # for TIFF


def _parts(degrees: float) -> tuple[IFDRational, IFDRational, IFDRational]:
    """Degrees, minutes, and seconds in thousandths."""
    thousandths = round(abs(degrees) * 3_600_000)
    minutes, seconds = divmod(thousandths, 60_000)
    return IFDRational(minutes // 60), IFDRational(minutes % 60), IFDRational(seconds, 1000)
