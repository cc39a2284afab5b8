"""The image encoder: a head on EfficientNet-Lite0 (archive.models.names_head), fitted in a minute.

    C    real text vectors of ImageNet's classes, centered: nothing is fitted
    R    ridge regression from roots of features to the text vectors of captions
    P    multinomial regression from the same to the labels of photos and subjects of scenes, or to
         none of them for an everyday photo and one without a label; N, text vectors of labels and
         subjects, and 0 for none

In the ridge regression an image counts by one over the root of the size of its source: large
sources would drown the rest. Procedural scenes are one source: without them, few drawings are found
by what they show. Temperature and weights: see training.left_out and docs/pocket.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional as F

from archive.arrays import Vectors
from archive.models.lite import FEATURES
from archive.models.names_head import TIMM_NAME, Lite0Names, root_features
from training.corpus import Corpus
from training.frames import squash
from training.networks import ImageEncoder

DIMENSION = 512
SIDE = 192  # pixels
MEAN = (0.5, 0.5, 0.5)
STD = (0.5, 0.5, 0.5)
NORM = 0.5 * DIMENSION**0.5  # a coordinate is ±0.5 on average: what one bit decodes to
MIXTURE = (2.0, 0.3, 1.3)  # temperature of classes, weights of ridge and probe
RIDGE_PENALTY = 3.0 / 900
EPOCHS = 12  # of the multinomial regression
BATCH = 1024
PEAK = 3e-3  # learning rate
DECAY = 3.0
NONE = -2.0  # added to the logit of none: sharp photos look more everyday than compressed ones do
SCALE = 30.0  # about 1 / the spread of a coordinate of a unit vector of FEATURES dimensions
BATCH_IMAGES = 32  # encoded at once


@dataclass(frozen=True)
class Captions:
    """What images show."""

    label: npt.NDArray[np.int64]  # (N,) → name; -1 where it is not what the image is all about
    names: Vectors  # (n, D) unit text vectors
    vectors: Vectors  # (N, D) unit text vectors of the captions; 0 where unknown
    classes: Vectors  # (1000, D) unit text vectors of ImageNet's classes


def build() -> ImageEncoder:
    """The encoder as open_clip's TimmModel builds it, its head not fitted."""
    from open_clip.timm_model import TimmModel

    import archive.models.names_head  # noqa: F401  # registers it with timm

    encoder = TimmModel(TIMM_NAME, DIMENSION, image_size=SIDE, pool="avg", proj="")
    return encoder.requires_grad_(False).eval()


def load_features(images: Corpus, cache: Path) -> npt.NDArray[np.float16]:
    """(N, FEATURES) of all images, computed into the file `cache` the first time."""
    if not cache.exists():
        network = build().trunk.to(memory_format=torch.channels_last)
        features = np.empty((len(images), FEATURES), np.float16)
        for start in range(0, len(images), BATCH_IMAGES):
            rows = range(start, min(start + BATCH_IMAGES, len(images)))
            pixels = np.stack([squash(images.photo(row), (SIDE, SIDE)) for row in rows])
            with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
                features[rows.start : rows.stop] = network.features(normalize(pixels)).float()
        np.save(cache, features)
    loaded: npt.NDArray[np.float16] = np.load(cache)
    return loaded


def normalize(pixels: npt.NDArray[np.uint8]) -> torch.Tensor:
    """(B, H, W, 3) uint8 → (B, 3, H, W) float32 as the encoder expects it."""
    scaled = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
    normalized = (scaled - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]
    return normalized.contiguous(memory_format=torch.channels_last)


@dataclass(frozen=True)
class Examples:
    """N images to fit to."""

    features: npt.NDArray[np.float16]  # (N, FEATURES)
    captions: Captions
    source: npt.NDArray[np.str_]  # (N,)


def fit(examples: Examples, *, seed: int) -> ImageEncoder:
    """Features of images, what they show and where they are from → the encoder."""
    captions = examples.captions
    torch.manual_seed(seed)
    encoder = build()
    head: Lite0Names = encoder.trunk
    names = np.pad(captions.names, ((0, 1), (0, 0)))  # the last one: none
    label = np.where(captions.label < 0, len(captions.names), captions.label)
    head.set_names(len(names))
    roots = root_features(torch.from_numpy(examples.features).float())
    mean = roots.mean(dim=0)
    _, inverse, counts = np.unique(examples.source, return_inverse=True, return_counts=True)
    weight = torch.from_numpy(counts[inverse] ** -0.5).float()
    classes = torch.from_numpy(captions.classes)
    _set(head.class_vectors, (classes - classes.mean(dim=0)).T)
    _set(head.name_vectors, torch.from_numpy(names).T)
    matrix = _ridge(roots - mean, torch.from_numpy(captions.vectors), weight)
    _set(head.ridge, matrix.T, -mean @ matrix)
    weights, bias = _probe(roots - mean, torch.from_numpy(label), len(names))
    _set(head.probe, weights, bias - weights @ mean)
    head.probe.bias[-1] += NONE
    head.mixture.copy_(torch.tensor(MIXTURE))
    return encoder


def _set(layer: nn.Linear, weight: torch.Tensor, bias: torch.Tensor | None = None) -> None:
    layer.weight.copy_(weight)
    if bias is not None:
        layer.bias.copy_(bias)


def _ridge(inputs: torch.Tensor, targets: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """→ (FEATURES, D): weighted least squares with a penalty, of the rows with a target."""
    weighted = inputs * (weight * (targets.norm(dim=1) > 0))[:, None]
    penalty = RIDGE_PENALTY * torch.eye(inputs.shape[1])
    solution: torch.Tensor = torch.linalg.solve(weighted.T @ inputs + penalty, weighted.T @ targets)
    return solution


def _probe(
    inputs: torch.Tensor, label: torch.Tensor, names: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """→ weights (names, FEATURES) and biases (names,) of the multinomial regression."""
    layer = nn.Linear(inputs.shape[1], names)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    batches = -(-len(inputs) // BATCH)
    optimizer = torch.optim.AdamW(layer.parameters(), lr=PEAK, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=EPOCHS * batches)
    for _ in range(EPOCHS):
        for rows in torch.split(torch.randperm(len(inputs)), BATCH):
            loss = F.cross_entropy(layer(SCALE * inputs[rows]), label[rows])
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()
    return SCALE * layer.weight.detach(), layer.bias.detach()
