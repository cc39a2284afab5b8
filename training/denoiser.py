"""The denoiser: a CLIP-conditioned UNet2DConditionModel without cross-attention, on latents.

Conditioned like Stable unCLIP: the class label is the embedding, noised to a level, and the
embedding of that level. More than half of the embeddings are decoded ones instead, passed as the
archive passes them: scaled to the length of a noised one, with the level that matches their
codec's error (archive.models.decoders.unclip). The latents of the color map are eight more input
channels. Embedding and map are each dropped at times, so that one network samples with either,
both or none.

Photos too small for the frame are blurred there; they teach only the noisy timesteps, where the
missing detail is masked by noise (Daras et al., Ambient Diffusion Omni, arXiv 2506.10038).

    z_t = √ᾱ z + √(1 − ᾱ) ε      v = √ᾱ ε − √(1 − ᾱ) z      loss = |v̂ − v|²     (arXiv 2202.00512)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import cast

import numpy as np
import torch
from torch.nn import functional as F

from archive.arrays import Vectors
from training.autoencoder import LATENT_CHANNELS
from training.image_encoder import DIMENSION
from training.latents import Bucket, random_rows
from training.networks import Denoiser, Scheduler

CHANNELS = (64, 128, 192)
EMBEDDING_DROPPED = 0.12  # share of the samples
MAP_DROPPED = 0.15  # share of the samples
DECODED = 0.6  # share of the embeddings that went through a codec
CLEAN = 0.3  # share of the others that are not noised
NOISIEST = 700  # level, of 1,000
BLURRED_FROM = 500  # timestep
BATCH = 64
REWIRING_PENALTY = 0.01  # of the mean variance


def build() -> Denoiser:
    """→ UNet2DConditionModel, 7.0 M parameters."""
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        sample_size=16,
        in_channels=2 * LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        down_block_types=("DownBlock2D", "DownBlock2D", "AttnDownBlock2D"),
        mid_block_type="UNetMidBlock2D",
        up_block_types=("AttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
        block_out_channels=CHANNELS,
        layers_per_block=1,
        attention_head_dim=32,
        cross_attention_dim=32,
        class_embed_type="projection",
        projection_class_embeddings_input_dim=2 * DIMENSION,
        resnet_time_scale_shift="scale_shift",
    )


def rewire(model: Denoiser, before: Vectors, after: Vectors) -> None:
    """Makes a denoiser take another encoder's embeddings: each as the old one it resembles most.

    `before`, `after`: (n, D) embeddings of the same images, by the old and the new encoder.
    """
    old, new = (torch.from_numpy(vectors.astype(np.float32)) for vectors in (before, after))
    centered = new - new.mean(dim=0)
    penalty = REWIRING_PENALTY * centered.pow(2).mean() * torch.eye(new.shape[1])
    covariance = centered.T @ centered / len(new) + penalty
    matrix = torch.linalg.solve(covariance, centered.T @ old / len(old))
    layer = model.class_embedding.linear_1
    weight = layer.weight.data
    embedding_weight = weight[:, :DIMENSION].clone()
    weight[:, :DIMENSION] = embedding_weight @ matrix.T
    layer.bias.data += embedding_weight @ (old.mean(dim=0) - new.mean(dim=0) @ matrix)


def noise_scheduler() -> Scheduler:
    """Stable Diffusion's schedule, v-prediction."""
    from diffusers import DPMSolverMultistepScheduler

    return DPMSolverMultistepScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
    )


def embedding_noiser() -> Scheduler:
    """unCLIP's schedule of noise on embeddings."""
    from diffusers import DDPMScheduler

    return DDPMScheduler(beta_schedule="squaredcos_cap_v2")


@cache
def embedding_alphas() -> torch.Tensor:
    """ᾱ of its levels, (1000,)."""
    return cast(torch.Tensor, embedding_noiser().alphas_cumprod)


