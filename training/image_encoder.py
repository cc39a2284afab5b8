"""The image encoder: FasterNet-T1 (timm) distilled from a classifier and the photos' captions.

A crop of a photo has a distribution q over names: CLASSES of it from the teacher's ten best
classes, PROBED from a probe of the teacher's features (training/probe.py), the rest on the
photo's caption if it has one. With C the unit, centered text vectors of the names,

    target   u = unit(qᵀC)
    loss       = DIRECTION·(1 − cos(v, u)) + NAMING·CE(softmax(cos(v, C) / T), q)
                 + LENGTH·(|v| / NORM − 1)² + FEATURE·(1 − cos(Ah, f − mean f))

for the encoder's output v, its last hidden layer h and the teacher's features f; A is learned and
not exported. What the teacher perceives but has no class for (most sports, say) is in its features
(FitNets, arXiv 1412.6550). Procedural scenes have their caption's vector as target, no names and no
features. The image size grows with the progress: 64, 96, 128 px.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional as F

from archive.arrays import Pixels
from training.corpus import Corpus
from training.crops import Views, crop, full_box
from training.net2net import widen
from training.networks import ImageEncoder
from training.probe import Probe
from training.teacher import FEATURES

DIMENSION = 512
TIMM_NAME = "fasternet_t1"
NORM = 0.5 * DIMENSION**0.5  # a coordinate is ±0.5 on average: what one bit decodes to
TEMPERATURE = 0.04
DIRECTION = 2.0  # weights of the loss
NAMING = 1.0
LENGTH = 0.2
FEATURE = 2.0
CLASSES = 0.2  # shares of q
PROBED = 0.4
SCENE_SHARE = 1 / 8  # of a batch
# sampling weights by source, 1 for all others: names that are hard to distinguish come more often
SOURCE_WEIGHTS = {
    "sports": 2.0,
    "instruments": 2.0,
    "dogs": 2.0,
    "animals": 1.4,
    "tiny-imagenet": 0.5,
}
SCENE_MARGIN = 0.08  # of a side, cropped at most
BATCH = 128
CROPS_PER_DRAW = 65536
FREEZE_NORMS_AT = 0.75  # progress from which batch norms no longer learn
SIZES = ((0.35, 64), (0.75, 96), (1.0, 128))  # until this progress, this many pixels
FINE_TUNING_SIZES = ((0.4, 96), (1.0, 128))
MEAN = (0.5, 0.5, 0.5)  # preprocessing, written into the open_clip config
STD = (0.25, 0.25, 0.25)


@dataclass(frozen=True)
class Vocabulary:
    """The names that a crop can have: captions first, then the teacher's classes."""

    vectors: torch.Tensor  # (n, 512) unit
    imagenet: npt.NDArray[np.int64]  # (1000,) the teacher's class → name
    caption: npt.NDArray[np.int64]  # (photos,) → name, -1: unknown

    @property
    def captions(self) -> int:
        """How many of the names are captions."""
        return len(self.vectors) - len(self.imagenet)


@dataclass(frozen=True)
class Scenes:
    """Procedural scenes and their captions' vectors."""

    corpus: Corpus
    vectors: torch.Tensor  # (len(corpus), 512)


@dataclass(frozen=True)
class Batch:
    """B images, the first B′ of them photos."""

    pixels: torch.Tensor  # (B, 3, P, P), normalized
    names: torch.Tensor  # (B′, n) q
    features: torch.Tensor  # (B′, FEATURES) f, centered
    target: torch.Tensor  # (B, 512) u


def normalize(pixels: Pixels) -> torch.Tensor:
    """(B, H, W, 3) uint8 → (B, 3, H, W) float32 as the encoder expects it."""
    scaled = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
    return (scaled - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]


def sampling_weights(corpus: Corpus, views: Views) -> npt.NDArray[np.float64]:
    """(crops,) probabilities, proportional to the crop's share of the photo and its source's
    weight; 0 outside the training split."""
    photo = views.photo
    x0, y0, x1, y1 = views.box.astype(np.float64).T
    area = (x1 - x0) * (y1 - y0) / (corpus.width[photo].astype(np.float64) * corpus.height[photo])
    source = np.array([SOURCE_WEIGHTS.get(str(name), 1.0) for name in corpus.source])
    weights: npt.NDArray[np.float64] = area * source[photo] * np.isin(photo, corpus.training_rows)
    weights /= weights.sum()
    return weights


