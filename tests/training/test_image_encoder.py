"""Fitting the head of the image encoder."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
import torch

from archive.arrays import Vectors, unit
from archive.models.lite import CLASSES, FEATURES
from training import image_encoder
from training.image_encoder import DIMENSION, NORM, Captions, Examples
from training.networks import ImageEncoder

PHOTOS = 400
NAMES = 8
KNOWN = 6  # of the names; photos of the others have none
ONE_SOURCE = np.array(["one"] * PHOTOS)

Features = npt.NDArray[np.float16]


def random_unit(rng: np.random.Generator, count: int) -> Vectors:
    return unit(rng.normal(size=(count, DIMENSION)).astype(np.float32))


@pytest.fixture(scope="module")
def features() -> Features:
    """Photos of NAMES kinds, in turn, each kind with features of its own."""
    rng = np.random.default_rng(0)
    kinds = rng.exponential(size=(NAMES, FEATURES))
    noise = rng.exponential(size=(PHOTOS, FEATURES))
    return (kinds[np.arange(PHOTOS) % NAMES] + 0.5 * noise).astype(np.float16)


@pytest.fixture(scope="module")
def captions() -> Captions:
    rng = np.random.default_rng(1)
    names = random_unit(rng, NAMES)
    kind = np.arange(PHOTOS) % NAMES
    label = np.where(kind < KNOWN, kind, -1)
    vectors = np.where(kind[:, None] < KNOWN, names[kind], np.float32(0))
    return Captions(label, names, vectors, random_unit(rng, CLASSES))


def embed(encoder: ImageEncoder, features: Features) -> Vectors:
    with torch.inference_mode():
        vectors: Vectors = encoder.trunk.embed(torch.from_numpy(features).float()).numpy()
    return vectors


def test_photos_come_to_lie_near_their_names(features: Features, captions: Captions) -> None:
    encoder = image_encoder.fit(Examples(features, captions, ONE_SOURCE), seed=0)
    vectors = embed(encoder, features)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), NORM, rtol=1e-4)
    known = captions.label >= 0
    nearest = (vectors @ captions.names.T).argmax(axis=1)
    assert (nearest[known] == captions.label[known]).mean() > 0.95


def test_captions_that_are_no_labels_teach_too(features: Features, captions: Captions) -> None:
    sentences = replace(captions, label=np.where(captions.label == 0, -1, captions.label))
    vectors = embed(image_encoder.fit(Examples(features, sentences, ONE_SOURCE), seed=0), features)
    shown = np.arange(PHOTOS) % NAMES == 0
    cosines = unit(vectors) @ captions.names[0]
    assert cosines[shown].mean() > cosines[~shown].mean() + 0.1


def test_a_source_counts_by_the_root_of_its_size(features: Features, captions: Captions) -> None:
    """Photos of one kind bear two captions; the caption of the small source is not drowned."""
    few = np.arange(PHOTOS) % (NAMES * 10) == 0  # every tenth photo of the first kind
    contrary = captions.vectors.copy()
    contrary[few] = captions.names[NAMES - 1]
    unlabeled = replace(captions, label=np.full(PHOTOS, -1), vectors=contrary)

    def pull(source: npt.NDArray[np.str_]) -> float:
        encoder = image_encoder.fit(Examples(features, unlabeled, source), seed=0)
        shown = embed(encoder, features[::NAMES])
        return float((unit(shown) @ captions.names[NAMES - 1]).mean())

    assert pull(np.where(few, "small", "large")) > pull(np.array(["one"] * PHOTOS)) + 0.01
