"""Procedural scenes: reproducible, of every size, of every kind."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from training.scenes import draw_scene, draw_scenes
from training.scenes.demo_samples import SAMPLES, SIZES

PLACES = (
    *("beach", "coral reef", "road", "garden", "flowers", "mountains", "desert", "forest", "lake"),
    *("snowfield", "street", "river", "table", "space", "sea", "hills"),
)
SEEDS = st.integers(-(2**40), 2**40)
PROGRAM = "from tests.training.test_scenes import digest_of_sixteen; print(digest_of_sixteen())"


def test_the_same_seed_draws_the_same_bytes() -> None:
    first = draw_scene(11, size=(160, 120))
    second = draw_scene(11, size=(160, 120))
    assert first.pixels.tobytes() == second.pixels.tobytes()
    assert (first.caption, first.tags) == (second.caption, second.tags)


def digest_of_sixteen() -> str:
    digest = hashlib.sha256()
    for scene in draw_scenes(16, size=(64, 48)):
        digest.update(scene.pixels.tobytes() + scene.caption.encode())
    return digest.hexdigest()


def test_another_process_draws_the_same_bytes() -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "PYTHONHASHSEED": "77"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == digest_of_sixteen()


@pytest.mark.parametrize("number", [0, 17, 31, 40])
def test_the_demo_ships_these_drawings(number: int) -> None:
    scene = draw_scene(number, size=SIZES[number % len(SIZES)])
    name = f"{number + 1:02}.webp"
    shipped = np.asarray(Image.open(SAMPLES / name).convert("RGB"))
    captions = json.loads((SAMPLES / "captions.json").read_text())
    assert captions[name] == scene.caption
    assert np.abs(shipped.astype(int) - scene.pixels).mean() < 6  # WebP's losses


def test_a_seed_shows_the_same_scene_at_every_size() -> None:
    for seed in range(40):
        wide = draw_scene(seed, size=(60, 32))
        tall = draw_scene(seed, size=(32, 60))
        assert (wide.caption, wide.tags) == (tall.caption, tall.tags)


def test_a_scene_looks_the_same_at_two_sizes() -> None:
    for seed in range(16):
        small = draw_scene(seed, size=(96, 64)).pixels.astype(float)
        large = draw_scene(seed, size=(192, 128)).pixels.astype(float)
        halved = large.reshape(64, 2, 96, 2, 3).mean(axis=(1, 3))
        assert np.abs(halved - small).mean() < 12, seed


def test_sixteen_scenes_cover_every_kind_of_place() -> None:
    tags = {tag for scene in draw_scenes(16, seed=5, size=(24, 16)) for tag in scene.tags}
    assert set(PLACES) <= tags


def test_two_series_share_no_image() -> None:
    first, second = (
        {scene.pixels.tobytes() for scene in draw_scenes(32, seed=seed, size=(24, 16))}
        for seed in (0, 1)
    )
    assert len(first) == len(second) == 32
    assert not first & second


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, width=st.integers(1, 150), height=st.integers(1, 150))
def test_any_seed_at_any_size_gives_an_image(seed: int, width: int, height: int) -> None:
    scene = draw_scene(seed, size=(width, height))
    assert scene.pixels.shape == (height, width, 3)
    assert scene.pixels.dtype == np.uint8
    assert scene.caption
    assert len(set(scene.tags)) == len(scene.tags) > 0


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, size=st.tuples(st.integers(32, 130), st.integers(32, 130)))
def test_no_scene_is_blank(seed: int, size: tuple[int, int]) -> None:
    pixels = draw_scene(seed, size=size).pixels
    assert pixels.std() > 5
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 60
