"""The image tower: FasterNet-T1 (timm) distilled from a classifier and the photos' captions.

A window of a photo has a distribution q over names: CLASSES of it from the teacher's ten best classes, PROBED from a
probe of its features (training/probe.py), the rest on the photo's caption where it has one. With C the unit, centred
text vectors of the names,

    target   u = unit(qᵀC)
    loss       = DIRECTION·(1 − cos(v, u)) + NAMING·CE(softmax(cos(v, C) / T), q) + LENGTH·(|v| / NORM − 1)²
                 + FEATURE·(1 − cos(Ah, f − mean f))

for the tower's output v, its last hidden layer h and the teacher's features f; A is learned, and left behind. What the
teacher sees but has no class for (most sports, say) is in its features (FitNets, arXiv 1412.6550). Procedural scenes
have their caption's vector as target, no names and no features. The picture grows with the progress: 64, 96, 128 px.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from training.corpus import Corpus
from training.crops import Views, cut, whole
from training.net2net import grow
from training.probe import Probe
from training.teacher import FEATURES

DIMENSION = 512
TIMM_NAME = "fasternet_t1"
NORM = 0.5 * DIMENSION**0.5  # so that a coordinate is ±0.5 on average: what one bit decodes to
TEMPERATURE = 0.04
# weights of the loss
DIRECTION = 2.0
NAMING = 1.0
LENGTH = 0.2
FEATURE = 2.0
# shares of q
CLASSES = 0.2
PROBED = 0.4
SCENE_SHARE = 1 / 8  # of a batch
OFTENER = {
    "sports": 2.0,
    "instruments": 2.0,
    "dogs": 2.0,
    "animals": 1.4,
    "tiny-imagenet": 0.5,
}  # by source; else 1
SCENE_MARGIN = 0.08  # of a side, cut away at most
BATCH = 128
WINDOWS_AT_ONCE = 65536
SETTLING = 0.75  # from this progress on batch norms no longer learn
SIZES = ((0.35, 64), (0.75, 96), (1.0, 128))  # until this progress, this many pixels
SIZES_ON = ((0.4, 96), (1.0, 128))  # where a trained tower goes on
# preprocessing, written into the open_clip config
MEAN = (0.5, 0.5, 0.5)
STD = (0.25, 0.25, 0.25)


@dataclass(frozen=True)
class Names:
    """What a window can be called: unit vectors, the captions' first, and how photos, probe and teacher count them."""

    vectors: torch.Tensor  # (n, 512)
    imagenet: np.ndarray  # (1000,) teacher's class → name
    caption: np.ndarray  # (photos,) → name, −1 if unknown

    @property
    def captions(self) -> int:
        """How many of the names are captions; the rest are the teacher's classes."""
        return len(self.vectors) - len(self.imagenet)


@dataclass(frozen=True)
class Scenes:
    """Procedural pictures and their captions' vectors."""

    corpus: Corpus
    vectors: torch.Tensor  # (len(corpus), 512)


@dataclass(frozen=True)
class Batch:
    """pixels (B, 3, P, P) in model range; q (B′, n) and centred features f for the first B′ pictures; u (B, 512)."""

    pixels: torch.Tensor
    named: torch.Tensor
    features: torch.Tensor
    target: torch.Tensor


def normalize(pixels: np.ndarray) -> torch.Tensor:
    """(B, H, W, 3) uint8 → (B, 3, H, W) float32 as the tower wants it."""
    scaled = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
    return (scaled - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]


def drawn_how_often(corpus: Corpus, views: Views) -> np.ndarray:
    """(windows,) probabilities: 0 if not trained, else as the window's area, which is then nearer whole pictures.

    Sources with many names that are hard to tell apart come OFTENER.
    """
    photo = views.photo
    x0, y0, x1, y1 = views.box.astype(np.float64).T
    area = (x1 - x0) * (y1 - y0) / (corpus.width[photo].astype(np.float64) * corpus.height[photo])
    source = np.array([OFTENER.get(str(one), 1.0) for one in corpus.source])
    weights: np.ndarray = area * source[photo] * np.isin(photo, corpus.trained)
    return weights / weights.sum()


