"""Ways to spend few bits on an image, beside the row.

    coldframe      the row, restored with its pair's default sampling
    color_map      the row's color map alone, enlarged
    jpeg …         the smallest files JPEG, WebP and AVIF can write: their lowest quality

A method gets originals that are resized to the reconstruction's size. Its bits are 8 · bytes of the
stored codes, or of the whole file. archive.evaluate.table1 has more methods.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from archive.arrays import Pixels
from archive.codecs import Codec
from archive.imaging.decode import Picture
from archive.imaging.encode import can_encode, recompress
from archive.imaging.resize import resize
from archive.records import Row

LOWEST_QUALITY = {"jpeg": 1, "webp": 0, "avif": 0}  # Pillow's; JPEG takes 0 for its default
FORMAT_TITLES = {"jpeg": "JPEG", "webp": "WebP", "avif": "AVIF"}


@dataclass(frozen=True)
class Subject:
    """An image to compare; `original` and `restored` are (H, W, 3) uint8 of one size."""

    row: Row
    picture: Picture  # the file, decoded
    original: Pixels  # the file's pixels, resized
    restored: Pixels  # the row, as the archive restores it
    bits: int  # that it is restored from: the row's, and its detail's


@dataclass(frozen=True)
class Rendition:
    """(H, W, 3) uint8: an image as a method gives it back, and the bits that method stores."""

    bits: int
    pixels: Pixels
    area: int | None = None  # pixels that the bits stand for; None: as many as there are

    @property
    def bpp(self) -> float:
        """Bits per pixel."""
        height, width, _ = self.pixels.shape
        return self.bits / (self.area or height * width)


@dataclass(frozen=True)
class Method:
    """A way to spend bits on images."""

    name: str  # for programs
    title: str  # for people
    render: Callable[[Sequence[Subject]], list[Rendition]]
    """N subjects of one size, whose rows share a codec → N renditions of that size."""
    is_original: bool = False  # then it has no column of its own on a contact sheet


def restored_rows() -> Method:
    """The rows, as the archive restores them."""

    def render(subjects: Sequence[Subject]) -> list[Rendition]:
        return [Rendition(subject.bits, subject.restored) for subject in subjects]

    return Method("coldframe", "coldframe", render)


def color_maps(codecs: Mapping[int, Codec]) -> Method:
    """The rows' color maps alone; every codec has some."""

    def render(subjects: Sequence[Subject]) -> list[Rendition]:
        return [_color_map(subject, codecs[subject.row.codec_id]) for subject in subjects]

    return Method("color_map", "color map", render)


def formats() -> list[Method]:
    """JPEG, WebP and AVIF, as far as this Pillow writes them."""
    available = LOWEST_QUALITY.keys() - set(unavailable_formats())
    return [
        Method(kind, FORMAT_TITLES[kind], partial(_recompressed, kind=kind))
        for kind in LOWEST_QUALITY
        if kind in available
    ]


def unavailable_formats() -> list[str]:
    """Those that this Pillow does not write."""
    return [kind for kind in LOWEST_QUALITY if not can_encode(kind.upper())]


def _color_map(subject: Subject, codec: Codec) -> Rendition:
    row = subject.row
    height, width, _ = subject.original.shape
    _, [colors_hat] = codec.decode([row.clip_code], [row.color_code])
    bits = 8 * len(row.color_code)
    if codec.maps.predicted:  # then the map cannot be decoded without the vector
        bits += 8 * len(row.clip_code)
    return Rendition(bits, resize(colors_hat, width, height))


def _recompressed(subjects: Sequence[Subject], *, kind: str) -> list[Rendition]:
    compressed = [recompress(subject.original, kind, LOWEST_QUALITY[kind]) for subject in subjects]
    return [Rendition(8 * count, pixels) for count, pixels in compressed]
