"""Which crops the image encoder is trained on, and how often."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.support.corpora import gray_photos
from training import image_encoder
from training.corpus import Corpus
from training.crops import TOP, Views
from training.probe import Probe
from training.teacher import FEATURES


@pytest.fixture
def corpus() -> Corpus:
    """Four photos of 8 × 8: two without a source weight, one of sports, one for validation."""
    return gray_photos(["scenes", "scenes", "sports", "sports"], validation=[3])


@pytest.fixture
def views() -> Views:
    """The whole of every photo, and the left half of the second."""
    count = 5
    full = [0, 0, 8, 8]
    return Views(
        photo=np.array([0, 1, 1, 2, 3], np.int32),
        box=np.array([full, full, [0, 0, 4, 8], full, full], np.float32),
        label=np.zeros((count, TOP), np.int16),
        probability=np.full((count, TOP), 1 / TOP, np.float32),
        features=np.zeros((count, FEATURES), np.uint8),
    )


def test_crops_are_sampled_by_area_and_source(corpus: Corpus, views: Views) -> None:
    weights = image_encoder.sampling_weights(corpus, views)
    sports = image_encoder.SOURCE_WEIGHTS["sports"]
    assert weights.sum() == pytest.approx(1)
    assert weights / weights[0] == pytest.approx([1, 1, 0.5, sports, 0])


def test_validation_photos_are_never_sampled(corpus: Corpus, views: Views) -> None:
    no_names = np.zeros(0, np.int64)
    vocabulary = image_encoder.Vocabulary(torch.zeros(0), no_names, no_names)
    batches = image_encoder.Batches(corpus, views, vocabulary, Probe(1), None, seed=0)
    sampled = np.bincount([next(batches._order) for _ in range(20_000)], minlength=len(views))
    sports = image_encoder.SOURCE_WEIGHTS["sports"]
    assert sampled[4] == 0
    assert sampled[3] / sampled[0] == pytest.approx(sports, rel=0.1)
