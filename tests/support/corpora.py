"""Training photos made for the purpose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from training.corpus import Corpus
from training.scenes import draw_scene


def grey_photos(source: Sequence[str], *, validation: Sequence[int] = ()) -> Corpus:
    """A grey picture of 8 × 8 for every source named, without a caption; those at `validation` are only measured."""
    count = len(source)
    return Corpus(
        pixels=np.full(count * 192, 128, np.uint8),
        start=np.arange(count, dtype=np.int64) * 192,
        height=np.full(count, 8, np.int32),
        width=np.full(count, 8, np.int32),
        key=np.array([f"{photo:06}" for photo in range(count)]),
        caption=np.array([""] * count),
        source=np.array(source),
        validation=np.isin(np.arange(count), validation),
        excluded=np.zeros(count, bool),
    )


def scene_photos(count: int, *, side: int) -> Corpus:
    """Procedural scenes of `side` × `side` as photos without a caption."""
    blank = grey_photos(["scenes"] * count)
    pixels = np.stack([draw_scene(seed, size=(side, side)).pixels for seed in range(count)])
    sides = np.full(count, side, np.int32)
    return replace(
        blank,
        pixels=pixels.reshape(-1),
        start=np.arange(count) * pixels[0].size,
        height=sides,
        width=sides,
    )
