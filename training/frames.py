"""Frames of images, and images → the vectors and color maps that codecs are fitted to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from archive.arrays import Pixels, Vectors
from archive.errors import Unreadable, UsageError
from archive.imaging.decode import load_picture
from archive.imaging.resize import to_square
from archive.ingest.scan import scan
from archive.models.encoder import OpenClipEncoder
from archive.models.pairs import find_pair

BATCH = 64
AREA = 128 * 128  # pixels of a frame
MULTIPLE = 32  # sides of a frame are multiples of it: the denoiser halves latents twice


def squash(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """(H, W, 3) uint8 → the same resized to (width, height), whatever its aspect ratio."""
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC))


def embed_folder(folder: Path, model: str, *, map_side: int) -> tuple[Vectors, Pixels]:
    """Every readable image below `folder` → vectors (N, D) float32 and maps (N, n, n, 3) uint8.

    Raises UsageError if there is none.
    """
    encoder = OpenClipEncoder(find_pair(model))
    try:
        return embed(encoder, _images(folder, encoder.image_size), map_side=map_side)
    except ValueError as error:
        raise UsageError(f"{folder} holds no readable image") from error


def embed(
    encoder: OpenClipEncoder, images: Iterable[Pixels], *, map_side: int
) -> tuple[Vectors, Pixels]:
    """N × (H, W, 3) uint8 → vectors (N, D) float32 and maps (N, n, n, 3) uint8.

    Raises ValueError for no image.
    """
    stream = iter(images)
    vectors = []
    maps = []
    while batch := [np.ascontiguousarray(image) for image in islice(stream, BATCH)]:
        vectors.append(encoder.encode_images([encoder.preprocess(image) for image in batch]))
        maps += [to_square(image, map_side) for image in batch]
    return np.concatenate(vectors), np.stack(maps)


def _images(folder: Path, side: int) -> Iterator[Pixels]:
    for file in scan(str(folder)):
        if file.may_be_image:
            try:
                yield load_picture(Path(file.path), at_least=side).pixels
            except Unreadable:
                continue
