"""The probe of the teacher's features, on features made for the purpose, and the soft labels made with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.support.corpora import grey_photos
from training import image_encoder
from training.crops import TOP, Views
from training.probe import Probe, load_probe
from training.teacher import FEATURES

NAMES = 5
PHOTOS = 200
VIEWS = 8


@pytest.fixture
def caption() -> np.ndarray:
    """Of photos: a name in turn, and none for every tenth."""
    caption = np.arange(PHOTOS) % NAMES
    caption[::10] = -1
    return caption


@pytest.fixture
def views() -> Views:
    """Each name raises FEATURES / NAMES features of its own, under noise of three times that height."""
    rng = np.random.default_rng(0)
    photo = np.repeat(np.arange(PHOTOS, dtype=np.int32), VIEWS)
    raised = np.arange(FEATURES)[None] % NAMES == (photo % NAMES)[:, None]
    features = rng.integers(0, 90, size=(len(photo), FEATURES)) + 30 * raised
    return Views(
        photo=photo,
        box=np.tile(np.array([0, 0, 8, 8], np.float32), (len(photo), 1)),
        label=rng.integers(0, 1000, size=(len(photo), TOP)).astype(np.int16),
        probability=rng.dirichlet(np.ones(TOP), size=len(photo)).astype(np.float32),
        features=features.astype(np.uint8),
    )


def test_names_what_it_never_saw(views: Views, caption: np.ndarray, tmp_path: Path) -> None:
    probe = load_probe(views, caption, NAMES, tmp_path, seed=0)
    unseen = np.flatnonzero(caption[views.photo] < 0)
    named = probe(torch.from_numpy(views.features[unseen])).argmax(dim=1).numpy()
    assert (named == views.photo[unseen] % NAMES).mean() > 0.95


def test_is_kept(views: Views, caption: np.ndarray, tmp_path: Path) -> None:
    first = load_probe(views, caption, NAMES, tmp_path, seed=0)
    again = load_probe(views, np.full_like(caption, -1), NAMES, tmp_path, seed=1)
    assert torch.equal(first.linear.weight, again.linear.weight)
    assert torch.equal(first.mean, again.mean)


def test_soft_labels_are_distributions(views: Views, caption: np.ndarray, tmp_path: Path) -> None:
    probe = load_probe(views, caption, NAMES, tmp_path, seed=0)
    batch = image_encoder.Batches(
        grey_photos(["grey"] * PHOTOS), views, _names(caption), probe, None, seed=0
    )(1.0)
    assert batch.named.shape == (image_encoder.BATCH, NAMES + 1000)
    torch.testing.assert_close(batch.named.sum(dim=1), torch.ones(image_encoder.BATCH))


def test_caption_outweighs_what_the_probe_says(views: Views, caption: np.ndarray) -> None:
    """An ignorant probe: all names alike."""
    batches = image_encoder.Batches(
        grey_photos(["grey"] * PHOTOS), views, _names(caption), Probe(NAMES), None, seed=0
    )
    named = batches._distributions(list(range(len(views))))[:, :NAMES].numpy()
    known = caption[views.photo] >= 0
    assert (named[known].argmax(axis=1) == caption[views.photo[known]]).all()
    spread = named[~known].max(axis=1) - named[~known].min(axis=1)
    assert spread.max() < 1e-6


def _names(caption: np.ndarray) -> image_encoder.Names:
    vectors = torch.nn.functional.normalize(
        torch.randn(NAMES + 1000, image_encoder.DIMENSION), dim=1
    )
    return image_encoder.Names(vectors=vectors, imagenet=NAMES + np.arange(1000), caption=caption)
