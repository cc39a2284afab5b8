"""Scores of restored images by the teacher, which is no part of the pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from archive.arrays import Pixels, Vectors, unit
from training.frames import squash
from training.teacher import PIXELS, Teacher

NEAREST = 5
TOP_CLASSES = 10


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


def identification_rate(
    metrics: TeacherMetrics, originals: Sequence[Pixels], restored: Sequence[Pixels]
) -> float:
    """id@5: share of restored images with their original among the five nearest, centered."""
    truth = metrics.embed(originals)
    vectors = metrics.embed(restored)
    mean = truth.mean(axis=0)
    scores = unit(vectors - mean) @ unit(truth - mean).T
    rank = (scores > np.diag(scores)[:, None]).sum(axis=1)
    return float((rank < NEAREST).mean())


def mean_similarity(
    metrics: TeacherMetrics, originals: Sequence[Pixels], restored: Sequence[Pixels]
) -> float:
    """Mean cosine of originals and restored images, in the teacher's space."""
    products = metrics.embed(originals) * metrics.embed(restored)
    return float(products.sum(axis=1).mean())
