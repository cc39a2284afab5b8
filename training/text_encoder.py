"""The text encoder: a small CLIP text transformer that learns the phrase map.

Every phrase has a target (training.text_targets). Phrases of similar length are batched and cut to
their length, since open_clip neither slices its causal mask nor skips the padding after the end
token.

    loss = 4·(1 − cos(v, u)) + 0.2·InfoNCE(v, u; T = 0.05) + LENGTH·(|v| / NORM − 1)²
"""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
from torch.nn import functional as F

from archive.arrays import Vectors
from training.image_encoder import DIMENSION, NORM
from training.networks import ClipModel, TextEncoder

CONTEXT = 32  # tokens
CONFIG = {"context_length": CONTEXT, "vocab_size": 49408, "width": 128, "heads": 4, "layers": 3}
BATCH = 256
CONTRAST_TEMPERATURE = 0.05
LENGTH = 0.2  # weight in the loss
BUCKETS = (6, 8, 12, 16, 24, 32)  # tokens, with start and end


def build() -> TextEncoder:
    """open_clip's TextTransformer with CONFIG."""
    from open_clip.model import CLIPTextCfg, _build_text_tower

    return _build_text_tower(DIMENSION, CLIPTextCfg(**CONFIG))


def of_clip(clip: ClipModel) -> TextEncoder:
    """The text part of a trained CLIP."""
    encoder = build()
    names = encoder.state_dict().keys()
    encoder.load_state_dict({name: clip.state_dict()[name] for name in names})
    return encoder


def tokenize(phrases: list[str]) -> torch.Tensor:
    """n phrases → (n, CONTEXT) int64."""
    from open_clip import SimpleTokenizer

    return cast(torch.Tensor, SimpleTokenizer(context_length=CONTEXT)(phrases))


class Batches:
    """Phrases of one length bucket at a time, buckets drawn by their size."""

    def __init__(self, tokens: torch.Tensor, targets: Vectors, *, seed: int) -> None:
        self._tokens = tokens
        self._targets = torch.from_numpy(targets)
        self._rng = np.random.default_rng(seed)
        lengths = (tokens != 0).sum(1).numpy()
        bucket = np.searchsorted(BUCKETS, lengths)
        self._buckets = [np.flatnonzero(bucket == position) for position in range(len(BUCKETS))]
        self._share = np.array([len(rows) for rows in self._buckets]) / len(tokens)

    def __call__(self, progress: float) -> tuple[torch.Tensor, torch.Tensor]:
        """→ tokens (B, L) and targets (B, 512)."""
        position = int(self._rng.choice(len(BUCKETS), p=self._share))
        rows = self._rng.choice(self._buckets[position], size=BATCH)
        return self._tokens[rows, : BUCKETS[position]], self._targets[rows].float()


def loss(
    model: TextEncoder, batch: tuple[torch.Tensor, torch.Tensor], progress: float
) -> tuple[torch.Tensor, int]:
    """The loss in this module's docstring, for `loop.fit`."""
    tokens, targets = batch
    with torch.autocast("cpu", torch.bfloat16):
        vectors = encode_tokens(model, tokens)
    vectors = vectors.float()
    unit = F.normalize(vectors, dim=1)
    direction = 4 * (1 - (unit * targets).sum(1)).mean()
    contrast = 0.2 * F.cross_entropy(
        unit @ targets.T / CONTRAST_TEMPERATURE, torch.arange(len(unit))
    )
    length = LENGTH * (vectors.norm(dim=1) / NORM - 1).pow(2).mean()
    return direction + contrast + length, len(vectors)


def encode_tokens(model: TextEncoder, tokens: torch.Tensor) -> torch.Tensor:
    """The transformer on (B, L ≤ CONTEXT) tokens → (B, 512)."""
    length = tokens.shape[1]
    hidden = model.token_embedding(tokens) + model.positional_embedding[:length]
    hidden = model.transformer(hidden, attn_mask=model.attn_mask[:length, :length])
    hidden = model.ln_final(hidden)
    pooled: torch.Tensor = hidden[torch.arange(len(tokens)), tokens.argmax(dim=1)]
    projected: torch.Tensor = pooled @ model.text_projection
    return projected