@dataclass(frozen=True)
class EmbeddingStats:
    """Mean and standard deviation of embeddings, which the decoder's normalizer uses."""

    mean: torch.Tensor  # (D,)
    std: torch.Tensor  # (D,)

    @classmethod
    def of(cls, vectors: Vectors) -> EmbeddingStats:
        """(n, D) embeddings → their statistics."""
        embeddings = torch.from_numpy(vectors.astype(np.float32))
        return cls(embeddings.mean(0), embeddings.std(0))

    def numpy(self) -> tuple[Vectors, Vectors]:
        """Mean and standard deviation as arrays."""
        return cast(Vectors, self.mean.numpy()), cast(Vectors, self.std.numpy())

    def match_noise(
        self, vectors_hat: torch.Tensor, alignment: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Decoded embeddings (B, D) and their codecs' alignments (B,) → the embeddings scaled to
        the length of noised ones, and the noise levels (B,) that match."""
        white = (vectors_hat - self.mean) / self.std
        white = F.normalize(white, dim=1) * white.shape[1] ** 0.5
        levels = (embedding_alphas()[None] - alignment[:, None]).abs().argmin(dim=1)
        return white * self.std + self.mean, levels


@dataclass(frozen=True)
class Batch:
    """Latents with their conditions and timesteps."""

    z: torch.Tensor  # (B, C, h, w)
    colors: torch.Tensor  # (B, C, h, w)
    label: torch.Tensor  # (B, 2·D)
    timesteps: torch.Tensor  # (B,)


class Batches:
    """Images of one bucket at a time, buckets drawn by size."""

    def __init__(
        self,
        sharp: list[Bucket],
        blurred: list[Bucket],
        stats: EmbeddingStats,
        *,
        seed: int,
        size: int = BATCH,
    ) -> None:
        self._buckets = sharp + blurred
        self._sharp = len(sharp)
        self._stats = stats
        self._size = size
        self._rng = np.random.default_rng(seed)

    def __call__(self, progress: float) -> Batch:
        """Progress 0…1 → a batch."""
        bucket, arrays = random_rows(self._buckets, self._size, self._rng)
        z, colors, vectors, vectors_hat, alignment = arrays
        has_map = torch.from_numpy(self._rng.random(self._size) >= MAP_DROPPED)
        label = self._label(vectors, vectors_hat, alignment)
        first = 0 if bucket < self._sharp else BLURRED_FROM
        timesteps = torch.from_numpy(self._rng.integers(first, 1000, self._size))
        return Batch(z, colors * has_map[:, None, None, None], label, timesteps)

    def _label(
        self, vectors: torch.Tensor, vectors_hat: torch.Tensor, alignment: torch.Tensor
    ) -> torch.Tensor:
        size = self._size
        levels = torch.from_numpy(
            self._rng.integers(1, NOISIEST, size) * (self._rng.random(size) >= CLEAN)
        )
        decoded = torch.from_numpy(self._rng.random(size) < DECODED)
        signal = torch.where(levels > 0, embedding_alphas()[levels], 1.0)[:, None]
        white = (vectors - self._stats.mean) / self._stats.std
        noised = signal.sqrt() * white + (1 - signal).sqrt() * torch.randn_like(white)
        noised = noised * self._stats.std + self._stats.mean
        scaled, matching = self._stats.match_noise(vectors_hat, alignment)
        embeddings = torch.where(decoded[:, None], scaled, noised)
        label = class_label(embeddings, torch.where(decoded, matching, levels))
        return label * torch.from_numpy(self._rng.random(size) >= EMBEDDING_DROPPED)[:, None]


def class_label(vectors: torch.Tensor, levels: torch.Tensor) -> torch.Tensor:
    """(B, D), (B,) → (B, 2·D), as archive.models.decoders.unclip builds it."""
    from diffusers.models.embeddings import get_timestep_embedding

    level_embeddings = get_timestep_embedding(
        levels, vectors.shape[1], flip_sin_to_cos=True, downscale_freq_shift=0
    )
    return torch.cat([vectors, level_embeddings], dim=1)


def loss_of() -> Callable[[Denoiser, Batch, float], tuple[torch.Tensor, int]]:
    """The loss in this module's docstring, for `loop.fit`."""
    alphas = noise_scheduler().alphas_cumprod

    def loss(model: Denoiser, batch: Batch, progress: float) -> tuple[torch.Tensor, int]:
        signal = alphas[batch.timesteps][:, None, None, None]
        noise = torch.randn_like(batch.z)
        noisy = signal.sqrt() * batch.z + (1 - signal).sqrt() * noise
        velocity = signal.sqrt() * noise - (1 - signal).sqrt() * batch.z
        inputs = torch.cat([noisy, batch.colors], dim=1)
        with torch.autocast("cpu", torch.bfloat16):
            predicted = model(
                inputs, batch.timesteps, encoder_hidden_states=None, class_labels=batch.label
            ).sample
        return (predicted.float() - velocity).pow(2).mean(), len(batch.z)

    return loss
