"""Images without files: equal pixels have one digest, bytes that of the file they would be."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archive.errors import Unreadable, UsageError
from archive.imaging.decode import load_picture
from archive.imaging.memory import memory_image, read_picture
from archive.records import Flag
from tests.support.images import assert_red_and_blue, red_and_blue, write_bomb

PIXELS = np.asarray(red_and_blue())


def encoded(image: Image.Image, image_format: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, image_format, **options)
    return file.getvalue()


def test_bytes_stand_for_themselves() -> None:
    content = encoded(red_and_blue(), "JPEG")
    assert memory_image(content).content == content


def test_pixels_become_the_ppm_file_that_pillow_writes() -> None:
    ppm = encoded(red_and_blue(), "PPM")
    assert memory_image(PIXELS).content == ppm
    assert memory_image(red_and_blue()).content == ppm
    assert memory_image(np.asfortranarray(PIXELS)).content == ppm
    assert memory_image(Image.open(io.BytesIO(encoded(red_and_blue(), "PNG")))).content == ppm


@pytest.mark.parametrize(
    "source", [encoded(red_and_blue(), "JPEG", quality=95), PIXELS, red_and_blue()]
)
def test_every_kind_of_image_is_decoded(source: bytes | np.ndarray | Image.Image) -> None:
    picture = read_picture(source, at_least=32)
    assert (picture.width, picture.height) == (96, 64)
    assert_red_and_blue(picture.pixels)


@pytest.mark.parametrize("kind", [str, Path])
def test_a_path_is_read_as_a_file(tmp_path: Path, kind: type) -> None:
    red_and_blue().save(tmp_path / "image.png")
    picture = read_picture(kind(tmp_path / "image.png"), at_least=32)
    assert picture.format == "PNG"
    assert_red_and_blue(picture.pixels)


def test_large_pixels_are_reduced_as_those_of_files_are(tmp_path: Path) -> None:
    large = red_and_blue(2400, 1600)
    large.save(tmp_path / "large.png")
    from_file = load_picture(tmp_path / "large.png", at_least=128)
    picture = read_picture(large, at_least=128)
    assert (picture.width, picture.height) == (2400, 1600)
    assert np.array_equal(picture.pixels, from_file.pixels)


def test_a_pillow_image_is_turned_upright_and_keeps_its_date() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x0132] = "2021:01:02 03:04:05"
    stored = encoded(red_and_blue().transpose(Image.Transpose.ROTATE_90), "PNG", exif=exif)
    image = Image.open(io.BytesIO(stored))
    picture = read_picture(image, at_least=32)
    assert (picture.width, picture.height) == (96, 64)
    assert picture.taken_at == datetime(2021, 1, 2, 3, 4, 5)
    assert_red_and_blue(picture.pixels)
    assert image.size == (64, 96)


def test_a_pillow_image_of_several_frames_is_flagged() -> None:
    frames = [Image.new("RGB", (96, 64))]
    moving = encoded(red_and_blue(), "GIF", save_all=True, append_images=frames)
    assert read_picture(Image.open(io.BytesIO(moving)), at_least=32).flags == Flag.ANIMATED
    assert read_picture(moving, at_least=32).flags == Flag.ANIMATED
    assert read_picture(red_and_blue(), at_least=32).flags == Flag.NONE


def test_a_transparent_pillow_image_is_laid_on_white() -> None:
    clear = Image.new("RGBA", (32, 32), (0, 0, 0, 0))
    assert read_picture(clear, at_least=16).pixels.min() == 255


def test_damaged_images_are_refused_with_the_reason(tmp_path: Path) -> None:
    whole = encoded(red_and_blue(640, 640), "JPEG")
    write_bomb(tmp_path / "bomb.png", 60_000, 60_000)
    damaged = {
        "empty": b"",
        "not-an-image": b"I am a letter",
        "truncated": whole[: len(whole) // 2],
        "too-large": (tmp_path / "bomb.png").read_bytes(),
    }
    for reason, content in damaged.items():
        with pytest.raises(Unreadable) as caught:
            read_picture(content, at_least=32)
        assert caught.value.reason == reason
    with pytest.raises(Unreadable, match="truncated"):
        read_picture(Image.open(io.BytesIO(whole[: len(whole) // 2])), at_least=32)


@pytest.mark.parametrize(
    "image",
    [
        PIXELS.astype(np.float32),
        PIXELS[..., 0],
        PIXELS[None],
        PIXELS[..., :2],
        PIXELS[:0],
        [[1, 2, 3]],
        None,
    ],
)
def test_what_is_no_image_is_a_usage_error(image: object) -> None:
    with pytest.raises(UsageError, match=r"\(H, W, 3\) uint8"):
        memory_image(image)  # type: ignore[arg-type]
