"""Whatever is in a photo folder is decoded upright, or refused with a reason."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archive.errors import Unreadable
from archive.imaging.decode import PIXEL_LIMIT, load_picture
from archive.imaging.files import digest_of
from archive.records import FileStamp, Flag
from tests.support.images import RED, TOLERANCE, assert_red_and_blue, red_and_blue, write_bomb

FORMATS = (".jpg", ".png", ".webp", ".avif", ".heic", ".jxl", ".tiff", ".bmp", ".gif")
STORED_AS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # orientation → Transpose that makes it


def refusal(path: Path) -> Unreadable:
    """The error of whichever looks at a file first: the digest or the decoder."""
    try:
        digest_of(path)
        load_picture(path, at_least=16)
    except Unreadable as error:
        return error
    pytest.fail(f"{path} was taken for a whole image")


def write_box(kind: bytes, content: bytes, *, size: int | None = None) -> bytes:
    """An ISO/IEC 14496-12 box; `size` may be wrong."""
    return (len(content) + 8 if size is None else size).to_bytes(4) + kind + content


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_decodes_to_the_same_image(tmp_path: Path, suffix: str) -> None:
    import pillow_heif
    import pillow_jxl  # noqa: F401

    pillow_heif.register_heif_opener()
    path = tmp_path / f"image{suffix}"
    red_and_blue().save(path)
    picture = load_picture(path, at_least=32)
    assert (picture.width, picture.height) == (96, 64)
    assert_red_and_blue(picture.pixels)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_undone(tmp_path: Path, orientation: int) -> None:
    stored = red_and_blue()
    if orientation > 1:
        stored = stored.transpose(Image.Transpose(STORED_AS[orientation]))
    exif = Image.Exif()
    exif[274] = orientation
    stored.save(tmp_path / "turned.jpg", exif=exif, quality=95)
    picture = load_picture(tmp_path / "turned.jpg", at_least=64)
    assert (picture.width, picture.height) == (96, 64)
    assert picture.pixels.shape == (64, 96, 3)
    assert_red_and_blue(picture.pixels)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_large_images_are_reduced_and_report_their_true_size(tmp_path: Path, suffix: str) -> None:
    red_and_blue(2400, 1600).save(tmp_path / f"large{suffix}")
    picture = load_picture(tmp_path / f"large{suffix}", at_least=128)
    assert (picture.width, picture.height) == (2400, 1600)
    assert 128 <= min(picture.pixels.shape[:2]) < 3 * 128
    assert_red_and_blue(picture.pixels)


def test_images_of_the_size_asked_for_are_not_reduced(tmp_path: Path) -> None:
    red_and_blue(480, 320).save(tmp_path / "image.png")
    assert load_picture(tmp_path / "image.png", at_least=161).pixels.shape == (320, 480, 3)
    assert load_picture(tmp_path / "image.png", at_least=80).pixels.shape == (160, 240, 3)
    assert load_picture(tmp_path / "image.png", at_least=320).pixels.shape == (320, 480, 3)


def test_the_first_frame_of_an_animation_is_the_image(tmp_path: Path) -> None:
    second = Image.new("RGB", (32, 32), (0, 255, 0))
    red_and_blue().save(tmp_path / "moving.gif", save_all=True, append_images=[second])
    picture = load_picture(tmp_path / "moving.gif", at_least=32)
    assert picture.flags == Flag.ANIMATED
    assert_red_and_blue(picture.pixels)
    red_and_blue().save(tmp_path / "still.gif")
    assert load_picture(tmp_path / "still.gif", at_least=32).flags == Flag.NONE


@pytest.mark.parametrize("suffix", FORMATS[:-1])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_no_truncated_file_passes_for_a_whole_one(
    tmp_path: Path, suffix: str, share: float
) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (96, 128, 3), dtype=np.uint8)
    whole = tmp_path / f"whole{suffix}"
    cut = tmp_path / f"cut{suffix}"
    Image.fromarray(noise).save(whole)
    cut.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * share)])
    assert refusal(cut).reason in ("truncated", "unreadable", "not-an-image")


@pytest.mark.parametrize("suffix", [".heic", ".avif"])
def test_one_missing_byte_of_a_heic_or_avif_file_is_noticed(tmp_path: Path, suffix: str) -> None:
    whole = tmp_path / f"whole{suffix}"
    cut = tmp_path / f"cut{suffix}"
    red_and_blue().save(whole)
    content = whole.read_bytes()
    cut.write_bytes(content[:-1])
    assert refusal(cut).reason == "truncated"
    assert f"{len(content):,} bytes but has {len(content) - 1:,}" in refusal(cut).detail


@pytest.mark.parametrize(
    ("last_box", "is_whole"),
    [
        (write_box(b"free", bytes(9)), True),
        (write_box(b"free", bytes(9), size=0), True),  # 0: to the end of the file
        (write_box(b"free", (25).to_bytes(8) + bytes(9), size=1), True),  # 1: 64 bits follow
        (write_box(b"free", bytes(9), size=18), False),
        (write_box(b"free", (26).to_bytes(8) + bytes(9), size=1), False),
    ],
)
def test_all_forms_of_box_sizes_are_read(tmp_path: Path, last_box: bytes, is_whole: bool) -> None:
    red_and_blue().save(tmp_path / "image.avif")
    with open(tmp_path / "image.avif", "ab") as file:
        file.write(last_box)
    if is_whole:
        assert_red_and_blue(load_picture(tmp_path / "image.avif", at_least=32).pixels)
    else:
        assert refusal(tmp_path / "image.avif").reason == "truncated"


def test_a_truncated_jpeg_can_be_kept_and_is_flagged(tmp_path: Path) -> None:
    red_and_blue(640, 640).save(tmp_path / "whole.jpg")
    whole = (tmp_path / "whole.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) * 6 // 10])
    assert refusal(tmp_path / "cut.jpg").reason == "truncated"
    picture = load_picture(tmp_path / "cut.jpg", at_least=64, keep_truncated=True)
    assert picture.flags == Flag.TRUNCATED
    assert np.abs(picture.pixels[5, 5].astype(int) - RED).max() < TOLERANCE


def test_other_damage_is_refused_even_if_truncated_images_are_kept(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("no image")
    with pytest.raises(Unreadable, match="not-an-image"):
        load_picture(tmp_path / "text.jpg", at_least=64, keep_truncated=True)
    noise = np.random.default_rng(1).integers(0, 256, (96, 128, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "whole.tif", compression="tiff_lzw")
    content = bytearray((tmp_path / "whole.tif").read_bytes())
    content[1000:1100] = bytes(100)
    (tmp_path / "damaged.tif").write_bytes(content)
    with pytest.raises(Unreadable, match="unreadable"):
        load_picture(tmp_path / "damaged.tif", at_least=64, keep_truncated=True)


def test_too_many_pixels_are_refused_before_decoding(tmp_path: Path) -> None:
    write_bomb(tmp_path / "bomb.png", 60_000, 60_000)
    assert str(refusal(tmp_path / "bomb.png")) == (
        "too-large: 60000 x 60000 pixels; the limit is 200 million"
    )
    write_bomb(tmp_path / "over.png", PIXEL_LIMIT // 10_000, 10_001)
    assert refusal(tmp_path / "over.png").reason == "too-large"
    write_bomb(tmp_path / "just-allowed.png", PIXEL_LIMIT // 10_000, 10_000)
    assert refusal(tmp_path / "just-allowed.png").reason != "too-large"


def test_files_that_are_no_images_are_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.png").write_text("I am a letter")
    (tmp_path / "link.jpg").symlink_to(tmp_path / "link.jpg")
    (tmp_path / "dangling.jpg").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder.jpg").mkdir()
    os.mkfifo(tmp_path / "pipe.jpg")
    refusals = {path.name: refusal(path) for path in sorted(tmp_path.iterdir())}
    assert {name: error.reason for name, error in refusals.items()} == {
        "dangling.jpg": "broken-link",
        "empty.jpg": "empty",
        "folder.jpg": "not-a-file",
        "link.jpg": "broken-link",
        "pipe.jpg": "not-a-file",
        "text.png": "not-an-image",
    }
    assert refusals["dangling.jpg"].detail == "No such file or directory"


def test_a_file_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    assert str(refusal(tmp_path / "none.jpg")) == "unreadable: No such file or directory"


def test_an_image_under_a_wrong_suffix_is_decoded_all_the_same(tmp_path: Path) -> None:
    encoded = io.BytesIO()
    red_and_blue().save(encoded, "PNG")
    (tmp_path / "really-a-png.jpg").write_bytes(encoded.getvalue())
    assert load_picture(tmp_path / "really-a-png.jpg", at_least=32).format == "PNG"


def test_a_file_we_may_not_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert refusal(tmp_path / "private.png").reason == "no-permission"


@pytest.mark.parametrize("change", [FileStamp(-1, 0), FileStamp(0, -1)])
def test_a_file_that_changes_meanwhile_is_refused(tmp_path: Path, change: FileStamp) -> None:
    red_and_blue().save(tmp_path / "image.png")
    _, stamp = digest_of(tmp_path / "image.png")
    load_picture(tmp_path / "image.png", at_least=32, unchanged=stamp)
    before = FileStamp(stamp.size + change.size, stamp.mtime_ns + change.mtime_ns)
    with pytest.raises(Unreadable, match="changed"):
        load_picture(tmp_path / "image.png", at_least=32, unchanged=before)


def test_the_digest_covers_every_byte(tmp_path: Path) -> None:
    red_and_blue(800, 800).save(tmp_path / "image.bmp")
    content = bytearray((tmp_path / "image.bmp").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "other.bmp").write_bytes(content)
    assert digest_of(tmp_path / "image.bmp")[0] != digest_of(tmp_path / "other.bmp")[0]
