"""Every depth of gray comes out as the file says, or is refused by name."""

from __future__ import annotations

import io
import struct
from typing import Literal

import numpy as np
import pytest
from PIL import Image

from archive.errors import Unreadable
from archive.imaging.decode import DecodeOptions, decode_picture

SIDE = 64
RAMP = np.linspace(0, 1, SIDE, dtype=np.float64)[None].repeat(SIDE, 0)
UNSIGNED, SIGNED, FLOAT = 1, 2, 3
SHORT, LONG = 3, 4


def tiff(
    samples: np.ndarray[tuple[int, ...], np.dtype[np.generic]],
    sample_format: int,
    *,
    photometric: int = 1,
    order: Literal["<", ">"] = "<",
    tags: tuple[tuple[int, int], ...] = (),
) -> bytes:
    """Gray or RGB samples → an uncompressed TIFF of one strip."""
    bits = 8 * samples.dtype.itemsize
    channels = samples.shape[2] if samples.ndim == 3 else 1
    content = samples.astype(samples.dtype.newbyteorder(order)).tobytes()
    entries = [
        (256, LONG, 1, SIDE),
        (257, LONG, 1, SIDE),
        (258, SHORT, channels, bits if channels == 1 else 300),
        (259, SHORT, 1, 1),
        (262, SHORT, 1, photometric),
        (273, LONG, 1, 400),
        (277, SHORT, 1, channels),
        (278, LONG, 1, SIDE),
        (279, LONG, 1, len(content)),
        *((tag, LONG, 1, value) for tag, value in tags),
        (339, SHORT, 1, sample_format),
    ]
    directory = struct.pack(order + "H", len(entries))
    for tag, kind, count, value in sorted(entries):
        packed = struct.pack(
            order + ("HH" if kind == SHORT and count == 1 else "L"),
            *((value, 0) if kind == SHORT and count == 1 else (value,)),
        )
        directory += struct.pack(order + "HHL", tag, kind, count) + packed
    mark = b"II*\0" if order == "<" else b"MM\0*"
    head = mark + struct.pack(order + "L", 8) + directory + b"\0\0\0\0"
    depths = struct.pack(order + f"{channels}H", *[bits] * channels)
    return (head.ljust(300, b"\0") + depths).ljust(400, b"\0") + content


def gray(content: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """A file → the gray levels of its first row, 0 … 1."""
    pixels = decode_picture(io.BytesIO(content), DecodeOptions(SIDE)).pixels
    assert pixels.shape == (SIDE, SIDE, 3)
    return pixels[0, :, 0] / 255.0


def spoiled(value: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """A ramp of floats with one sample that is no level."""
    samples = RAMP.astype(np.float32)
    samples[5, 5] = value
    return samples


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("samples", "sample_format", "tags"),
    [
        ((RAMP * 255).astype(np.uint8), UNSIGNED, ()),
        ((RAMP * 65535).astype(np.uint16), UNSIGNED, ()),
        ((RAMP * 4095).astype(np.uint16), UNSIGNED, ()),
        ((RAMP * 1023).astype(np.uint16), UNSIGNED, ((281, 1023),)),
        ((RAMP * 32767).astype(np.int16), SIGNED, ()),
        ((RAMP * (2**32 - 1)).astype(np.uint32), UNSIGNED, ()),
        ((RAMP * (2**31 - 1)).astype(np.int32), SIGNED, ()),
        ((RAMP * 255).astype(np.int32), SIGNED, ()),
        (RAMP.astype(np.float32), FLOAT, ()),
        ((RAMP * 1000).astype(np.float32), FLOAT, ()),
        (spoiled(np.nan), FLOAT, ()),
        (spoiled(np.inf), FLOAT, ()),
        (spoiled(-7.0), FLOAT, ()),
    ],
)
def test_a_ramp_is_a_ramp_at_every_depth(
    samples: np.ndarray[tuple[int, ...], np.dtype[np.generic]],
    sample_format: int,
    tags: tuple[tuple[int, int], ...],
    order: Literal["<", ">"],
) -> None:
    content = tiff(samples, sample_format, order=order, tags=tags)
    if samples.dtype == np.uint32 and order == ">":
        with pytest.raises(Unreadable, match="unsupported: TIFF"):  # Pillow does not read it
            gray(content)
    else:
        assert np.abs(gray(content) - RAMP[0]).max() < 0.01


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_white_is_zero_where_the_file_says_so(depth: type[np.generic]) -> None:
    samples = (RAMP * np.iinfo(depth).max).astype(depth)  # type: ignore[type-var]
    assert np.abs(gray(tiff(samples, UNSIGNED, photometric=0)) - (1 - RAMP[0])).max() < 0.01


def test_negative_samples_are_black() -> None:
    levels = gray(tiff(((RAMP - 0.5) * 65535).astype(np.int16), SIGNED))
    assert levels[: SIDE // 2].max() == 0
    assert np.abs(levels[SIDE // 2 :] - (2 * RAMP[0] - 1)[SIDE // 2 :]).max() < 0.01


def test_no_number_is_black_and_infinity_white() -> None:
    for value, level in ((np.nan, 0), (np.inf, 255), (-np.inf, 0)):
        content = tiff(spoiled(value), FLOAT)
        pixels = decode_picture(io.BytesIO(content), DecodeOptions(SIDE)).pixels
        assert pixels[5, 5].tolist() == [level] * 3


def test_what_is_not_read_is_refused_by_name() -> None:
    colors = np.dstack([RAMP, RAMP, RAMP]).astype(np.float32)
    with pytest.raises(Unreadable, match="unsupported: TIFF of a kind"):
        gray(tiff(colors, FLOAT, photometric=2))


def test_a_transparent_level_of_16_bits_is_white() -> None:
    file = io.BytesIO()
    samples = np.full((SIDE, SIDE), 20_000, np.uint16)
    samples[:, :10] = 500
    Image.fromarray(samples).save(file, "PNG", transparency=500)
    levels = gray(file.getvalue())
    assert levels[:10].min() == 1
    assert levels[10:].max() == pytest.approx(20_000 / 65_535, abs=0.01)


@pytest.mark.parametrize("mode", ["1", "P", "I;16", "F", "LA"])
def test_large_images_of_any_mode_are_reduced_like_small_ones(mode: str) -> None:
    ramp = Image.fromarray((np.linspace(0, 255, 3000)[None].repeat(2000, 0)).astype(np.uint8))
    if mode == "I;16":
        image = Image.fromarray(np.asarray(ramp).astype(np.uint16) * 257)
    else:
        image = ramp.convert(mode)
    file = io.BytesIO()
    image.save(file, "TIFF")
    pixels = decode_picture(io.BytesIO(file.getvalue()), DecodeOptions(100)).pixels
    assert pixels.shape == (200, 300, 3)
    assert np.abs(pixels.mean((0, 2)) - np.linspace(0, 255, 300)).max() < 8