class Batches:
    """Draws training batches, one ahead of the training."""

    def __init__(
        self,
        corpus: Corpus,
        views: Views,
        names: Names,
        probe: Probe,
        scenes: Scenes | None,
        *,
        seed: int,
        sizes: Sequence[tuple[float, int]] = SIZES,
    ) -> None:
        self._corpus = corpus
        self._views = views
        self._names = names
        self._probe = probe
        self._scenes = scenes
        self._sizes = sizes
        self._rng = np.random.default_rng(seed)
        self._order = self._endless(drawn_how_often(corpus, views))
        self._usual = views.features.mean(axis=0, dtype=np.float64).astype(np.float32)
        self._pool = ThreadPoolExecutor(2)
        self._next: Future[Batch] | None = None

    def __call__(self, progress: float) -> Batch:
        """Progress 0…1 → a batch."""
        side = next(pixels for until, pixels in self._sizes if progress <= until)
        ready = self._next.result() if self._next else self._draw(side)
        self._next = self._pool.submit(self._draw, side)
        return ready

    def _endless(self, weights: np.ndarray) -> Iterator[int]:
        while True:
            yield from self._rng.choice(len(weights), size=WINDOWS_AT_ONCE, p=weights)

    def _draw(self, side: int) -> Batch:
        scenes = int(BATCH * SCENE_SHARE) if self._scenes else 0
        rows = [next(self._order) for _ in range(BATCH - scenes)]
        pictures = [
            cut(self._corpus, int(self._views.photo[row]), self._views.box[row], side)
            for row in rows
        ]
        named = self._distributions(rows)
        target = F.normalize(named @ self._names.vectors, dim=1)
        if self._scenes:
            chosen = self._rng.integers(len(self._scenes.corpus), size=scenes)
            pictures += [self._scene(int(position), side) for position in chosen]
            target = torch.cat([target, self._scenes.vectors[chosen]])
        features = torch.from_numpy(self._views.features[rows] - self._usual)
        return Batch(self._jitter(normalize(np.stack(pictures))), named, features, target)

    def _scene(self, scene: int, side: int) -> np.ndarray:
        """Nearly all of a scene: what its caption names must stay in sight."""
        assert self._scenes is not None
        x0, y0, x1, y1 = whole(self._scenes.corpus, scene)
        left, top, right, bottom = self._rng.uniform(0, SCENE_MARGIN, size=4)
        box = np.array(
            [x0 + left * x1, y0 + top * y1, x1 - right * x1, y1 - bottom * y1], np.float32
        )
        return cut(self._scenes.corpus, scene, box, side)

    @torch.no_grad()
    def _distributions(self, rows: list[int]) -> torch.Tensor:
        """Windows → (B, n), each row summing to 1."""
        q = torch.zeros(len(rows), len(self._names.vectors))
        probed = F.softmax(self._probe(torch.from_numpy(self._views.features[rows])), dim=1)
        q[:, : self._names.captions] = PROBED * probed
        probability = torch.from_numpy(self._views.probability[rows]) + 1e-4
        classes = torch.from_numpy(self._names.imagenet[self._views.label[rows]])
        q.scatter_add_(1, classes, CLASSES * probability / probability.sum(dim=1, keepdim=True))
        caption = torch.from_numpy(self._names.caption[self._views.photo[rows]])
        known = torch.nonzero(caption >= 0)[:, 0]
        q[known, caption[known]] += 1 - CLASSES - PROBED
        return q / q.sum(dim=1, keepdim=True)

    def _jitter(self, pixels: torch.Tensor) -> torch.Tensor:
        """Mirrors, and changes brightness, contrast and tint a little."""
        count = len(pixels)
        mirrored = torch.from_numpy(self._rng.random(count) < 0.5)
        pixels = torch.where(mirrored[:, None, None, None], pixels.flip(3), pixels)
        draw = self._rng.normal(size=(count, 5)).astype(np.float32)
        contrast = torch.from_numpy(np.exp(0.15 * draw[:, :1]))[:, :, None, None]
        shift = torch.from_numpy(0.15 * draw[:, 1:2] + 0.05 * draw[:, 2:])[:, :, None, None]
        return pixels * contrast + shift


def build(start: nn.Module | None = None) -> nn.Module:
    """timm's FasterNet, its classifier as projection, as open_clip's TimmModel builds it.

    `start`: the tower to go on from. A narrower one grows.
    """
    from open_clip.timm_model import TimmModel

    tower = TimmModel(TIMM_NAME, DIMENSION, image_size=SIZES[-1][1], pool="avg", proj="")
    return tower if start is None else grow(start, tower)


class Student(nn.Module):
    """The tower, and what guesses the teacher's features from its last hidden layer."""

    def __init__(self, tower: nn.Module) -> None:
        super().__init__()
        self.tower = tower
        self.guess = nn.Linear(tower.trunk.head_hidden_size, FEATURES)

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        trunk = self.tower.trunk
        hidden = trunk.forward_head(trunk.forward_features(pixels), pre_logits=True)
        return trunk.classifier(hidden), self.guess(hidden)


def settle_norms(model: nn.Module) -> None:
    """Batch norms as they will be used.

    Trained to the end with each batch's own moments, some pictures' vectors came out a hundred times too long.
    """
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


def loss_of(names: Names) -> Callable[[nn.Module, Batch, float], tuple[torch.Tensor, int]]:
    """The loss in this module's head, of a Student, for `loop.fit`."""

    def loss(model: nn.Module, batch: Batch, progress: float) -> tuple[torch.Tensor, int]:
        if progress > SETTLING:
            settle_norms(model)
        pixels = batch.pixels.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            vectors, guessed = model(pixels)
        vectors = vectors.float()
        guessed = guessed[: len(batch.features)].float()
        unit = F.normalize(vectors, dim=1)
        direction = 1 - (unit * batch.target).sum(1).mean()
        logits = unit[: len(batch.named)] @ names.vectors.T / TEMPERATURE
        naming = -(batch.named * F.log_softmax(logits, dim=1)).sum(1).mean()
        length = (vectors.norm(dim=1) / NORM - 1).pow(2).mean()
        feature = 1 - F.cosine_similarity(guessed, batch.features).mean()
        return DIRECTION * direction + NAMING * naming + LENGTH * length + FEATURE * feature, len(
            vectors
        )

    return loss


@torch.no_grad()
def encode(
    model: nn.Module, corpus: Corpus, positions: np.ndarray, *, side: int = SIZES[-1][1]
) -> torch.Tensor:
    """Whole photos, squashed to a square → (n, 512) float32."""
    parts = []
    for start in range(0, len(positions), 64):
        part = positions[start : start + 64]
        pixels = np.stack(
            [cut(corpus, int(photo), whole(corpus, int(photo)), side) for photo in part]
        )
        parts.append(model(normalize(pixels)))
    return torch.cat(parts)
