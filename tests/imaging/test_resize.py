"""Sizes are width and height, maps are square, and files without provenance keep their pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archive.imaging.encode import can_encode, recompress, save_image
from archive.imaging.resize import resize, to_square
from tests.support.images import assert_red_and_blue, red_and_blue

PIXELS = np.asarray(red_and_blue())


@pytest.mark.parametrize("size", [(24, 16), (192, 100)])
def test_pixels_are_resized_to_a_width_and_a_height(size: tuple[int, int]) -> None:
    resized = resize(PIXELS, *size)
    assert resized.shape == (size[1], size[0], 3)
    assert_red_and_blue(resized)


def test_a_square_holds_the_whole_image() -> None:
    square = to_square(PIXELS, 8)
    assert square.shape == (8, 8, 3)
    assert_red_and_blue(square)


def test_samples_of_a_square_are_means_of_what_they_cover() -> None:
    checkers = np.zeros((64, 64, 3), np.uint8)
    checkers[::2, ::2] = 255
    assert np.abs(to_square(checkers, 4).astype(int) - 64).max() <= 8


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_an_image_file_is_written_by_its_suffix(tmp_path: Path, suffix: str) -> None:
    save_image(tmp_path / f"image{suffix}", PIXELS)
    with Image.open(tmp_path / f"image{suffix}") as image:
        assert_red_and_blue(np.asarray(image))


def test_formats_that_pillow_writes_are_known() -> None:
    assert can_encode("JPEG")
    assert not can_encode("FLIF")


@pytest.mark.parametrize("image_format", ["JPEG", "WEBP"])
def test_recompressing_gives_bytes_and_pixels(image_format: str) -> None:
    least, worst = recompress(PIXELS, image_format, 1)
    most, best = recompress(PIXELS, image_format, 95)
    assert 100 < least <= most
    assert worst.shape == best.shape == PIXELS.shape
    assert_red_and_blue(best)
