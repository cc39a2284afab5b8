"""Procedural scenes: the same everywhere, all kinds of place, and captions that are true of the pixels."""

from __future__ import annotations

import colorsys
import hashlib
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from training.scenes import Scene, draw_scene, draw_scenes

PLACES = (
    *("beach", "coral reef", "road", "garden", "flowers", "mountains", "desert", "forest", "lake"),
    *("snowfield", "street", "river", "table", "space", "sea", "hills"),
)
HUES = {
    "red": (345, 14),
    "orange": (18, 38),
    "yellow": (40, 58),
    "purple": (262, 292),
    "pink": (322, 348),
}  # degrees
SEEDS = st.integers(-(2**40), 2**40)


def share_of_hue(pixels: NDArray[np.uint8], color: str) -> float:
    """(H, W, 3) → the share of strongly colored pixels whose hue is that color's."""
    low, high = HUES[color]
    step = (
        np.asarray(pixels, dtype=np.int64) // 8
    )  # 32 levels a channel: a small table of hues will do
    levels, counts = np.unique(step.reshape(-1, 3), axis=0, return_counts=True)
    found = 0
    for level, count in zip(levels.tolist(), counts.tolist(), strict=True):
        hue, saturation, value = colorsys.rgb_to_hsv(*[part / 31 for part in level])
        degrees = hue * 360
        inside = low <= degrees <= high if low < high else degrees >= low or degrees <= high
        found += count * int(inside and saturation > 0.34 and value > 0.3)
    return float(found / (pixels.shape[0] * pixels.shape[1]))


@pytest.fixture(scope="module")
def album() -> list[Scene]:
    """Four hundred small scenes."""
    return list(draw_scenes(400, seed=3, size=(112, 84)))


def test_the_same_seed_draws_the_same_bytes() -> None:
    first = draw_scene(11, size=(160, 120))
    second = draw_scene(11, size=(160, 120))
    assert first.pixels.tobytes() == second.pixels.tobytes()
    assert (first.caption, first.tags) == (second.caption, second.tags)


def test_another_process_draws_the_same_bytes() -> None:
    program = (
        "import hashlib; from training.scenes import draw_scenes; "
        "scenes = b''.join(s.pixels.tobytes() + s.caption.encode() for s in draw_scenes(16, size=(64, 48))); "
        "print(hashlib.sha256(scenes).hexdigest())"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": "77"},
        capture_output=True,
        text=True,
        check=True,
    )
    here = hashlib.sha256(
        b"".join(
            scene.pixels.tobytes() + scene.caption.encode()
            for scene in draw_scenes(16, size=(64, 48))
        )
    )
    assert run.stdout.strip() == here.hexdigest()


def test_the_same_seed_tells_the_same_scene_at_every_size() -> None:
    for seed in range(40):
        wide = draw_scene(seed, size=(60, 32))
        tall = draw_scene(seed, size=(32, 60))
        assert (wide.caption, wide.tags) == (tall.caption, tall.tags)


def test_the_same_scene_looks_alike_at_two_sizes() -> None:
    for seed in range(16):
        small = draw_scene(seed, size=(96, 64)).pixels.astype(float)
        large = draw_scene(seed, size=(192, 128)).pixels.astype(float)
        halved = large.reshape(64, 2, 96, 2, 3).mean(axis=(1, 3))
        assert np.abs(halved - small).mean() < 12, seed


def test_a_small_set_covers_every_kind_of_place() -> None:
    seen = {tag for scene in draw_scenes(16, seed=5, size=(24, 16)) for tag in scene.tags}
    assert set(PLACES) <= seen


def test_forty_pictures_show_every_hour_and_most_weathers(album: list[Scene]) -> None:
    seen = {tag for scene in album[:40] for tag in scene.tags}
    assert {"morning", "day", "sunset", "night"} <= seen
    assert len({"clear", "cloudy", "rain", "snow", "fog", "rainbow"} & seen) >= 5


def test_two_series_share_no_picture() -> None:
    one, two = (
        {scene.pixels.tobytes() for scene in draw_scenes(32, seed=s, size=(24, 16))} for s in (0, 1)
    )
    assert len(one) == len(two) == 32
    assert not one & two


