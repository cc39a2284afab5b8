"""Procedural scenes as a corpus like the photos, with captions that are exactly true.

Drawn once: SCENES scenes in the frames of real photos (square, 3:2, 2:3, 5:4), 128 px on the short
side.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from training.corpus import Corpus, is_validation, open_corpus
from training.scenes import Scene, draw_scene
from training.scenes.captions import subject_of
from training.scenes.grammar import make_plan

SCENES = 12_000
FIRST_SEED = 1_000_000  # the demo draws small seeds: what it shows was never trained on
KEY = "scene-"  # and the number of a scene
FRAMES = ((128, 128), (192, 128), (128, 192), (160, 128))  # width, height


def load_scenes(work: Path, *, workers: int) -> Corpus:
    """The scenes, drawn into `work` the first time."""
    index = work / "scenes.npz"
    flat = work / "scenes.u8"
    if not index.exists():
        with ProcessPoolExecutor(workers) as pool:
            _pack(pool.map(_draw, range(SCENES), chunksize=64), index, flat)
    return open_corpus(index, flat)


def subjects(scenes: Corpus) -> list[str]:
    """A name for each scene."""
    numbers = [int(key.removeprefix(KEY)) for key in map(str, scenes.key)]
    return [subject_of(make_plan(FIRST_SEED + number)) for number in numbers]


def _draw(number: int) -> Scene:
    return draw_scene(FIRST_SEED + number, size=FRAMES[number % len(FRAMES)])


def _pack(scenes: Iterator[Scene], index: Path, flat: Path) -> None:
    captions = []
    sizes = []
    with flat.open("wb") as out:
        for scene in scenes:
            out.write(scene.pixels.tobytes())
            captions.append(scene.caption)
            sizes.append(scene.pixels.shape)
    height, width, _ = np.array(sizes).T
    keys = [f"{KEY}{number}" for number in range(len(captions))]
    np.savez(
        index,
        start=np.cumsum(np.concatenate([[0], np.prod(sizes, axis=1)[:-1]])).astype(np.int64),
        height=height.astype(np.int32),
        width=width.astype(np.int32),
        key=np.array(keys),
        caption=np.array(captions),
        is_label=np.zeros(len(captions), bool),
        source=np.array(["scenes"] * len(captions)),
        validation=np.array([is_validation(key) for key in keys]),
        is_everyday=np.zeros(len(captions), bool),
        test_duplicate=np.zeros(len(captions), bool),
    )
