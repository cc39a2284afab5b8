"""Images by their names and by their first bytes."""

from __future__ import annotations

import os
from pathlib import Path

from archive.imaging.formats import HEAD_BYTES, content_of, is_raw

SUFFIXES = frozenset(
    f".{suffix}"
    for suffix in (
        *("jpg", "jpeg", "jpe", "jfif", "png", "webp", "avif", "heic", "heif", "hif", "jxl", "gif"),
        *("tif", "tiff", "bmp", "dib", "jp2", "j2k", "j2c", "jpc", "jpx", "jpf"),
        *("ppm", "pgm", "pbm", "pnm", "pfm", "tga", "pcx", "sgi", "qoi", "mpo", "apng"),
        *("heics", "heifs", "avifs"),
        *("cr2", "cr3", "nef", "nrw", "arw", "dng", "orf", "rw2", "raf", "pef", "srw"),  # raw
    )
)


def has_image_suffix(path: str) -> bool:
    """Whether a file is an image by its name."""
    return Path(path).suffix.lower() in SUFFIXES


def has_image_content(path: str) -> bool:
    """Whether a file is an image by its first bytes. Pipes and devices are not waited for."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return False
    try:
        head = os.read(descriptor, HEAD_BYTES)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return content_of(head)[1] or is_raw(head)
