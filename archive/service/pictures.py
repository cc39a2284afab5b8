"""Pictures for a browser.

row       its color map in the original's aspect ratio, as PNG
original  the file as it is, where its digest is still the row's and every browser shows its
          format; else decoded in a process with limits, and sent as JPEG
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from archive.archive import Archive
from archive.arrays import Pixels
from archive.errors import BadCode, NotFound, Unreadable
from archive.imaging.encode import encoded
from archive.imaging.files import opened, stamp_of
from archive.imaging.resize import fitted, resize
from archive.imaging.workers import Workers
from archive.records import Row

PLACEHOLDER_SIDE = 32  # pixels of the long side
CONVERTED_SIDE = 4096  # of a picture that has to be converted, at most
CHUNK = 1 << 18  # bytes
BROWSER_TYPES = {  # Pillow's name of what every browser shows → media type
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "AVIF": "image/avif",
}


@dataclass(frozen=True)
class Picture:
    """A picture to be sent."""

    media_type: str
    length: int
    chunks: Iterator[bytes]


def placeholder(archive: Archive, row: Row) -> bytes:
    """A row → PNG of its color map. Raises NotFound without one, BadCode."""
    _, colors_hat = archive.decode(row)
    if not colors_hat.size:
        raise NotFound(f"the codec of image {row.id} has no color maps")
    return _placeholder(row, colors_hat)


def placeholders(archive: Archive, rows: Sequence[Row]) -> dict[int, bytes]:
    """Id → PNG as of `placeholder`, of those of these intact rows that have one.

    Decoded together, fifty take the time of two.
    """
    of_codec: dict[int, list[Row]] = {}
    for row in rows:
        of_codec.setdefault(row.codec_id, []).append(row)
    pngs: dict[int, bytes] = {}
    for same in of_codec.values():
        with contextlib.suppress(BadCode, KeyError):  # each is refused where it is asked for alone
            codec = archive.codec_of(same[0])
            codes = ([row.clip_code for row in same], [row.color_code for row in same])
            _, colors_hat = codec.decode(*codes)
            if colors_hat.size:
                pairs = zip(same, colors_hat, strict=True)
                pngs |= {row.id: _placeholder(row, colors) for row, colors in pairs}
    return pngs


def _placeholder(row: Row, colors_hat: Pixels) -> bytes:
    width, height = fitted(row.width, row.height, PLACEHOLDER_SIDE)
    return encoded(resize(colors_hat, width, height), "PNG")


def original(row: Row, size: int | None, workers: Workers) -> Picture:
    """A row → its original, or `size` pixels on the long side of it. Raises NotFound, Unreadable.

    Of an original that must be converted, CONVERTED_SIDE at most.
    """
    media_type = BROWSER_TYPES.get(row.format)
    with contextlib.ExitStack() as stack:
        file, path = _unchanged(row, stack)
        if size is None and media_type is not None:
            length = file.seek(0, os.SEEK_END)
            file.seek(0)
            return Picture(media_type, length, _chunks(file, stack.pop_all()))
        pixels = _converted(row, path, file, size or CONVERTED_SIDE, workers)
    content = encoded(pixels, "JPEG")
    return Picture("image/jpeg", len(content), iter([content]))


def _unchanged(row: Row, stack: contextlib.ExitStack) -> tuple[BinaryIO, Path]:
    """The first file at a row's paths that has its digest, opened. Raises NotFound."""
    for path in row.paths:
        if not os.path.isabs(path):
            continue
        attempt = contextlib.ExitStack()
        with contextlib.suppress(Unreadable, OSError), attempt:
            file = attempt.enter_context(opened(Path(path)))
            if stamp_of(file).size != row.file_bytes:
                continue
            if hashlib.file_digest(file, "sha256").digest() == row.sha256:
                stack.push(attempt.pop_all())
                return file, Path(path)
    raise NotFound(f"the original of image {row.id} cannot be seen now")


def _converted(row: Row, path: Path, file: BinaryIO, size: int, workers: Workers) -> Pixels:
    width, height = fitted(row.width, row.height, size)
    stamp = stamp_of(file)
    picture = workers.decode(
        path, at_least=min(width, height), unchanged=stamp, keep_truncated=True
    )
    return resize(picture.pixels, width, height)


def _chunks(file: BinaryIO, stack: contextlib.ExitStack) -> Iterator[bytes]:
    with stack:
        while chunk := file.read(CHUNK):
            yield chunk
