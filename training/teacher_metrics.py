"""The teacher as judge of what was drawn: it is no part of the pair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.frames import squash
from training.teacher import PIXELS, Teacher
from training.text_targets import unit

NEAREST = 5


@dataclass(frozen=True)
class TeacherMetrics:
    """The teacher's view of pictures: unit vectors in the text space."""

    teacher: Teacher
    classes: np.ndarray  # (1000, 512)

    def vectors(self, pictures: list[np.ndarray]) -> np.ndarray:
        """(H, W, 3) uint8 pictures → (n, 512)."""
        told = np.stack([self.teacher.classify(squash(one, (PIXELS, PIXELS))) for one in pictures])
        best = np.where(told >= np.sort(told, axis=1)[:, -10:-9], told, 0) + 1e-6
        return unit(best @ self.classes)


def identified(
    judge: TeacherMetrics, originals: list[np.ndarray], drawn: list[np.ndarray]
) -> float:
    """id@5: share of drawn pictures whose original is among the five nearest of all originals, centred."""
    truth = judge.vectors(originals)
    seen = judge.vectors(drawn)
    mean = truth.mean(axis=0)
    scores = unit(seen - mean) @ unit(truth - mean).T
    rank = (scores > np.diag(scores)[:, None]).sum(axis=1)
    return float((rank < NEAREST).mean())


def alike(judge: TeacherMetrics, originals: list[np.ndarray], drawn: list[np.ndarray]) -> float:
    """Mean cosine of originals and drawn pictures, in the teacher's space."""
    return float((judge.vectors(originals) * judge.vectors(drawn)).sum(axis=1).mean())
