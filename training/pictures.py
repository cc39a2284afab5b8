"""A folder of pictures → what a codec is trained on: their embeddings and their colour maps."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from archive.errors import Unreadable, UsageError
from archive.files import find_files
from archive.images import load_picture, shrink
from archive.models.encoder import OpenClipEncoder
from archive.models.pairs import find_pair

BATCH = 64


def embed_folder(folder: Path, model: str, *, map_side: int) -> tuple[np.ndarray, np.ndarray]:
    """Every readable picture below `folder` → vectors (N, D) float32 and maps (N, n, n, 3) uint8.

    Raises UsageError where there is none.
    """
    encoder = OpenClipEncoder(find_pair(model))
    vectors, maps, pixels = [], [], _pixels(folder, encoder.side)
    while batch := list(islice(pixels, BATCH)):
        vectors.append(encoder.encode_images([encoder.prepare(one) for one in batch]))
        maps += [shrink(one, map_side) for one in batch]
    if not vectors:
        raise UsageError(f"there is no picture in {folder} that can be read")
    return np.concatenate(vectors), np.stack(maps)


def _pixels(folder: Path, side: int) -> Iterator[np.ndarray]:
    for file in find_files(str(folder)):
        if file.candidate:
            try:
                yield load_picture(Path(file.path), at_least=side).pixels
            except Unreadable:
                continue
