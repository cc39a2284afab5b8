"""What an image file says about itself: its date, its orientation, and who made it."""

from __future__ import annotations

from datetime import datetime

from PIL import ExifTags, Image

from archive.imaging.provenance import NAMESPACE

SIDEWAYS = (5, 6, 7, 8)  # EXIF orientations that exchange width and height
DATE_FORMAT = "%Y:%m:%d %H:%M:%S"
DATE_LENGTH = 19  # characters; some cameras append fractions or zones


def taken_at(exif: Image.Exif) -> datetime | None:
    """EXIF's DateTimeOriginal, else DateTime, in the camera's local time.

    None if missing or invalid.
    """
    original = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal)
    text = str(original or exif.get(ExifTags.Base.DateTime))
    try:
        return datetime.strptime(text.strip("\0 ")[:DATE_LENGTH], DATE_FORMAT)
    except ValueError:
        return None


def upright_size(image: Image.Image, exif: Image.Exif) -> tuple[int, int]:
    """Width and height in pixels once the image is turned upright."""
    width, height = image.size
    if exif.get(ExifTags.Base.Orientation, 1) in SIDEWAYS:
        return height, width
    return width, height


def is_restoration(image: Image.Image) -> bool:
    """Whether the file carries coldframe's provenance, so that it is no original."""
    xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    text = xmp if isinstance(xmp, str) else xmp.decode("utf-8", "replace")
    return NAMESPACE in text
