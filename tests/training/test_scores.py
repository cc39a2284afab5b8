"""The scores of training.evaluate, on vectors and photos whose scores are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from archive.arrays import unit
from archive.codecs.coclico import coclico
from archive.models.decoders.open import open_decoder
from archive.models.encoder import OpenClipEncoder
from archive.models.pairs import POCKET_SAMPLING, find_pair
from tests.support.corpora import scene_photos
from training.metrics import JudgeMetrics, identification_rate
from training.naming_scores import mean_average_precision, naming
from training.restoration_scores import color_score, restore_photos, sharp_rows


def test_perfect_vectors_name_every_photo() -> None:
    names = np.eye(8, dtype=np.float32)
    truth = np.arange(24) % 8
    assert naming(names[truth], names, truth) == {"R1": 1, "R5": 1, "R10": 1, "mAP": 1}


def test_random_vectors_name_photos_by_chance() -> None:
    rng = np.random.default_rng(0)
    names = unit(rng.normal(size=(100, 32)).astype(np.float32))
    truth = rng.integers(100, size=2000)
    scores = naming(rng.normal(size=(2000, 32)).astype(np.float32), names, truth)
    assert scores["R1"] == pytest.approx(0.01, abs=0.01)
    assert scores["R10"] == pytest.approx(0.1, abs=0.03)


def test_mean_average_precision_counts_what_comes_before_the_relevant() -> None:
    scores = np.array([[0.9, 0.8, 0.7, 0.6], [0.1, 0.2, 0.3, 0.4]], np.float32)
    relevant = np.array([[True, False, True, False], [False, False, True, False]])
    assert mean_average_precision(scores, relevant) == pytest.approx(((1 + 2 / 3) / 2 + 1 / 2) / 2)


def test_the_judge_finds_an_original_by_its_copy_and_not_by_another_image() -> None:
    judge = JudgeMetrics()
    photos = [scene_photos(12, side=128).photo(row).copy() for row in range(12)]
    halved = [photo[::2, ::2] for photo in photos]
    assert identification_rate(judge, photos, halved) > 0.8
    assert identification_rate(judge, photos, photos[6:] + photos[:6]) < 0.7
    assert judge.embed(photos[:2]).shape == (2, 1280)


def test_the_color_score_is_a_squared_error() -> None:
    black = np.zeros((48, 64, 3), np.uint8)
    gray = np.full((48, 64, 3), 51, np.uint8)
    assert color_score([black, black], [black, gray]) == pytest.approx(0.02)


def test_photos_to_skip_and_photos_to_score_do_not_overlap() -> None:
    corpus = scene_photos(12, side=128)
    corpus = replace(corpus, validation=np.arange(12) != 5)
    first = sharp_rows(corpus, 4)
    rest = sharp_rows(corpus, 12, first=4)
    assert sorted([*first, *rest]) == [row for row in range(12) if row != 5]


def test_photos_are_restored_in_the_decoders_frames() -> None:
    pair = find_pair("pocket")
    encoder = OpenClipEncoder(pair)
    decoder = open_decoder(pair, dimension=encoder.dimension)
    photos = [scene_photos(1, side=160).photo(0)[:120].copy()]
    sampling = replace(POCKET_SAMPLING, steps=2, clip_guidance=0.0)
    codec = coclico(encoder.dimension)
    restorations = restore_photos(photos, codec, encoder, decoder, sampling)
    height, width, _ = restorations.originals[0].shape
    assert width > height
    assert restorations.restored[0].shape == restorations.originals[0].shape
    assert color_score(restorations.originals, restorations.round_trips) < 0.002
    assert color_score(restorations.originals, restorations.maps) < 0.05
