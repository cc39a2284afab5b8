"""What is decoded is a stated list; all else is refused by its name."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from archive.errors import Unreadable
from archive.imaging.decode import DecodeOptions, decode_picture, register_plugins
from archive.imaging.formats import FORMATS, HEAD_BYTES, content_of
from archive.reasons import REASONS
from archive.records import Flag
from tests.support.images import assert_red_and_blue, red_and_blue

OPTIONS = DecodeOptions(64)
FRAMES = [Image.new("RGB", (96, 64), color) for color in ("red", "blue")]


def encoded(kind: str, **options: object) -> bytes:
    register_plugins()
    file = io.BytesIO()
    red_and_blue().save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize("kind", sorted(set(FORMATS) - {"DIB"}))
def test_every_format_of_the_list_is_decoded(kind: str) -> None:
    options = {"sizes": [(96, 64)]} if kind == "ICO" else {}
    content = encoded(kind, **options)
    picture = decode_picture(io.BytesIO(content), OPTIONS)
    assert_red_and_blue(picture.pixels)
    name, is_read = content_of(content[:HEAD_BYTES])
    assert is_read or not name


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "PostScript"),
        (b"8BPS\0\1" + bytes(99), "Photoshop PSD"),
        (b"%PDF-1.7\n", "PDF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"\0\0\0\x20ftypisom" + bytes(99), "video"),
        (b"PK\x03\x04" + bytes(99), "zip archive"),
        (b"DDS " + bytes(200), "DirectDraw DDS"),
        (bytes(4) + b"\x11\xaf" + bytes(200), "FLI animation"),
        (b"PF\n1 1\n-1.0\n" + bytes(12), "PFM in color"),
        (b"MM\0\x2b\0\x08\0\0" + bytes(6) + b"\0\x10" + bytes(99), "big-endian BigTIFF"),
        (b"BA\x28\0\0\0" + bytes(8) + b"BM" + bytes(99), "OS/2 bitmap array"),
        (b"FORM\0\1\0\0ILBMBMHD" + bytes(99), "IFF ILBM"),
    ],
)
def test_contents_that_are_known_but_not_read_are_named(content: bytes, name: str) -> None:
    with pytest.raises(Unreadable, match=f"unsupported: {name}"):
        decode_picture(io.BytesIO(content), OPTIONS)


@pytest.mark.parametrize("kind", ["EPS", "PSD", "IM", "SPIDER", "PDF", "XBM", "DDS", "ICNS"])
def test_no_other_plugin_of_pillow_is_started(kind: str) -> None:
    file = io.BytesIO()
    image = {"XBM": "1", "SPIDER": "F"}.get(kind, "RGB")
    try:
        red_and_blue().convert(image).save(file, kind)
    except (KeyError, OSError):
        file.write(b"8BPS\0\1")
    with pytest.raises(Unreadable, match=r"unsupported|not-an-image"):
        decode_picture(io.BytesIO(file.getvalue()), OPTIONS)


def test_damage_to_a_known_format_is_named() -> None:
    content = bytearray(encoded("PNG"))
    content[20] ^= 1
    with pytest.raises(Unreadable, match=r"unreadable: damaged PNG.*IHDR"):
        decode_picture(io.BytesIO(bytes(content)), OPTIONS)
    with pytest.raises(Unreadable, match="unreadable: damaged GIF"):
        decode_picture(io.BytesIO(b"GIF89a" + bytes(20)), OPTIONS)


def test_a_valid_file_of_a_kind_that_is_not_read_is_unsupported() -> None:
    content = bytearray(encoded("BMP"))
    content[28:30] = (2).to_bytes(2, "little")  # bits per pixel
    with pytest.raises(Unreadable, match=r"unsupported: .*pixel depth"):
        decode_picture(io.BytesIO(bytes(content)), OPTIONS)


def test_a_jpeg_of_twelve_bits_is_unsupported_and_not_damaged() -> None:
    content = encoded("JPEG").replace(b"\xff\xc0\0\x11\x08", b"\xff\xc1\0\x11\x0c")
    with pytest.raises(Unreadable, match=r"unsupported: JPEG of a kind"):
        decode_picture(io.BytesIO(content), OPTIONS)


def test_a_tiff_in_a_compression_without_a_name_is_unsupported() -> None:
    none, zstd_of_old = (b"\x03\x01\x03\0\1\0\0\0" + code for code in (b"\1\0", b"\x5d\xc3"))
    content = encoded("TIFF").replace(none, zstd_of_old)
    with pytest.raises(Unreadable, match=r"unsupported: TIFF in compression 50013"):
        decode_picture(io.BytesIO(content), OPTIONS)


@pytest.mark.parametrize("kind", ["SGI", "QOI"])
def test_formats_with_a_signature_are_known_under_any_name(kind: str) -> None:
    assert content_of(encoded(kind)[:HEAD_BYTES]) == (kind, True)


def test_frames_are_an_animation_pages_and_previews_are_not() -> None:
    flags = {}
    for kind in ("GIF", "PNG", "WEBP", "TIFF", "MPO"):
        file = io.BytesIO()
        FRAMES[0].save(file, kind, save_all=True, append_images=FRAMES[1:])
        picture = decode_picture(io.BytesIO(file.getvalue()), OPTIONS)
        flags[picture.format] = picture.flags
    moving = dict.fromkeys(("GIF", "PNG", "WEBP"), Flag.ANIMATED)
    assert flags == moving | {"TIFF": Flag.NONE, "JPEG": Flag.NONE}


def test_what_the_first_frame_of_a_gif_leaves_out_is_white() -> None:
    file = io.BytesIO()
    Image.new("P", (32, 32), 1).save(file, "GIF")
    content = bytearray(file.getvalue())
    content[6:10] = (64).to_bytes(2, "little") * 2  # a larger canvas
    pixels = decode_picture(io.BytesIO(bytes(content)), OPTIONS).pixels
    assert pixels.shape == (64, 64, 3)
    assert pixels[40:, 40:].min() == 255


def test_every_reason_of_the_library_is_in_the_table() -> None:
    import re
    from pathlib import Path

    root = Path(__file__).parents[2]
    words: set[str] = set()
    for file in (root / "archive").rglob("*.py"):
        words.update(re.findall(r'Unreadable\(\s*"([a-z-]+)"', file.read_text()))
    assert words <= set(REASONS)
    table = (root / "docs/concepts/ledger.md").read_text()
    assert [word for word in REASONS if f"| `{word}` |" not in table] == []
