"""Corpora of training photos made for tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from training.corpus import Corpus
from training.scenes import draw_scene


def gray_photos(sources: Sequence[str], *, validation: Sequence[int] = ()) -> Corpus:
    """One gray image of 8 × 8 per source, without captions; `validation`: rows of that split."""
    count = len(sources)
    return Corpus(
        pixels=np.full(count * 192, 128, np.uint8),
        start=np.arange(count, dtype=np.int64) * 192,
        height=np.full(count, 8, np.int32),
        width=np.full(count, 8, np.int32),
        key=np.array([f"{photo:06}" for photo in range(count)]),
        caption=np.array([""] * count),
        is_label=np.ones(count, bool),
        source=np.array(sources),
        validation=np.isin(np.arange(count), validation),
        is_everyday=np.zeros(count, bool),
        test_duplicate=np.zeros(count, bool),
    )


def scene_photos(count: int, *, side: int) -> Corpus:
    """Procedural scenes of `side` × `side` as photos without a caption."""
    photos = gray_photos(["scenes"] * count)
    pixels = np.stack([draw_scene(seed, size=(side, side)).pixels for seed in range(count)])
    sides = np.full(count, side, np.int32)
    return replace(
        photos,
        pixels=pixels.reshape(-1),
        start=np.arange(count) * pixels[0].size,
        height=sides,
        width=sides,
    )
