"""Whatever lies in a photo folder is decoded upright in sRGB, or refused with a reason."""

from __future__ import annotations

import io
import os
import struct
import zlib
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from archive.errors import Unreadable
from archive.imaging.decode import PIXEL_LIMIT, digest_of, load_picture
from archive.records import FileStamp, Flag

RED = (220, 30, 30)
BLUE = (30, 30, 220)


def float16_codec(width: int = 96, height: int = 64) -> Image.Image:
    """Red on the left, blue on the right."""
    picture = Image.new("RGB", (width, height), RED)
    picture.paste(BLUE, (width // 2, 0, width, height))
    return picture


def assert_red_then_blue(pixels: np.ndarray) -> None:
    """Left and right as they were drawn, whatever the format did to them."""
    inner = slice(len(pixels) // 4, -len(pixels) // 4)
    across = pixels.shape[1] // 4
    assert np.abs(pixels[inner, :across].mean(axis=(0, 1)) - RED).max() < 16
    assert np.abs(pixels[inner, -across:].mean(axis=(0, 1)) - BLUE).max() < 16


def refused(path: Path) -> str:
    """Why a file was refused, by whichever of the two looked at it first."""
    try:
        digest_of(path)
        load_picture(path, at_least=16)
    except Unreadable as refusal:
        return refusal.reason
    pytest.fail(f"{path} was taken for a whole picture")


@pytest.mark.parametrize(
    "suffix", [".jpg", ".png", ".webp", ".avif", ".heic", ".jxl", ".tiff", ".bmp", ".gif"]
)
def test_every_format_decodes_to_the_same_picture(tmp_path: Path, suffix: str) -> None:
    import pillow_heif
    import pillow_jxl  # noqa: F401

    pillow_heif.register_heif_opener()
    path = tmp_path / f"float16_codec{suffix}"
    float16_codec().save(path)
    picture = load_picture(path, at_least=32)
    assert (picture.width, picture.height) == (96, 64)
    assert_red_then_blue(picture.pixels)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_undone(tmp_path: Path, orientation: int) -> None:
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # orientation → Transpose that writes it
    stored = (
        float16_codec().transpose(Image.Transpose(undo[orientation]))
        if orientation > 1
        else float16_codec()
    )
    exif = Image.Exif()
    exif[274] = orientation
    stored.save(tmp_path / "turned.jpg", exif=exif, quality=95)
    picture = load_picture(tmp_path / "turned.jpg", at_least=32)
    assert (picture.width, picture.height) == (96, 64)
    assert_red_then_blue(picture.pixels)


def test_draft_decoding_keeps_what_was_asked_for_and_tells_the_true_size(tmp_path: Path) -> None:
    float16_codec(2400, 1600).save(tmp_path / "large.jpg")
    picture = load_picture(tmp_path / "large.jpg", at_least=128)
    assert (picture.width, picture.height) == (2400, 1600)
    assert 128 <= min(picture.pixels.shape[:2]) < 3 * 128
    assert_red_then_blue(picture.pixels)


@pytest.mark.parametrize("mode", ["CMYK", "L", "LA", "P", "RGBA", "1", "I;16"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("picture.tiff" if mode == "CMYK" else "picture.png")
    if mode == "I;16":
        Image.fromarray(np.asarray(float16_codec().convert("L"), np.uint16) * 257).save(path)
    else:
        float16_codec().convert(mode).save(path)
    picture = load_picture(path, at_least=32)
    assert picture.pixels.shape == (64, 96, 3)
    if mode in ("CMYK", "P", "RGBA"):
        assert_red_then_blue(picture.pixels)
    if mode == "I;16":
        assert np.abs(picture.pixels[32, 10].astype(int) - 86).max() < 4  # red's luma


def test_transparency_lies_on_white(tmp_path: Path) -> None:
    Image.new("RGBA", (32, 32), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    assert load_picture(tmp_path / "clear.png", at_least=16).pixels.min() == 255


def test_colours_go_through_the_embedded_profile(tmp_path: Path) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    float16_codec().save(tmp_path / "tagged.jpg", icc_profile=lab.tobytes(), quality=95)
    assert_red_then_blue(load_picture(tmp_path / "tagged.jpg", at_least=32).pixels)
    float16_codec().save(tmp_path / "broken-profile.jpg", icc_profile=b"not a profile", quality=95)
    assert_red_then_blue(load_picture(tmp_path / "broken-profile.jpg", at_least=32).pixels)


def test_the_cameras_time_is_read(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2019:07:14 10:11:12"
    float16_codec().save(tmp_path / "dated.jpg", exif=exif)
    assert load_picture(tmp_path / "dated.jpg", at_least=32).taken_at == datetime(
        2019, 7, 14, 10, 11, 12
    )
    exif.get_ifd(0x8769)[0x9003] = "0000:00:00 00:00:00"
    float16_codec().save(tmp_path / "undated.jpg", exif=exif)
    assert load_picture(tmp_path / "undated.jpg", at_least=32).taken_at is None


def test_of_an_animation_the_first_frame_stands_for_all(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (32, 32), BLUE)]
    float16_codec().save(tmp_path / "moving.gif", save_all=True, append_images=frames)
    picture = load_picture(tmp_path / "moving.gif", at_least=32)
    assert picture.flags == Flag.ANIMATED
    assert_red_then_blue(picture.pixels)


@pytest.mark.parametrize(
    "suffix", [".jpg", ".png", ".webp", ".avif", ".heic", ".jxl", ".tiff", ".bmp"]
)
@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_no_truncated_file_passes_for_a_whole_one(tmp_path: Path, suffix: str, kept: float) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (96, 128, 3), dtype=np.uint8)
    whole = tmp_path / f"whole{suffix}"
    cut = tmp_path / f"cut{suffix}"
    Image.fromarray(noise).save(whole)
    cut.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * kept)])
    assert refused(cut) in ("truncated", "unreadable", "not-an-image")


def test_a_truncated_jpeg_can_be_kept_and_is_flagged(tmp_path: Path) -> None:
    float16_codec(640, 640).save(tmp_path / "whole.jpg")
    whole = (tmp_path / "whole.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) * 6 // 10])
    assert refused(tmp_path / "cut.jpg") == "truncated"
    picture = load_picture(tmp_path / "cut.jpg", at_least=64, keep_truncated=True)
    assert picture.flags == Flag.TRUNCATED
    assert np.abs(picture.pixels[5, 5].astype(int) - RED).max() < 16


def bomb(path: Path, side: int) -> None:
    """A PNG header that promises side × side pixels."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)


def test_too_many_pixels_are_refused_before_decoding(tmp_path: Path) -> None:
    bomb(tmp_path / "bomb.png", 60_000)
    assert refused(tmp_path / "bomb.png") == "too-large"
    bomb(tmp_path / "just-over.png", int(PIXEL_LIMIT**0.5) + 1)
    assert refused(tmp_path / "just-over.png") == "too-large"


def test_what_is_no_picture_is_refused_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.png").write_text("I am a letter")
    (tmp_path / "link.jpg").symlink_to(tmp_path / "link.jpg")
    (tmp_path / "dangling.jpg").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.jpg")
    reasons = {path.name: refused(path) for path in sorted(tmp_path.iterdir())}
    assert reasons == {
        "dangling.jpg": "broken-link",
        "empty.jpg": "empty",
        "link.jpg": "broken-link",
        "pipe.jpg": "not-a-file",
        "text.png": "not-an-image",
    }


def test_a_picture_under_a_wrong_suffix_is_still_that_picture(tmp_path: Path) -> None:
    encoded = io.BytesIO()
    float16_codec().save(encoded, "PNG")
    (tmp_path / "really-a-png.jpg").write_bytes(encoded.getvalue())
    assert load_picture(tmp_path / "really-a-png.jpg", at_least=32).format == "PNG"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_we_may_not_read_is_refused(tmp_path: Path) -> None:
    float16_codec().save(tmp_path / "private.png")
    (tmp_path / "private.png").chmod(0)
    assert refused(tmp_path / "private.png") == "no-permission"


def test_a_file_that_changes_under_our_hands_is_refused(tmp_path: Path) -> None:
    float16_codec().save(tmp_path / "changing.png")
    _, stamp = digest_of(tmp_path / "changing.png")
    with pytest.raises(Unreadable, match="changed"):
        load_picture(
            tmp_path / "changing.png",
            at_least=32,
            unchanged=FileStamp(stamp.size, stamp.mtime_ns - 1),
        )


def test_the_digest_covers_every_byte(tmp_path: Path) -> None:
    float16_codec(800, 800).save(tmp_path / "one.bmp")
    content = bytearray((tmp_path / "one.bmp").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "other.bmp").write_bytes(content)
    assert digest_of(tmp_path / "one.bmp")[0] != digest_of(tmp_path / "other.bmp")[0]
