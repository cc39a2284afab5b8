"""Pixels become Pillow images and come back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from archive.imaging.pillow import open_rgb, to_pillow
from tests.support.images import assert_red_and_blue, red_and_blue


def test_pixels_become_an_rgb_image() -> None:
    pixels = np.asarray(red_and_blue())
    image = to_pillow(pixels)
    assert (image.mode, image.size) == ("RGB", (96, 64))
    assert np.array_equal(np.asarray(image), pixels)


def test_a_file_is_opened_in_rgb_and_closed(tmp_path: Path) -> None:
    red_and_blue().convert("P").save(tmp_path / "image.png")
    image = open_rgb(tmp_path / "image.png")
    (tmp_path / "image.png").unlink()
    assert isinstance(image, Image.Image)
    assert image.mode == "RGB"
    assert_red_and_blue(np.asarray(image))
