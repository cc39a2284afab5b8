"""The denoiser: a CLIP-conditioned UNet (diffusers' UNet2DConditionModel without cross-attention) on the latents.

Conditioned like Stable unCLIP: the class label is the embedding, noised to a level, and the embedding of that level.
More than half of them are decoded ones instead, told as the archive tells them: brought to the length of a noised one,
with the level that matches their codec's error (archive.models.decoders.unclip). The colour map's latents are eight more input
channels. Embedding and map are each left out at times, so that one network draws with either, both or none.

Photos too small for the frame are blurred there; they teach only the noisy timesteps, where what blur takes away is
drowned (Daras et al., Ambient Diffusion Omni, arXiv 2506.10038).

    z_t = √ᾱ z + √(1 − ᾱ) ε        v = √ᾱ ε − √(1 − ᾱ) z        loss = |v̂ − v|²          (arXiv 2202.00512)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import nn

from training.autoencoder import LATENT_CHANNELS
from training.image_encoder import DIMENSION
from training.latents import Shelf, random_rows

CHANNELS = (64, 128, 192)
# shares of the samples
EMBEDDING_DROPPED = 0.12
MAP_DROPPED = 0.15
DECODED = 0.6  # share of the embeddings that went through a codec
CLEAN = 0.3  # share of the others that are not noised
NOISIEST = 700  # level, of 1,000
BLURRED_FROM = 500  # timestep
BATCH = 64


def build() -> nn.Module:
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


def noise_scheduler() -> object:
    """Stable Diffusion's schedule, v-prediction."""
    from diffusers import DPMSolverMultistepScheduler

    return DPMSolverMultistepScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
    )


def embedding_noiser() -> object:
    """unCLIP's schedule of noise on embeddings."""
    from diffusers import DDPMScheduler

    return DDPMScheduler(beta_schedule="squaredcos_cap_v2")


@cache
def embedding_alphas() -> torch.Tensor:
    """ᾱ of its levels, (1000,)."""
    return embedding_noiser().alphas_cumprod


@dataclass(frozen=True)
class Space:
    """The normaliser's mean and standard deviation of embeddings."""

    mean: torch.Tensor  # (D,)
    std: torch.Tensor  # (D,)

    @classmethod
    def of(cls, vectors: np.ndarray) -> Space:
        """(n, D) embeddings → their space."""
        seen = torch.from_numpy(vectors.astype(np.float32))
        return cls(seen.mean(0), seen.std(0))

    def numpy(self) -> tuple[np.ndarray, np.ndarray]:
        return self.mean.numpy(), self.std.numpy()

    def told(
        self, vectors_hat: torch.Tensor, alignment: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Decoded embeddings (B, D), their codecs' alignments (B,) → of a noised one's length; the matching levels."""
        white = (vectors_hat - self.mean) / self.std
        white = nn.functional.normalize(white, dim=1) * white.shape[1] ** 0.5
        levels = (embedding_alphas()[None] - alignment[:, None]).abs().argmin(dim=1)
        return white * self.std + self.mean, levels


@dataclass(frozen=True)
class Batch:
    """z, map, label (B, 2·D), timesteps (B,)."""

    z: torch.Tensor
    colors: torch.Tensor
    label: torch.Tensor
    timesteps: torch.Tensor


class Batches:
    """Pictures of one frame at a time, frames drawn by their share."""

    def __init__(
        self,
        sharp: list[Shelf],
        blurred: list[Shelf],
        space: Space,
        *,
        seed: int,
        size: int = BATCH,
    ) -> None:
        self._shelves = sharp + blurred
        self._sharp = len(sharp)
        self._space = space
        self._size = size
        self._rng = np.random.default_rng(seed)

    def __call__(self, progress: float) -> Batch:
        """Progress 0…1 → a batch."""
        at, (z, colors, vectors, vectors_hat, alignment) = random_rows(
            self._shelves, self._size, self._rng
        )
        kept = torch.from_numpy(self._rng.random(self._size) >= MAP_DROPPED)
        label = self._label(vectors, vectors_hat, alignment)
        first = 0 if at < self._sharp else BLURRED_FROM
        timesteps = torch.from_numpy(self._rng.integers(first, 1000, self._size))
        return Batch(z, colors * kept[:, None, None, None], label, timesteps)

    def _label(
        self, vectors: torch.Tensor, vectors_hat: torch.Tensor, alignment: torch.Tensor
    ) -> torch.Tensor:
        size = self._size
        levels = torch.from_numpy(
            self._rng.integers(1, NOISIEST, size) * (self._rng.random(size) >= CLEAN)
        )
        decoded = torch.from_numpy(self._rng.random(size) < DECODED)
        signal = torch.where(levels > 0, embedding_alphas()[levels], 1.0)[:, None]
        white = (vectors - self._space.mean) / self._space.std
        noised = signal.sqrt() * white + (1 - signal).sqrt() * torch.randn_like(white)
        told, matching = self._space.told(vectors_hat, alignment)
        told = torch.where(decoded[:, None], told, noised * self._space.std + self._space.mean)
        label = class_label(told, torch.where(decoded, matching, levels))
        return label * torch.from_numpy(self._rng.random(size) >= EMBEDDING_DROPPED)[:, None]


def class_label(vectors: torch.Tensor, levels: torch.Tensor) -> torch.Tensor:
    """(B, D), (B,) → (B, 2·D), as archive.models.decoders.unclip builds it."""
    from diffusers.models.embeddings import get_timestep_embedding

    told = get_timestep_embedding(
        levels, vectors.shape[1], flip_sin_to_cos=True, downscale_freq_shift=0
    )
    return torch.cat([vectors, told], dim=1)


def loss_of() -> Callable[[nn.Module, Batch, float], tuple[torch.Tensor, int]]:
    """The loss in this module's head, for `loop.fit`."""
    alphas = noise_scheduler().alphas_cumprod

    def loss(model: nn.Module, batch: Batch, progress: float) -> tuple[torch.Tensor, int]:
        signal = alphas[batch.timesteps][:, None, None, None]
        noise = torch.randn_like(batch.z)
        noisy = signal.sqrt() * batch.z + (1 - signal).sqrt() * noise
        velocity = signal.sqrt() * noise - (1 - signal).sqrt() * batch.z
        seen = torch.cat([noisy, batch.colors], dim=1)
        with torch.autocast("cpu", torch.bfloat16):
            told = model(
                seen, batch.timesteps, encoder_hidden_states=None, class_labels=batch.label
            ).sample
        return (told.float() - velocity).pow(2).mean(), len(batch.z)

    return loss
