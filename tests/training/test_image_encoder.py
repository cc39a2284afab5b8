"""How often the image tower's training draws which window."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.support.corpora import grey_photos
from training import image_encoder
from training.corpus import Corpus
from training.crops import TOP, Views
from training.teacher import FEATURES


@pytest.fixture
def corpus() -> Corpus:
    """Four photos of 8 × 8: two plain ones, one of sports, one that is only measured."""
    return grey_photos(["scenes", "scenes", "sports", "sports"], validation=[3])


@pytest.fixture
def views() -> Views:
    """All of every photo, and the left half of the second."""
    count = 5
    return Views(
        photo=np.array([0, 1, 1, 2, 3], np.int32),
        box=np.array(
            [[0, 0, 8, 8], [0, 0, 8, 8], [0, 0, 4, 8], [0, 0, 8, 8], [0, 0, 8, 8]], np.float32
        ),
        label=np.zeros((count, TOP), np.int16),
        probability=np.full((count, TOP), 1 / TOP, np.float32),
        features=np.zeros((count, FEATURES), np.uint8),
    )


def test_windows_are_drawn_by_area_and_source(corpus: Corpus, views: Views) -> None:
    often = image_encoder.drawn_how_often(corpus, views)
    assert often.sum() == pytest.approx(1)
    assert often / often[0] == pytest.approx([1, 1, 0.5, image_encoder.OFTENER["sports"], 0])


def test_what_is_only_measured_is_never_drawn(corpus: Corpus, views: Views) -> None:
    names = image_encoder.Names(torch.zeros(0), np.zeros(0, np.int64), np.zeros(0, np.int64))
    batches = image_encoder.Batches(corpus, views, names, None, None, seed=0)
    drawn = np.bincount([next(batches._order) for _ in range(20_000)], minlength=len(views))
    assert drawn[4] == 0
    assert drawn[3] / drawn[0] == pytest.approx(image_encoder.OFTENER["sports"], rel=0.1)
