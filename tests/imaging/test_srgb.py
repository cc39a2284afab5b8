"""Every mode that Pillow decodes to becomes sRGB on white."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from archive.imaging.decode import load_picture
from archive.imaging.srgb import to_srgb
from tests.support.images import TOLERANCE, assert_red_and_blue, red_and_blue

RED_LUMA = 86  # of RED in gray, by ITU-R BT.601


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def exchanged_profile() -> bytes:
    """sRGB, except that its red primary is blue and its blue primary red."""
    return (
        srgb_profile()
        .replace(b"rXYZ", b"????", 1)
        .replace(b"bXYZ", b"rXYZ", 1)
        .replace(b"????", b"bXYZ", 1)
    )


@pytest.mark.parametrize("mode", ["CMYK", "L", "LA", "P", "RGBA", "1", "I;16"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("image.tiff" if mode == "CMYK" else "image.png")
    if mode == "I;16":
        gray = np.asarray(red_and_blue().convert("L"), np.uint16)
        Image.fromarray(gray * 257).save(path)
    else:
        red_and_blue().convert(mode).save(path)
    pixels = load_picture(path, at_least=32).pixels
    assert pixels.shape == (64, 96, 3)
    if mode in ("CMYK", "P", "RGBA"):
        assert_red_and_blue(pixels)
    if mode in ("L", "LA", "I;16"):
        assert np.abs(pixels[32, 10].astype(int) - RED_LUMA).max() < 4


def test_float_samples_are_white_at_one() -> None:
    image = Image.fromarray(np.array([[0.0, 0.25], [0.5, 1.0]], np.float32))
    assert np.asarray(to_srgb(image))[..., 0].tolist() == [[0, 64], [128, 255]]
    black = Image.fromarray(np.zeros((2, 2), np.float32))
    assert np.asarray(to_srgb(black)).max() == 0


def test_transparent_pixels_are_white(tmp_path: Path) -> None:
    Image.new("RGBA", (32, 32), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    assert load_picture(tmp_path / "clear.png", at_least=16).pixels.min() == 255
    Image.new("RGBA", (32, 32), (255, 0, 0, 128)).save(tmp_path / "half.png")
    pixels = load_picture(tmp_path / "half.png", at_least=16).pixels
    assert np.abs(pixels[16, 16].astype(int) - (255, 127, 127)).max() <= 1


def test_a_transparent_palette_color_is_white(tmp_path: Path) -> None:
    image = red_and_blue().quantize(2)
    image.save(tmp_path / "palette.png", transparency=image.getpixel((90, 32)))
    pixels = load_picture(tmp_path / "palette.png", at_least=32).pixels
    assert pixels[32, 90].tolist() == [255, 255, 255]
    assert pixels[32, 5, 0] > 200 > pixels[32, 5, 1]


def test_colors_are_converted_by_the_embedded_profile(tmp_path: Path) -> None:
    red_and_blue().save(tmp_path / "srgb.png", icc_profile=srgb_profile())
    assert_red_and_blue(load_picture(tmp_path / "srgb.png", at_least=32).pixels)
    red_and_blue().save(tmp_path / "exchanged.png", icc_profile=exchanged_profile())
    assert_red_and_blue(load_picture(tmp_path / "exchanged.png", at_least=32).pixels[:, ::-1])


def test_a_damaged_profile_is_ignored(tmp_path: Path) -> None:
    red_and_blue().save(tmp_path / "damaged.jpg", icc_profile=b"not a profile", quality=95)
    assert_red_and_blue(load_picture(tmp_path / "damaged.jpg", at_least=32).pixels)


def test_a_profile_of_another_mode_is_ignored(tmp_path: Path) -> None:
    gray = red_and_blue().convert("L")
    gray.save(tmp_path / "gray.png", icc_profile=srgb_profile())
    pixels = load_picture(tmp_path / "gray.png", at_least=32).pixels
    assert np.abs(pixels[32, 10].astype(int) - RED_LUMA).max() < TOLERANCE