def test_captions_name_the_color_that_was_drawn(album: list[Scene]) -> None:
    """On a clear day there is hardly any red, orange, yellow, purple or pink but that of the things a caption names."""
    told: list[float] = []
    untold: list[float] = []
    for scene in album:
        if {"clear", "day"} <= set(scene.tags) and not {"sand", "table", "flowers"} & set(
            scene.tags
        ):
            for color in HUES:
                (told if color in scene.tags else untold).append(share_of_hue(scene.pixels, color))
    assert len(told) >= 12
    assert min(told) > 0.0002
    assert np.median(told) > 0.004
    assert np.median(untold) < 0.0004


@pytest.mark.parametrize("color", sorted(HUES))
def test_a_thing_in_space_has_the_color_its_caption_says(color: str, album: list[Scene]) -> None:
    scenes = [
        scene
        for scene in album
        if {"space", color} <= set(scene.tags) and "comet" not in scene.tags
    ]
    assert all(share_of_hue(scene.pixels, color) > 0.002 for scene in scenes), [
        scene.caption for scene in scenes
    ]


def test_every_colored_word_of_a_caption_is_a_tag(album: list[Scene]) -> None:
    for scene in album:
        for color in ("red", "yellow", "turquoise", "purple", "pink", "brown"):
            if re.search(rf"\b{color}\b", scene.caption) and "apples" not in scene.caption:
                assert color in scene.tags, scene


def test_night_is_darker_than_day(album: list[Scene]) -> None:
    outdoors = [scene for scene in album if "table" not in scene.tags]
    night = [float(scene.pixels.mean()) for scene in outdoors if "night" in scene.tags]
    day = [float(scene.pixels.mean()) for scene in outdoors if "day" in scene.tags]
    assert max(night) < np.median(day)
    assert np.mean(night) < 0.55 * np.mean(day)


def test_captions_are_plain_english_fragments(album: list[Scene]) -> None:
    for scene in album:
        assert re.fullmatch(r"[a-zA-Z][a-zA-Z,-]*( [a-zA-Z,-]+)*", scene.caption), scene.caption
        assert not re.search(r"\ba [aeio]|\ban [^aeiou]|\bone\b", scene.caption), scene.caption
    captions = {scene.caption for scene in album}
    assert len(captions) > 0.9 * len(album)
    lengths = [len(caption.split()) for caption in captions]
    assert min(lengths) <= 3
    assert max(lengths) >= 15


def test_there_are_thirty_kinds_of_thing_and_more(album: list[Scene]) -> None:
    things = {tag for scene in album for tag in scene.tags}
    named = (
        *(
            "sailing boat",
            "ship",
            "duck",
            "fish",
            "car",
            "bus",
            "truck",
            "bicycle",
            "train",
            "plane",
            "hot-air balloon",
        ),
        *(
            "house",
            "church",
            "lighthouse",
            "windmill",
            "tent",
            "bench",
            "cat",
            "dog",
            "horse",
            "deer",
            "rabbit",
            "bird",
        ),
        *(
            "butterfly",
            "palm tree",
            "cactus",
            "tulip",
            "ball",
            "umbrella",
            "snowman",
            "planet",
            "rocket",
            "moon",
        ),
        *("apple", "cup of coffee", "vase of flowers"),
    )
    assert set(named) <= things


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, width=st.integers(1, 150), height=st.integers(1, 150))
def test_any_seed_at_any_size_is_a_picture(seed: int, width: int, height: int) -> None:
    scene = draw_scene(seed, size=(width, height))
    assert scene.pixels.shape == (height, width, 3)
    assert scene.pixels.dtype == np.uint8
    assert scene.caption
    assert len(set(scene.tags)) == len(scene.tags) > 0


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, size=st.tuples(st.integers(32, 130), st.integers(32, 130)))
def test_no_picture_is_blank(seed: int, size: tuple[int, int]) -> None:
    pixels = draw_scene(seed, size=size).pixels
    assert pixels.std() > 5
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 60
