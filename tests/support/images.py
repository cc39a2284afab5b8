"""Images that survive any compression, and files that are not what they seem."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

RED = (220, 30, 30)
BLUE = (30, 30, 220)
BROKEN_EXIF = b"Exif\0\0II*\0\x08\0\0\0\xff\0\x12\x01\x03\0\x01"
TOLERANCE = 16  # levels that lossy formats may change a flat area by


def red_and_blue(width: int = 96, height: int = 64) -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (width // 2, 0, width, height))
    return image


def assert_red_and_blue(pixels: np.ndarray) -> None:
    """The halves are where red_and_blue has them, whatever the format did to their edges."""
    rows = slice(len(pixels) // 4, -len(pixels) // 4)
    quarter = pixels.shape[1] // 4
    assert np.abs(pixels[rows, :quarter].mean(axis=(0, 1)) - RED).max() < TOLERANCE
    assert np.abs(pixels[rows, -quarter:].mean(axis=(0, 1)) - BLUE).max() < TOLERANCE


def write_bomb(path: Path, width: int, height: int) -> None:
    """A PNG file of a few bytes whose header promises width × height pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks))


def _chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


def write_noisy_files(folder: Path) -> list[Path]:
    """Files that make Pillow warn, and libtiff print; the first makes Pillow warn when decoded."""
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    exif, palette, damaged, cut = (
        folder / name for name in ("exif.jpg", "palette.png", "lzw.tif", "cut.tif")
    )
    Image.fromarray(noise).save(exif, exif=BROKEN_EXIF)
    red_and_blue().convert("P").save(palette, transparency=bytes(200))
    Image.fromarray(noise).save(damaged, compression="tiff_lzw")
    content = bytearray(damaged.read_bytes())
    content[1000:1100] = bytes(100)
    damaged.write_bytes(content)
    cut.write_bytes(content[: len(content) // 2])
    return [exif, palette, damaged, cut]
