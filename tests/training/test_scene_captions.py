"""Captions and tags of procedural scenes: true of the pixels, and plain English."""

from __future__ import annotations

import colorsys
import re

import numpy as np
import pytest

from archive.arrays import Pixels
from training.scenes import Scene, draw_scenes

HUES = {  # degrees
    "red": (345, 14),
    "orange": (18, 38),
    "yellow": (40, 58),
    "purple": (262, 292),
    "pink": (322, 348),
}
THINGS = {
    *("sailing boat", "ship", "duck", "fish", "car", "bus", "truck", "bicycle", "train", "plane"),
    *(
        "hot-air balloon",
        "house",
        "church",
        "lighthouse",
        "windmill",
        "tent",
        "bench",
        "cat",
        "dog",
    ),
    *("horse", "deer", "rabbit", "bird", "butterfly", "palm tree", "cactus", "tulip", "ball"),
    *("umbrella", "snowman", "planet", "rocket", "moon", "apple", "cup of coffee"),
    "vase of flowers",
}


def share_of_hue(pixels: Pixels, color: str) -> float:
    """(H, W, 3) → the share of strongly colored pixels with that color's hue."""
    low, high = HUES[color]
    quantized = pixels.astype(np.int64) // 8  # 32 levels per channel: few distinct colors
    levels, counts = np.unique(quantized.reshape(-1, 3), axis=0, return_counts=True)
    total = 0
    for level, count in zip(levels.tolist(), counts.tolist(), strict=True):
        hue, saturation, value = colorsys.rgb_to_hsv(*[channel / 31 for channel in level])
        degrees = hue * 360
        inside = low <= degrees <= high if low < high else degrees >= low or degrees <= high
        total += count * int(inside and saturation > 0.34 and value > 0.3)
    return float(total / (pixels.shape[0] * pixels.shape[1]))


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    """Four hundred small scenes."""
    return list(draw_scenes(400, seed=3, size=(112, 84)))


def test_forty_scenes_show_every_hour_and_most_weathers(scenes: list[Scene]) -> None:
    tags = {tag for scene in scenes[:40] for tag in scene.tags}
    assert {"morning", "day", "sunset", "night"} <= tags
    assert len({"clear", "cloudy", "rain", "snow", "fog", "rainbow"} & tags) >= 5


def test_captions_name_the_color_that_was_drawn(scenes: list[Scene]) -> None:
    """On a clear day these colors hardly occur except in things that the caption names."""
    named: list[float] = []
    unnamed: list[float] = []
    for scene in scenes:
        tags = set(scene.tags)
        if {"clear", "day"} <= tags and not {"sand", "table", "flowers"} & tags:
            for color in HUES:
                shares = named if color in tags else unnamed
                shares.append(share_of_hue(scene.pixels, color))
    assert len(named) >= 12
    assert min(named) > 0.0002
    assert np.median(named) > 0.004
    assert np.median(unnamed) < 0.0004


@pytest.mark.parametrize("color", sorted(HUES))
def test_a_thing_in_space_has_the_color_its_caption_says(color: str, scenes: list[Scene]) -> None:
    for scene in scenes:
        if {"space", color} <= set(scene.tags) and "comet" not in scene.tags:
            assert share_of_hue(scene.pixels, color) > 0.002, scene.caption


def test_every_color_in_a_caption_is_a_tag(scenes: list[Scene]) -> None:
    for scene in scenes:
        for color in ("red", "yellow", "turquoise", "purple", "pink", "brown"):
            if re.search(rf"\b{color}\b", scene.caption) and "apples" not in scene.caption:
                assert color in scene.tags, scene


def test_night_is_darker_than_day(scenes: list[Scene]) -> None:
    outdoors = [scene for scene in scenes if "table" not in scene.tags]
    night = [float(scene.pixels.mean()) for scene in outdoors if "night" in scene.tags]
    day = [float(scene.pixels.mean()) for scene in outdoors if "day" in scene.tags]
    assert max(night) < np.median(day)
    assert np.mean(night) < 0.55 * np.mean(day)


def test_captions_are_plain_english_fragments(scenes: list[Scene]) -> None:
    for scene in scenes:
        assert re.fullmatch(r"[a-zA-Z][a-zA-Z,-]*( [a-zA-Z,-]+)*", scene.caption), scene.caption
        assert not re.search(r"\ba [aeio]|\ban [^aeiou]|\bone\b", scene.caption), scene.caption
    captions = {scene.caption for scene in scenes}
    assert len(captions) > 0.9 * len(scenes)
    lengths = [len(caption.split()) for caption in captions]
    assert min(lengths) <= 3
    assert max(lengths) >= 15


def test_scenes_hold_more_than_thirty_kinds_of_thing(scenes: list[Scene]) -> None:
    tags = {tag for scene in scenes for tag in scene.tags}
    assert len(THINGS) > 30
    assert tags >= THINGS
