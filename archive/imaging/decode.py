"""Files → upright sRGB pixels, safely. Pillow's door.

Only the formats of formats.py are opened. The header is read before any pixel: images of more than
PIXEL_LIMIT pixels are refused undecoded. Pixels are decoded at the smallest scale that leaves
`at_least` pixels on the short side (JPEG decodes at 1/2, 1/4, 1/8), turned upright by EXIF, and
converted to sRGB on white. Whatever a decoder raises becomes Unreadable; archive/reasons.py lists
the reasons.

Decoders are not safe from what a file makes them do: workers.py runs them in processes with limits.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import ExifTags, Image, ImageFile, PngImagePlugin

from archive.arrays import Pixels
from archive.errors import Unreadable
from archive.imaging.avif_size import avif_size
from archive.imaging.capture import capture_of
from archive.imaging.decoder_errors import decoder_errors, means_truncated
from archive.imaging.files import opened, stamp_of
from archive.imaging.formats import ANIMATED_FORMATS, FORMATS, HEAD_BYTES, is_raw
from archive.imaging.jxl_header import is_turned_by_decoder, jxl_header
from archive.imaging.metadata import (
    TURNS,
    exif_of,
    is_restoration,
    parse_date,
    png_time,
    taken_at,
    upright_size,
)
from archive.imaging.quiet import quiet
from archive.imaging.raw import is_raw_tiff, open_preview
from archive.imaging.samples import BITS_PER_SAMPLE
from archive.imaging.srgb import to_srgb
from archive.imaging.wholeness import check_boxes, with_endings
from archive.records import Capture, FileStamp, Flag

PIXEL_LIMIT = 200_000_000  # pixels; larger images are refused before decoding
REDUCE_MARGIN = 2  # images are reduced by whole factors to no less than this many times `at_least`
LONGEST = 16  # times the short side; longer images are squeezed to about this
STRIP_LIMIT = 400_000_000  # bytes of a TIFF that are decoded at once
ROWS_PER_STRIP = 278  # tag of TIFF 6.0
TEXT_LIMIT = 1 << 26  # bytes that a PNG's text or profile may inflate to

Hold = Callable[[int], AbstractContextManager[None]]


def no_hold(pixels: int) -> AbstractContextManager[None]:
    """Does nothing."""
    return contextlib.nullcontext()


@dataclass(frozen=True)
class Picture:
    """A decoded image, upright and possibly reduced, with facts about the original."""

    pixels: Pixels  # (H, W, 3) uint8 sRGB
    width: int  # of the original, upright
    height: int
    format: str
    taken_at: datetime | None
    flags: Flag
    capture: Capture = Capture()


@dataclass(frozen=True)
class DecodeOptions:
    """How pictures are decoded."""

    at_least: int  # pixels on the short side, where the original has them
    keep_truncated: bool = False  # decode as far as possible, and flag it, instead of refusing
    hold: Hold = no_hold  # `hold(pixels)` is entered while so many pixels are in memory


def load_picture(
    path: Path, *, at_least: int, unchanged: FileStamp | None = None, keep_truncated: bool = False
) -> Picture:
    """File → Picture with `at_least` pixels on its short side, if the original has that many.

    Raises Unreadable, also if the file is no longer `unchanged`. A truncated image is refused, or
    with `keep_truncated` decoded as far as possible and flagged.
    """
    options = DecodeOptions(at_least, keep_truncated)
    with opened(path) as file:
        if unchanged is not None:
            check_unchanged(file, unchanged)
        return decode_picture(file, options)


def check_unchanged(file: BinaryIO, stamp: FileStamp) -> None:
    """Raises Unreadable if an open file has another stamp by now."""
    if stamp_of(file) != stamp:
        raise Unreadable("changed", "the file changed while it was being archived; run again")


def decode_picture(file: BinaryIO, options: DecodeOptions) -> Picture:
    """Open file → Picture, as `load_picture`. Raises Unreadable."""
    register_plugins()
    with quiet(), decoder_errors(file):
        try:
            return _decode(file, replace(options, keep_truncated=False))
        except (OSError, SyntaxError, Unreadable) as error:
            if not means_truncated(str(error)):
                raise
            picture = _without_end_marker(file, options)
            if picture is None and not options.keep_truncated:
                raise
        return picture or _decode(file, options)


def check_image(image: Image.Image) -> None:
    """Raises Unreadable for too many pixels and for restorations. Decodes no pixel."""
    check_size(*image.size)
    if is_restoration(image):
        raise Unreadable("restoration", "coldframe generated this image; it is not an original")


def check_size(width: int, height: int) -> None:
    """Raises Unreadable for too many pixels."""
    if width * height > PIXEL_LIMIT:
        limit = f"the limit is {PIXEL_LIMIT // 10**6} million"
        raise Unreadable("too-large", f"{width} x {height} pixels; {limit}")


def _check_strips(image: Image.Image) -> None:
    """Raises Unreadable for a TIFF of which too much must be decoded at once."""
    tags: Any = getattr(image, "tag_v2", {})
    rows = min(int(tags.get(ROWS_PER_STRIP, 0)), image.height)
    bits = sum(tags.get(BITS_PER_SAMPLE, (1,)))
    if rows * image.width * bits // 8 > STRIP_LIMIT:
        detail = f"a strip of {rows} rows; the limit is {STRIP_LIMIT // 10**6} MB at once"
        raise Unreadable("too-large", detail)


def animation_flag(image: Image.Image) -> Flag:
    """ANIMATED for several frames, else NONE; pages and the previews in a JPEG are no frames."""
    is_animated = getattr(image, "is_animated", False) and image.format in ANIMATED_FORMATS
    return Flag.ANIMATED if is_animated else Flag.NONE


def upright_pixels(image: Image.Image) -> Pixels:
    """Any mode and EXIF orientation → (H, W, 3) uint8 sRGB, upright."""
    return _upright(to_srgb(image), image)


@cache
def register_plugins() -> None:
    """HEIC and JPEG XL for Pillow. Its own pixel limit is turned off: ours is checked first."""
    import pillow_heif
    import pillow_jxl  # noqa: F401  registers itself

    pillow_heif.register_heif_opener()
    Image.init()
    Image.MAX_IMAGE_PIXELS = None
    PngImagePlugin.MAX_TEXT_CHUNK = TEXT_LIMIT
    PngImagePlugin.MAX_TEXT_MEMORY = TEXT_LIMIT


def _decode(file: BinaryIO, options: DecodeOptions) -> Picture:
    file.seek(0)
    if is_raw(file.read(HEAD_BYTES)):
        return _raw_picture(file, options)
    if size := avif_size(file):
        check_size(*size)
    header = jxl_header(file)
    if header is None:
        return _open(file, options)
    check_size(header.width, header.height)
    with options.hold(header.width * header.height):  # its pixels are decoded when it is opened
        return _open(file, replace(options, hold=no_hold))


def _open(file: BinaryIO, options: DecodeOptions) -> Picture:
    file.seek(0)
    with Image.open(file, formats=FORMATS) as image:
        if image.format == "TIFF" and is_raw_tiff(image):
            return _raw_picture(file, options)
        if not isinstance(image.info.get("xmp", b""), (bytes, str)):
            del image.info["xmp"]  # Pillow would search it for an orientation
        if is_turned_by_decoder(image, file):
            exif_of(image)[ExifTags.Base.Orientation] = 1
        check_image(image)
        _check_strips(image)
        if image.format in ("HEIF", "AVIF"):
            check_boxes(file)
        return _picture(image, file, options)


def _picture(image: Image.Image, file: BinaryIO, options: DecodeOptions) -> Picture:
    """An opened image → Picture."""
    at_least = options.at_least
    size = image.size
    time = png_time(file) if image.format == "PNG" else ""
    flags = animation_flag(image)
    frame = _first_frame(image)
    image.draft(image.mode, (at_least, at_least))
    with options.hold(image.width * image.height):
        if not _decode_pixels(image, options.keep_truncated):
            flags |= Flag.TRUNCATED
        exif = exif_of(image)  # not before: PNG's may stand behind the pixels
        rgb = to_srgb(_on_canvas(image, frame), _factors(image, at_least))
    # Pillow has turned a TIFF when it is loaded
    width, height = image.size if image.format == "TIFF" else upright_size(size, exif)
    image_format = "JPEG" if image.format == "MPO" else image.format or ""
    taken = taken_at(image, exif) or parse_date(time)
    pixels = _upright(rgb, image)
    return Picture(pixels, width, height, image_format, taken, flags, capture_of(exif))


def _raw_picture(file: BinaryIO, options: DecodeOptions) -> Picture:
    """A camera's raw file → Picture of the preview in it."""
    with options.hold(PIXEL_LIMIT):
        image, (width, height) = open_preview(file)
        check_size(width, height)
        exif = exif_of(image)
        taken = taken_at(image, exif)
        rgb = to_srgb(image, _factors(image, options.at_least))
    pixels = _upright(rgb, image)
    return Picture(pixels, width, height, "RAW", taken, Flag.NONE, capture_of(exif))


