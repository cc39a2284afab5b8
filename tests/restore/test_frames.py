"""Frames fit the decoder and the original's shape."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from archive.restore.frames import AREA_BAND, MAX_ASPECT, frame_size, scaled_size


@given(st.floats(0.1, 10), st.sampled_from([(128 * 128, 32), (768 * 768, 64), (16 * 16, 4)]))
def test_frames_fit_the_decoder_and_the_image(aspect: float, native: tuple[int, int]) -> None:
    pixels, multiple = native
    width, height = frame_size(aspect, pixels, multiple)
    assert width % multiple == height % multiple == 0
    assert AREA_BAND[0] <= width * height / pixels <= AREA_BAND[1]
    expected = min(max(aspect, 1 / MAX_ASPECT), MAX_ASPECT)
    assert 0.7 < width / height / expected < 1.45


def test_common_frames() -> None:
    assert frame_size(1, 768 * 768, 64) == (768, 768)
    assert frame_size(3 / 2, 768 * 768, 64) == (960, 640)
    assert frame_size(4 / 3, 128 * 128, 32) == (128, 96)


@given(st.integers(1, 9000), st.integers(1, 9000))
def test_images_are_never_larger_than_the_original(width: int, height: int) -> None:
    scaled_width, scaled_height = scaled_size(width, height, 65536)
    assert 1 <= scaled_width <= width
    assert 1 <= scaled_height <= height
