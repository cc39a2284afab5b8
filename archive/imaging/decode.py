"""Files → upright sRGB pixels, safely. Pillow's door.

A file is opened without blocking (a FIFO never is), must be a regular file, and its header is read before any pixel:
more than PIXEL_LIMIT pixels are refused undecoded. Pixels are then decoded at the smallest scale that still holds
`at_least` pixels on the short side (JPEG decodes at 1/2, 1/4, 1/8), turned upright by EXIF, converted to sRGB by the
embedded profile, and laid on white where they are transparent. Whatever a decoder throws becomes Unreadable(reason):

    empty · not-an-image · too-large · truncated · not-a-file · broken-link · no-permission · changed · restoration ·
    unreadable
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, ImageCms, ImageFile, ImageOps, UnidentifiedImageError

from archive.errors import Unreadable
from archive.imaging.provenance import NAMESPACE
from archive.records import FileStamp, Flag

PIXEL_LIMIT = 200_000_000  # pixels; larger pictures are refused before decoding
SPARE = (
    2  # pictures are reduced by whole factors to no less than this many times what was asked for
)
WHITE = (255, 255, 255, 255)


@dataclass(frozen=True)
class Picture:
    """A decoded file: (H, W, 3) uint8 sRGB, upright and possibly reduced, with facts about the original."""

    pixels: npt.NDArray[np.uint8]
    width: int  # of the original, upright
    height: int
    format: str
    taken_at: datetime | None
    flags: Flag


def digest_of(path: Path) -> tuple[bytes, FileStamp]:
    """File → SHA-256 (32 bytes) and stamp, read in pieces. Raises Unreadable."""
    with _opened(path) as file:
        stamp = _stamp_of(file)
        if stamp.size == 0:
            raise Unreadable("empty", "the file has no bytes")
        return hashlib.file_digest(file, "sha256").digest(), stamp


def load_picture(
    path: Path, *, at_least: int, unchanged: FileStamp | None = None, keep_truncated: bool = False
) -> Picture:
    """File → Picture with at least `at_least` pixels on its short side, where the original has them.

    Raises Unreadable; also if the file is no longer `unchanged`. A truncated picture is refused, or decoded as far as
    it goes and flagged.
    """
    with _opened(path) as file:
        if unchanged is not None and _stamp_of(file) != unchanged:
            raise Unreadable("changed", "the file changed while it was being archived; run again")
        return decode_picture(file, at_least=at_least, keep_truncated=keep_truncated)


def decode_picture(file: BinaryIO, *, at_least: int, keep_truncated: bool = False) -> Picture:
    """Open file → Picture. Raises Unreadable."""
    _register_plugins()
    with _decoder_errors(), Image.open(file) as image:
        width, height = image.size
        if width * height > PIXEL_LIMIT:
            raise Unreadable(
                "too-large",
                f"{width} x {height} pixels; the limit is {PIXEL_LIMIT // 10**6} million",
            )
        if _is_restoration(image):
            raise Unreadable("restoration", "coldframe drew this picture; it is not an original")
        if image.format in ("HEIF", "AVIF"):
            _check_boxes(file)
        exif = image.getexif()
        flags = Flag.NONE
        if getattr(image, "is_animated", False):
            flags |= Flag.ANIMATED
        image.draft(image.mode, (at_least, at_least))
        if not _decode(image, keep_truncated):
            flags |= Flag.TRUNCATED
        if exif.get(ExifTags.Base.Orientation, 1) in (5, 6, 7, 8):
            width, height = height, width
        pixels = np.asarray(_to_srgb(ImageOps.exif_transpose(_reduced(image, at_least))))
        return Picture(pixels, width, height, image.format or "", _taken_at(exif), flags)


@cache
def _register_plugins() -> None:
    """HEIC and JPEG XL for Pillow; and its own limit off, ours is asked first."""
    import pillow_heif
    import pillow_jxl  # noqa: F401  registers itself

    pillow_heif.register_heif_opener()
    Image.MAX_IMAGE_PIXELS = None


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BufferedReader]:
    """A regular file, opened for reading only. Raises Unreadable."""
    try:
        descriptor = os.open(
            path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        )
    except PermissionError as error:
        raise Unreadable("no-permission", "the file may not be read by this user") from error
    except OSError as error:
        reason = "broken-link" if path.is_symlink() else "unreadable"
        raise Unreadable(reason, error.strerror or str(error)) from error
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Unreadable("not-a-file", "a pipe, socket, device or folder")
        yield file


def _stamp_of(file: BinaryIO) -> FileStamp:
    status = os.fstat(file.fileno())
    return FileStamp(status.st_size, status.st_mtime_ns)


@contextlib.contextmanager
def _decoder_errors() -> Iterator[None]:
    """Decoders throw anything at broken files; it ends here."""
    try:
        yield
    except Unreadable:
        raise
    except UnidentifiedImageError as error:
        raise Unreadable("not-an-image", "no decoder knows this content") from error
    except Exception as error:
        detail = " ".join(str(error).split()) or type(error).__name__
        raise Unreadable(
            "truncated" if _means_truncated(detail) else "unreadable", detail
        ) from error


def _means_truncated(detail: str) -> bool:
    words = (
        "truncated",
        "unexpected end",
        "end of file",
        "premature",
        "not enough data",
        "unexpected eof",
    )
    return any(word in detail.lower() for word in words)


def _decode(image: Image.Image, keep_truncated: bool) -> bool:
    """Decodes all pixels → True; or, if allowed, as many as there are → False."""
    try:
        image.load()
        return True
    except OSError as error:
        if not (
            keep_truncated
            and isinstance(image, ImageFile.ImageFile)
            and _means_truncated(str(error))
        ):
            raise
        image.tile = []  # what has been decoded stands; nothing more is asked of the file
        return False


def _is_restoration(image: Image.Image) -> bool:
    xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    return NAMESPACE in (xmp if isinstance(xmp, str) else xmp.decode("utf-8", "replace"))


def _check_boxes(file: BinaryIO) -> None:
    """Decoders of HEIC and AVIF overlook missing bytes at the end; the boxes (ISO/IEC 14496-12, 4.2) count them."""
    end = file.seek(0, io.SEEK_END)
    position = 0
    while position < end:
        file.seek(position)
        header = file.read(16).ljust(16, b"\0")
        size = int.from_bytes(header[:4])
        if size == 1:
            size = int.from_bytes(header[8:])
        position = position + size if size >= 8 else end  # 0 means: to the end of the file
    if position > end:
        raise Unreadable(
            "truncated", f"the file says that it has {position:,} bytes, it has {end:,}"
        )


def _reduced(image: Image.Image, at_least: int) -> Image.Image:
    """By a whole factor, as long as SPARE times `at_least` remain."""
    factor = min(image.size) // (SPARE * at_least)
    return (
        image.reduce(factor)
        if factor > 1 and image.mode in ("RGB", "L", "CMYK", "RGBA", "LA")
        else image
    )


def _to_srgb(image: Image.Image) -> Image.Image:
    """Any mode → RGB: sixteen bits scaled, transparency on white, colours through the embedded profile."""
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I") or image.mode == "F":
        return _from_deep_grey(image)
    if image.mode == "P":
        image = image.convert("RGBA")
    if image.has_transparency_data:
        canvas = Image.new("RGBA", image.size, WHITE)
        image = Image.alpha_composite(canvas, image.convert("RGBA")).convert("RGB")
    if profile and image.mode in ("RGB", "CMYK", "L"):
        with contextlib.suppress(ImageCms.PyCMSError, OSError):
            converted = ImageCms.applyTransform(image, _transform(profile, image.mode))
            return converted if converted is not None else image.convert("RGB")
    return image.convert("RGB")


@lru_cache(maxsize=64)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform:
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")


def _from_deep_grey(image: Image.Image) -> Image.Image:
    """16- or 32-bit grey → RGB. Integers are taken as 16 bits, floats by their own range."""
    values = np.asarray(image, np.float32)
    top = 65535.0 if image.mode.startswith("I") else max(float(values.max()), 1e-6)
    return Image.fromarray(np.clip(values * (255 / top), 0, 255).astype(np.uint8)).convert("RGB")


def _taken_at(exif: Image.Exif) -> datetime | None:
    """EXIF's DateTimeOriginal, else DateTime: the camera's local time."""
    told = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal) or exif.get(
        ExifTags.Base.DateTime
    )
    try:
        return datetime.strptime(str(told).strip("\0 ")[:19], "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None