def _upright(rgb: Image.Image, original: Image.Image) -> Pixels:
    """An RGB version of an image → pixels, turned by the EXIF of the original."""
    turn = TURNS.get(exif_of(original).get(ExifTags.Base.Orientation, 1))
    return np.asarray(rgb if turn is None else rgb.transpose(turn))


def _factors(image: Image.Image, at_least: int) -> tuple[int, int]:
    """By what the sides of a loaded image are divided, (across, down).

    The short side keeps REDUCE_MARGIN · `at_least` pixels, the long one LONGEST times as many as
    the short.
    """
    short, long = sorted(image.size)
    factor = max(1, short // (REDUCE_MARGIN * at_least))
    squeezed = factor * max(1, long // (LONGEST * max(short, 1)))
    return (squeezed, factor) if image.width > image.height else (factor, squeezed)


def _first_frame(image: Image.Image) -> tuple[int, int, int, int] | None:
    """The part of a GIF's canvas that its first frame covers; None if all of it, or no GIF."""
    tiles: Any = getattr(image, "tile", None)
    if image.format != "GIF" or not tiles:
        return None
    left, top, right, bottom = tiles[0][1]
    box = (int(left), int(top), int(right), int(bottom))
    return None if box == (0, 0, *image.size) else box


def _on_canvas(image: Image.Image, frame: tuple[int, int, int, int] | None) -> Image.Image:
    """What a frame does not cover is transparent, as every viewer shows it."""
    if frame is None:
        return image
    canvas = Image.new("RGBA", image.size)
    canvas.paste(image.convert("RGBA").crop(frame), frame)
    return canvas


def _without_end_marker(file: BinaryIO, options: DecodeOptions) -> Picture | None:
    """The picture of a JPEG that lacks only its end marker; None if it lacks more."""
    pictures = []
    for copy in with_endings(file):
        with contextlib.suppress(OSError):
            pictures.append(_decode(copy, replace(options, keep_truncated=False)))
    if len(pictures) == 2 and np.array_equal(pictures[0].pixels, pictures[1].pixels):
        return pictures[0]
    return None


def _decode_pixels(image: Image.Image, keep_truncated: bool) -> bool:
    """Decodes all pixels → True; or, if allowed, as many as the file has → False."""
    try:
        image.load()
    except OSError as error:
        is_truncated = isinstance(image, ImageFile.ImageFile) and means_truncated(str(error))
        if not (keep_truncated and is_truncated):
            raise
        # Keeps what has been decoded; nothing more is read from the file.
        image.tile = []  # type: ignore[attr-defined]
        return False
    return True
