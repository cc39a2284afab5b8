"""The probe of the teacher's features, on synthetic features, and the soft labels made with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch

from tests.support.corpora import gray_photos
from training import image_encoder
from training.crops import TOP, Views
from training.probe import Probe, load_probe
from training.teacher import FEATURES

NAMES = 5
PHOTOS = 200
VIEWS = 8
Captions = npt.NDArray[np.int64]


@pytest.fixture
def caption() -> Captions:
    """The photos' names, in turn; every tenth photo has none."""
    caption = np.arange(PHOTOS) % NAMES
    caption[::10] = -1
    return caption


@pytest.fixture
def views() -> Views:
    """Each name raises its own FEATURES / NAMES features, under noise three times as high."""
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


def vocabulary(caption: Captions) -> image_encoder.Vocabulary:
    vectors = torch.randn(NAMES + 1000, image_encoder.DIMENSION)
    return image_encoder.Vocabulary(
        vectors=torch.nn.functional.normalize(vectors, dim=1),
        imagenet=NAMES + np.arange(1000),
        caption=caption,
    )


def batches(views: Views, caption: Captions, probe: Probe) -> image_encoder.Batches:
    corpus = gray_photos(["gray"] * PHOTOS)
    return image_encoder.Batches(corpus, views, vocabulary(caption), probe, None, seed=0)


def test_the_probe_names_photos_it_was_not_fitted_to(
    views: Views, caption: Captions, tmp_path: Path
) -> None:
    probe = load_probe(views, caption, NAMES, tmp_path, seed=0)
    unfitted = np.flatnonzero(caption[views.photo] < 0)
    named = probe(torch.from_numpy(views.features[unfitted])).argmax(dim=1).numpy()
    assert (named == views.photo[unfitted] % NAMES).mean() > 0.95


def test_the_probe_is_cached(views: Views, caption: Captions, tmp_path: Path) -> None:
    first = load_probe(views, caption, NAMES, tmp_path, seed=0)
    again = load_probe(views, np.full_like(caption, -1), NAMES, tmp_path, seed=1)
    assert torch.equal(first.linear.weight, again.linear.weight)
    assert torch.equal(first.mean, again.mean)


def test_soft_labels_are_distributions(views: Views, caption: Captions, tmp_path: Path) -> None:
    probe = load_probe(views, caption, NAMES, tmp_path, seed=0)
    batch = batches(views, caption, probe)(1.0)
    assert batch.names.shape == (image_encoder.BATCH, NAMES + 1000)
    torch.testing.assert_close(batch.names.sum(dim=1), torch.ones(image_encoder.BATCH))


def test_the_caption_outweighs_the_probe(views: Views, caption: Captions) -> None:
    uniform_probe = Probe(NAMES)
    rows = list(range(len(views)))
    labels = batches(views, caption, uniform_probe)._name_distributions(rows)
    names = labels[:, :NAMES].numpy()
    known = caption[views.photo] >= 0
    assert (names[known].argmax(axis=1) == caption[views.photo[known]]).all()
    spread = names[~known].max(axis=1) - names[~known].min(axis=1)
    assert spread.max() < 1e-6
