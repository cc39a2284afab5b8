"""Files → upright sRGB pixels, safely. Pillow's door.

Files are opened without blocking (not even by a FIFO) and must be regular. The header is read
before any pixel: images of more than PIXEL_LIMIT pixels are refused undecoded. Pixels are decoded
at the smallest scale that leaves `at_least` pixels on the short side (JPEG decodes at 1/2, 1/4,
1/8), turned upright by EXIF, and converted to sRGB on white. Whatever a decoder raises becomes
Unreadable(reason):

    empty · not-an-image · too-large · truncated · not-a-file · broken-link · no-permission ·
    changed · restoration · unreadable
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
from functools import cache
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from archive.arrays import Pixels
from archive.errors import Unreadable
from archive.imaging.metadata import is_restoration, taken_at, upright_size
from archive.imaging.quiet import quiet
from archive.imaging.srgb import to_srgb
from archive.records import FileStamp, Flag

PIXEL_LIMIT = 200_000_000  # pixels; larger images are refused before decoding
REDUCE_MARGIN = 2  # images are reduced by whole factors to no less than this many times `at_least`
REDUCIBLE = ("RGB", "L", "CMYK", "RGBA", "LA")  # modes whose samples may be averaged
BOX_HEADER = 16  # bytes: 32-bit size, type, 64-bit size
TRUNCATED = (  # in the messages of decoders
    "truncated",
    "unexpected end",
    "end of file",
    "premature",
    "not enough data",
    "unexpected eof",
)


@dataclass(frozen=True)
class Picture:
    """A decoded image, upright and possibly reduced, with facts about the original."""

    pixels: Pixels  # (H, W, 3) uint8 sRGB
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
    """File → Picture with `at_least` pixels on its short side, if the original has that many.

    Raises Unreadable, also if the file is no longer `unchanged`. A truncated image is refused, or
    with `keep_truncated` decoded as far as possible and flagged.
    """
    with _opened(path) as file:
        if unchanged is not None and _stamp_of(file) != unchanged:
            raise Unreadable("changed", "the file changed while it was being archived; run again")
        return decode_picture(file, at_least=at_least, keep_truncated=keep_truncated)


def decode_picture(file: BinaryIO, *, at_least: int, keep_truncated: bool = False) -> Picture:
    """Open file → Picture, as `load_picture`. Raises Unreadable."""
    _register_plugins()
    with quiet(), decoder_errors(), Image.open(file) as image:
        check_image(image)
        if image.format in ("HEIF", "AVIF"):
            _check_box_sizes(file)
        exif = image.getexif()
        width, height = upright_size(image, exif)
        flags = animation_flag(image)
        image.draft(image.mode, (at_least, at_least))
        if not _decode_pixels(image, keep_truncated):
            flags |= Flag.TRUNCATED
        pixels = upright_pixels(_reduced(image, at_least))
        return Picture(pixels, width, height, image.format or "", taken_at(exif), flags)


def check_image(image: Image.Image) -> None:
    """Raises Unreadable for too many pixels and for restorations. Decodes no pixel."""
    width, height = image.size
    if width * height > PIXEL_LIMIT:
        limit = f"the limit is {PIXEL_LIMIT // 10**6} million"
        raise Unreadable("too-large", f"{width} x {height} pixels; {limit}")
    if is_restoration(image):
        raise Unreadable("restoration", "coldframe generated this image; it is not an original")


def animation_flag(image: Image.Image) -> Flag:
    """ANIMATED for an image of several frames, else NONE."""
    return Flag.ANIMATED if getattr(image, "is_animated", False) else Flag.NONE


def upright_pixels(image: Image.Image) -> Pixels:
    """Any mode and EXIF orientation → (H, W, 3) uint8 sRGB, upright."""
    return np.asarray(to_srgb(ImageOps.exif_transpose(image)))


@contextlib.contextmanager
def decoder_errors() -> Iterator[None]:
    """Turns whatever decoders raise on damaged files into Unreadable."""
    try:
        yield
    except Unreadable:
        raise
    except UnidentifiedImageError as error:
        raise Unreadable("not-an-image", "the content is in no known image format") from error
    except Exception as error:
        detail = " ".join(str(error).split()) or type(error).__name__
        reason = "truncated" if _means_truncated(detail) else "unreadable"
        raise Unreadable(reason, detail) from error


@cache
def _register_plugins() -> None:
    """HEIC and JPEG XL for Pillow. Its own pixel limit is turned off: ours is checked first."""
    import pillow_heif
    import pillow_jxl  # noqa: F401  registers itself

    pillow_heif.register_heif_opener()
    Image.MAX_IMAGE_PIXELS = None


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BufferedReader]:
    """A regular file, opened for reading only. Raises Unreadable."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags)
    except PermissionError as error:
        raise Unreadable("no-permission", "this user may not read the file") from error
    except OSError as error:
        reason = "broken-link" if path.is_symlink() else "unreadable"
        raise Unreadable(reason, error.strerror or str(error)) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Unreadable("not-a-file", "a pipe, socket, device or folder")
    with open(descriptor, "rb") as file:
        yield file


def _stamp_of(file: BinaryIO) -> FileStamp:
    status = os.fstat(file.fileno())
    return FileStamp(status.st_size, status.st_mtime_ns)


def _means_truncated(detail: str) -> bool:
    return any(phrase in detail.lower() for phrase in TRUNCATED)


def _decode_pixels(image: Image.Image, keep_truncated: bool) -> bool:
    """Decodes all pixels → True; or, if allowed, as many as the file has → False."""
    try:
        image.load()
    except OSError as error:
        is_truncated = isinstance(image, ImageFile.ImageFile) and _means_truncated(str(error))
        if not (keep_truncated and is_truncated):
            raise
        # Keeps what has been decoded; nothing more is read from the file.
        image.tile = []  # type: ignore[attr-defined]
        return False
    return True


def _check_box_sizes(file: BinaryIO) -> None:
    """Raises Unreadable if a HEIC or AVIF file is shorter than its boxes (ISO/IEC 14496-12, 4.2).

    Their decoders do not notice bytes that are missing at the end.
    """
    end = file.seek(0, io.SEEK_END)
    position = 0
    while position < end:
        file.seek(position)
        header = file.read(BOX_HEADER).ljust(BOX_HEADER, b"\0")
        size = int.from_bytes(header[:4])
        if size == 1:
            size = int.from_bytes(header[8:])
        position = position + size if size >= 8 else end  # 0: to the end of the file
    if position > end:
        raise Unreadable("truncated", f"the file should have {position:,} bytes but has {end:,}")


def _reduced(image: Image.Image, at_least: int) -> Image.Image:
    """Reduced by a whole factor that leaves REDUCE_MARGIN · `at_least` pixels on the short side."""
    factor = min(image.size) // (REDUCE_MARGIN * at_least)
    if factor > 1 and image.mode in REDUCIBLE:
        return image.reduce(factor)
    return image
