"""JPEG XL: size and orientation are read from the header, and pixels are turned once."""

from __future__ import annotations

import io
import struct
from typing import Any

import pytest
from PIL import ExifTags, Image

from archive.imaging.decode import DecodeOptions, decode_picture, register_plugins
from archive.imaging.jxl_header import JxlHeader, jxl_header
from tests.support.images import assert_red_and_blue, red_and_blue

OPTIONS = DecodeOptions(64)
CODESTREAM = b"\xff\x0a"
BOXES = b"\0\0\0\x0cJXL \r\n\x87\n"
SIZE_BITS = 14  # that 64 x 96 pixels take; then the defaults, in two bits
ALL_BUT_TURN = "000000100111001"  # no extras, 8 bits, no channels, XYB, defaults


def encoded(image: Image.Image, kind: str = "JXL", **options: Any) -> bytes:
    register_plugins()
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), name) + content


def turned(orientation: int) -> bytes:
    """The codestream of a picture that lies on its side, with an orientation of its own."""
    content = encoded(red_and_blue().transpose(Image.Transpose.ROTATE_90), quality=90)
    size = f"{int.from_bytes(content[2:4], 'little'):016b}"[::-1][:SIZE_BITS]
    bits = size + "01" + f"{orientation - 1:03b}"[::-1] + ALL_BUT_TURN
    header = int(bits[::-1], 2).to_bytes(-(-len(bits) // 8), "little")
    return CODESTREAM + header + content[4:]


@pytest.mark.parametrize("has_exif", [False, True], ids=["codestream", "codestream-and-exif"])
def test_what_the_decoder_has_turned_is_not_turned_again(*, has_exif: bool) -> None:
    codestream = turned(6)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    boxes = box(b"ftyp", b"jxl \0\0\0\0jxl ") + box(b"jxlc", codestream)
    if has_exif:
        boxes += box(b"Exif", bytes(4) + exif.tobytes().removeprefix(b"Exif\0\0"))
    assert jxl_header(io.BytesIO(codestream)) == JxlHeader(64, 96, 6)
    for content in (codestream, BOXES + boxes):
        picture = decode_picture(io.BytesIO(content), OPTIONS)
        assert (picture.width, picture.height) == (96, 64)
        assert_red_and_blue(picture.pixels)


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (256, 256), (1200, 1000), (4000, 3001)])
@pytest.mark.parametrize("options", [{}, {"lossless": True}])
def test_the_size_of_a_jpeg_xl_is_known_before_it_is_decoded(
    size: tuple[int, int], options: dict[str, Any]
) -> None:
    codestream = encoded(Image.new("RGB", size, "red"), **options)
    assert jxl_header(io.BytesIO(codestream)) == JxlHeader(*size, 1)
    if codestream.startswith(CODESTREAM):
        boxes = BOXES + box(b"free", b"1234") + box(b"jxlc", codestream)
        assert jxl_header(io.BytesIO(boxes)) == JxlHeader(*size, 1)
    for cut in range(20):
        jxl_header(io.BytesIO(codestream[:cut]))


def test_other_files_have_no_header_of_jpeg_xl() -> None:
    for content in (b"", b"\xff\xd8\xff", encoded(red_and_blue(), "PNG")):
        assert jxl_header(io.BytesIO(content)) is None
