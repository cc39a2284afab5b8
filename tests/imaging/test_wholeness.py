"""Files with something after their end are whole; files without their end are not."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from archive.errors import Unreadable
from archive.imaging.decode import DecodeOptions, decode_picture, register_plugins
from tests.support.images import assert_red_and_blue, red_and_blue

OPTIONS = DecodeOptions(64)
TRAILERS = (b"SEFH" + b"garbage!" * 9 + b"SEFT", b"\0" * 512, b"\xff" * 512, b"trailer")


def encoded(kind: str, **options: object) -> bytes:
    register_plugins()
    file = io.BytesIO()
    red_and_blue().save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["HEIF", "AVIF", "JPEG", "PNG", "WEBP", "JXL"])
@pytest.mark.parametrize("trailer", TRAILERS)
def test_what_a_camera_appends_is_passed_over(kind: str, trailer: bytes) -> None:
    picture = decode_picture(io.BytesIO(encoded(kind) + trailer), OPTIONS)
    assert_red_and_blue(picture.pixels)


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_a_file_shorter_than_its_boxes_is_truncated(kind: str) -> None:
    with pytest.raises(Unreadable, match="truncated: the file should have"):
        decode_picture(io.BytesIO(encoded(kind)[:-1]), OPTIONS)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"quality": 30}])
def test_a_jpeg_that_lacks_only_its_end_marker_is_whole(options: dict[str, object]) -> None:
    content = encoded("JPEG", **options)
    for missing in (1, 2):
        picture = decode_picture(io.BytesIO(content[:-missing]), OPTIONS)
        assert_red_and_blue(picture.pixels)
        assert not picture.flags


@pytest.mark.parametrize("share", [0.99, 0.9, 0.6])
def test_a_jpeg_that_lacks_more_is_truncated(share: float) -> None:
    noise = Image.effect_noise((96, 64), 90)
    file = io.BytesIO()
    noise.save(file, "JPEG", quality=90)
    content = file.getvalue()
    with pytest.raises(Unreadable, match="truncated"):
        decode_picture(io.BytesIO(content[: int(share * len(content))]), OPTIONS)


def test_an_avif_too_large_for_its_decoder_is_too_large_and_not_damaged() -> None:
    extent = b"\0\0\0\x14ispe\0\0\0\0"
    small = extent + (96).to_bytes(4) + (64).to_bytes(4)
    content = encoded("AVIF").replace(small, extent + (20_000).to_bytes(4) * 2)
    with pytest.raises(Unreadable, match="too-large: 20000 x 20000 pixels"):
        decode_picture(io.BytesIO(content), OPTIONS)
