"""Images by their names and by their first bytes."""

from __future__ import annotations

import os
import re
from pathlib import Path

SUFFIXES = frozenset(
    f".{suffix}"
    for suffix in (
        *("jpg", "jpeg", "jpe", "jfif", "png", "webp", "avif", "heic", "heif", "hif", "jxl", "gif"),
        *("tif", "tiff", "bmp", "dib", "jp2", "j2k", "j2c", "jpc", "jpx", "jpf"),
        *("ppm", "pgm", "pbm", "pnm", "pfm", "tga", "mpo", "apng", "heics", "heifs", "avifs"),
        *("cr2", "cr3", "nef", "nrw", "arw", "dng", "orf", "rw2", "raf", "pef", "srw"),  # raw
    )
)
SIGNATURES = (  # patterns of the first bytes
    rb"\xff\xd8\xff",  # JPEG
    rb"\x89PNG\r\n\x1a\n",
    rb"GIF8[79]a",
    rb"RIFF....WEBP",
    rb"II\x2a\0|MM\0\x2a|II\x2b\0\x08\0\0\0|MM\0\x2b\0\x08\0\0",  # TIFF, BigTIFF
    rb"BM....\0\0\0\0....[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0",  # BMP, by its header's size
    rb"\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51",  # JPEG 2000: a file, a bare codestream
    rb"P[1-6][\s#][\s#\d]|P[Ff]\n\d",  # PBM, PGM, PPM; PFM
    rb"FUJIFILMCCD-RAW|IIR[OS]|MMOR|IIU\0",  # raw files of cameras that are not TIFF
    rb"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n",  # JPEG XL: a bare codestream, a file
)
PATTERN = re.compile(b"|".join(b"(?:%s)" % pattern for pattern in SIGNATURES), re.DOTALL)
BRANDS = frozenset(  # of HEIF and AVIF (ISO/IEC 23008-12)
    (
        *(b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs"),
        *(b"mif1", b"mif2", b"mif3", b"msf1", b"miaf", b"avif", b"avis", b"crx "),
    )
)
SIGNATURE_BYTES = 64  # at the start of a file; enough for every signature and a few brands


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
        return is_image(os.read(descriptor, SIGNATURE_BYTES))
    except OSError:
        return False
    finally:
        os.close(descriptor)


def is_image(head: bytes) -> bool:
    """The first SIGNATURE_BYTES of a file → whether it is an image."""
    if head[4:8] == b"ftyp":
        end = min(int.from_bytes(head[:4]), len(head))
        brands = {head[8:12], *(head[start : start + 4] for start in range(16, end, 4))}
        return not brands.isdisjoint(BRANDS)
    return PATTERN.match(head) is not None