class Batches:
    """Draws training batches, one ahead of the training."""

    def __init__(
        self,
        corpus: Corpus,
        views: Views,
        vocabulary: Vocabulary,
        probe: Probe,
        scenes: Scenes | None,
        *,
        seed: int,
        sizes: Sequence[tuple[float, int]] = SIZES,
    ) -> None:
        self._corpus = corpus
        self._views = views
        self._vocabulary = vocabulary
        self._probe = probe
        self._scenes = scenes
        self._sizes = sizes
        self._rng = np.random.default_rng(seed)
        self._order = self._endless(sampling_weights(corpus, views))
        self._mean_features = views.features.mean(axis=0, dtype=np.float64).astype(np.float32)
        self._pool = ThreadPoolExecutor(2)
        self._next: Future[Batch] | None = None

    def __call__(self, progress: float) -> Batch:
        """Progress 0…1 → a batch."""
        side = next(pixels for until, pixels in self._sizes if progress <= until)
        ready = self._next.result() if self._next else self._draw(side)
        self._next = self._pool.submit(self._draw, side)
        return ready

    def _endless(self, weights: npt.NDArray[np.float64]) -> Iterator[int]:
        while True:
            yield from self._rng.choice(len(weights), size=CROPS_PER_DRAW, p=weights)

    def _draw(self, side: int) -> Batch:
        scenes = int(BATCH * SCENE_SHARE) if self._scenes else 0
        rows = [next(self._order) for _ in range(BATCH - scenes)]
        images = [
            crop(self._corpus, int(self._views.photo[row]), self._views.box[row], side)
            for row in rows
        ]
        names = self._name_distributions(rows)
        target = F.normalize(names @ self._vocabulary.vectors, dim=1)
        if self._scenes:
            chosen = self._rng.integers(len(self._scenes.corpus), size=scenes)
            images += [self._scene(self._scenes.corpus, int(row), side) for row in chosen]
            target = torch.cat([target, self._scenes.vectors[chosen]])
        features = torch.from_numpy(self._views.features[rows] - self._mean_features)
        return Batch(self._augment(normalize(np.stack(images))), names, features, target)

    def _scene(self, corpus: Corpus, row: int, side: int) -> Pixels:
        """A scene, cropped only a little: what its caption names must stay visible."""
        x0, y0, x1, y1 = full_box(corpus, row)
        left, top, right, bottom = self._rng.uniform(0, SCENE_MARGIN, size=4)
        box = np.array(
            [x0 + left * x1, y0 + top * y1, x1 - right * x1, y1 - bottom * y1], np.float32
        )
        return crop(corpus, row, box, side)

    @torch.no_grad()
    def _name_distributions(self, rows: list[int]) -> torch.Tensor:
        """Crops → (B, n), each row summing to 1."""
        q = torch.zeros(len(rows), len(self._vocabulary.vectors))
        probed = F.softmax(self._probe(torch.from_numpy(self._views.features[rows])), dim=1)
        q[:, : self._vocabulary.captions] = PROBED * probed
        probability = torch.from_numpy(self._views.probability[rows]) + 1e-4
        classes = torch.from_numpy(self._vocabulary.imagenet[self._views.label[rows]])
        q.scatter_add_(1, classes, CLASSES * probability / probability.sum(dim=1, keepdim=True))
        caption = torch.from_numpy(self._vocabulary.caption[self._views.photo[rows]])
        known = torch.nonzero(caption >= 0)[:, 0]
        q[known, caption[known]] += 1 - CLASSES - PROBED
        return q / q.sum(dim=1, keepdim=True)

    def _augment(self, pixels: torch.Tensor) -> torch.Tensor:
        """Flips, and changes brightness, contrast and tint a little."""
        count = len(pixels)
        flipped = torch.from_numpy(self._rng.random(count) < 0.5)
        pixels = torch.where(flipped[:, None, None, None], pixels.flip(3), pixels)
        draw = self._rng.normal(size=(count, 5)).astype(np.float32)
        contrast = torch.from_numpy(np.exp(0.15 * draw[:, :1]))[:, :, None, None]
        shift = torch.from_numpy(0.15 * draw[:, 1:2] + 0.05 * draw[:, 2:])[:, :, None, None]
        return pixels * contrast + shift


def build(start: ImageEncoder | None = None) -> ImageEncoder:
    """timm's FasterNet, its classifier as projection, as open_clip's TimmModel builds it.

    `start`: the encoder to fine-tune; a narrower one is widened.
    """
    from open_clip.timm_model import TimmModel

    encoder = TimmModel(TIMM_NAME, DIMENSION, image_size=SIZES[-1][1], pool="avg", proj="")
    return encoder if start is None else widen(start, encoder)


class Student(nn.Module):
    """The encoder, and a layer that predicts the teacher's features from its last hidden layer."""

    def __init__(self, encoder: ImageEncoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.feature_head = nn.Linear(encoder.trunk.head_hidden_size, FEATURES)

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        trunk = self.encoder.trunk
        hidden = trunk.forward_head(trunk.forward_features(pixels), pre_logits=True)
        return trunk.classifier(hidden), self.feature_head(hidden)


def freeze_batch_norms(model: nn.Module) -> None:
    """Switches batch norms to their running statistics.

    When trained to the end with each batch's own, some images' vectors were 100 times too long.
    """
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


def loss_of(
    vocabulary: Vocabulary,
) -> Callable[[Student, Batch, float], tuple[torch.Tensor, int]]:
    """The loss in this module's docstring, for `loop.fit`."""

    def loss(model: Student, batch: Batch, progress: float) -> tuple[torch.Tensor, int]:
        if progress > FREEZE_NORMS_AT:
            freeze_batch_norms(model)
        pixels = batch.pixels.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            vectors, features = model(pixels)
        vectors = vectors.float()
        features = features[: len(batch.features)].float()
        unit = F.normalize(vectors, dim=1)
        direction = 1 - (unit * batch.target).sum(1).mean()
        logits = unit[: len(batch.names)] @ vocabulary.vectors.T / TEMPERATURE
        naming = -(batch.names * F.log_softmax(logits, dim=1)).sum(1).mean()
        length = (vectors.norm(dim=1) / NORM - 1).pow(2).mean()
        feature = 1 - F.cosine_similarity(features, batch.features).mean()
        total = DIRECTION * direction + NAMING * naming + LENGTH * length + FEATURE * feature
        return total, len(vectors)

    return loss
