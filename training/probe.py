"""A linear probe of the teacher's features: which captions a crop deserves.

    p = softmax(W·s(f/|f| − mean) + b)        fitted to the captions of the training photos

The teacher has a class for few of the captions (for hardly any of 100 sports), but its features
separate them: on validation photos the probe names 0.80 of sports correctly, which the text vectors
of the classes cannot. Its answers are soft labels for the image encoder (Hinton et al., arXiv
1503.02531); weight decay keeps them soft on the photos it was fitted to.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional as F

from training.crops import Views
from training.teacher import FEATURES

EPOCHS = 6
BATCH = 2048
PEAK = 3e-3  # learning rate
DECAY = 10.0
SCALE = 30.0  # about 1 / the spread of a coordinate of a unit vector of FEATURES dimensions


class Probe(nn.Module):
    """(B, FEATURES) uint8 or float → logits (B, names)."""

    mean: torch.Tensor  # (FEATURES,)

    def __init__(self, names: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(FEATURES))
        self.linear = nn.Linear(FEATURES, names)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        centered = F.normalize(features.float(), dim=1) - self.mean
        logits: torch.Tensor = self.linear(SCALE * centered)
        return logits


def load_probe(
    views: Views, caption: npt.NDArray[np.int64], names: int, work: Path, *, seed: int
) -> Probe:
    """The probe, fitted once and kept in `work`; `caption`: (photos,) → name, -1: unknown."""
    cache = work / "probe.pt"
    probe = Probe(names)
    if cache.exists():
        probe.load_state_dict(torch.load(cache, weights_only=True))
    else:
        _fit(probe, views, caption[views.photo], seed)
        torch.save(probe.state_dict(), cache)
    return probe.requires_grad_(False)


def _fit(probe: Probe, views: Views, caption: npt.NDArray[np.int64], seed: int) -> None:
    rng = np.random.default_rng(seed)
    known = np.flatnonzero(caption >= 0)
    sample = rng.choice(known, min(len(known), 8192), replace=False)
    features = torch.from_numpy(views.features[sample]).float()
    probe.mean.copy_(F.normalize(features, dim=1).mean(0))
    optimizer = torch.optim.AdamW(probe.parameters(), lr=PEAK, weight_decay=DECAY)
    batches = max(1, len(known) // BATCH)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=EPOCHS * batches)
    for _ in range(EPOCHS):
        for rows in np.array_split(rng.permutation(known), batches):
            logits = probe(torch.from_numpy(views.features[rows]))
            loss = F.cross_entropy(logits, torch.from_numpy(caption[rows]))
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()
