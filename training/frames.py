"""Pictures → what codecs are fitted to (embeddings and colour maps, by the product's own encoder), and their frames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from archive.errors import Unreadable, UsageError
from archive.imaging.decode import load_picture
from archive.imaging.resize import to_square
from archive.ingest.scan import scan
from archive.models.encoder import OpenClipEncoder
from archive.models.pairs import find_pair

BATCH = 64
AREA = 128 * 128  # of a frame: pixels
MULTIPLE = 32  # what the denoiser's levels can halve


def squash(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(H, W, 3) uint8 → the same in width and height `size`."""
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC))


def embed_folder(folder: Path, model: str, *, map_side: int) -> tuple[np.ndarray, np.ndarray]:
    """Every readable picture below `folder` → vectors (N, D) float32 and maps (N, n, n, 3) uint8.

    Raises UsageError where there is none.
    """
    encoder = OpenClipEncoder(find_pair(model))
    try:
        return embed(encoder, _pixels(folder, encoder.image_size), map_side=map_side)
    except ValueError as error:
        raise UsageError(f"there is no picture in {folder} that can be read") from error


def embed(
    encoder: OpenClipEncoder, pictures: Iterable[np.ndarray], *, map_side: int
) -> tuple[np.ndarray, np.ndarray]:
    """N × (H, W, 3) uint8 → vectors (N, D) float32 and maps (N, n, n, 3) uint8. Raises ValueError for none."""
    stream = iter(pictures)
    vectors = []
    maps = []
    while batch := [np.ascontiguousarray(one) for one in islice(stream, BATCH)]:
        vectors.append(encoder.encode_images([encoder.preprocess(one) for one in batch]))
        maps += [to_square(one, map_side) for one in batch]
    return np.concatenate(vectors), np.stack(maps)


def _pixels(folder: Path, side: int) -> Iterator[np.ndarray]:
    for file in scan(str(folder)):
        if file.may_be_image:
            try:
                yield load_picture(Path(file.path), at_least=side).pixels
            except Unreadable:
                continue
