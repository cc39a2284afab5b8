"""Reward fine-tuning of the denoiser: rewards of its samples, backpropagated through the sampler.

    z(t₀) → … → z(t_K) ─ gradients from here on ─→ z(0) → x̂ = decoder(z(0))      K random per batch
    loss = |v̂ − v|² + TEACHER·(1 − cos(ψ(x), ψ(x̂))) + ENCODER·(1 − cos(σ − μ, f(x̂) − μ))
           + CELLS·|m(x) − m(x̂)|² + PERIODIC·max(0, r(x̂) − r(x)) [+ PICTURE·|x − x̂|²]

(DRaFT, arXiv 2309.17400; a random K: AlignProp, arXiv 2310.03739.) Rows are sampled as the
archive samples them, with img2img start, map and guidance, in fewer steps. Half of the batches
start where a detail ends: at the photo's own latents, noised to a random timestep. They are to come
near the picture, too, hence the last term.

x is the decoded latent of the photo, ψ the teacher's last features, f the archive's encoder and σ
its embedding of the photo, m means over a grid of cells, r the root mean square of what repeats
every 8 pixels. Both networks see each image at a random offset or size, so that patterns that
please them at one offset do not pay off (see training.autoencoder); the plain loss of
training.denoiser, on other photos, keeps the network a denoiser.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch.nn import functional as F

from archive.models.decoder import ClipSimilarity
from archive.models.decoders.schedule import classifier_free_guidance, img2img_timesteps
from archive.models.pairs import POCKET_SAMPLING
from training import denoiser
from training.autoencoder import PERIODIC, periodic_rms, random_teacher_size
from training.latents import Bucket, random_rows
from training.networks import Autoencoder, Denoiser, Scheduler, TeacherNetwork

TEACHER = 1.0  # weights of the loss
ENCODER = 1.0
CELLS = 4.0
PICTURE = 4.0
GRID = 8  # cells a side
DETAILED = 0.5  # share of the batches that start at the end of a detail
DETAIL_ENDS = (150, 700)  # timesteps
SHIFT = 16  # pixels
STEPS = 10  # of the sampler
SAMPLED = 16  # images per batch that are sampled
PLAIN = 32  # images per batch of the plain loss
GUIDANCE = POCKET_SAMPLING.guidance or 1.0
STRENGTH = POCKET_SAMPLING.strength


@dataclass(frozen=True)
class Batch:
    """Rows to sample, and latents for the plain loss."""

    z: torch.Tensor  # (B, C, h, w), of the photos
    colors: torch.Tensor  # (B, C, h, w), of their maps
    label: torch.Tensor  # (B, 2·D)
    vectors: torch.Tensor  # (B, D), as encoded
    detail_end: int  # timestep; 0: no detail
    frozen_steps: int  # steps of the sampler without gradients
    plain: denoiser.Batch


class Batches:
    """Sharp images of one bucket at a time, conditioned on their decoded rows."""

    def __init__(
        self,
        sharp: list[Bucket],
        blurred: list[Bucket],
        stats: denoiser.EmbeddingStats,
        *,
        seed: int,
    ) -> None:
        self._plain = denoiser.Batches(sharp, blurred, stats, seed=seed, size=PLAIN)
        self._buckets = sharp
        self._stats = stats
        self._rng = np.random.default_rng(seed + 1)

    def __call__(self, progress: float) -> Batch:
        """Progress 0…1 → a batch."""
        _, arrays = random_rows(self._buckets, SAMPLED, self._rng)
        z, colors, vectors, vectors_hat, alignment = arrays
        label = denoiser.class_label(*self._stats.match_noise(vectors_hat, alignment))
        has_detail = self._rng.random() < DETAILED
        detail_end = int(self._rng.integers(*DETAIL_ENDS)) if has_detail else 0
        frozen_steps = int(self._rng.integers(len(sampler(detail_end).timesteps)))
        return Batch(z, colors, label, vectors, detail_end, frozen_steps, self._plain(progress))


def sampler(detail_end: int = 0) -> Scheduler:
    """The pair's scheduler, set to start at the end of a detail, or at STRENGTH of the schedule."""
    scheduler = denoiser.noise_scheduler()
    total = scheduler.config.num_train_timesteps
    img2img_timesteps(scheduler, STEPS, detail_end / total or STRENGTH, device="cpu")
    return scheduler


def sample(model: Denoiser, batch: Batch, noise: torch.Tensor) -> torch.Tensor:
    """Noise (B, C, h, w) → z at the end of the sampler; gradients after `batch.frozen_steps`."""
    scheduler = sampler(batch.detail_end)
    signal = scheduler.alphas_cumprod[int(scheduler.timesteps[0])]
    start = batch.z if batch.detail_end else batch.colors
    z = signal.sqrt() * start + (1 - signal).sqrt() * noise
    label = torch.cat([torch.zeros_like(batch.label), batch.label])
    colors = torch.cat([batch.colors] * 2)
    frozen = scheduler.timesteps[: batch.frozen_steps]
    trained = scheduler.timesteps[batch.frozen_steps :]
    # one autocast each: it caches the weights it narrows, with gradients or without
    for timesteps, has_gradients in ((frozen, False), (trained, True)):
        with torch.set_grad_enabled(has_gradients), torch.autocast("cpu", torch.bfloat16):
            for timestep in timesteps:
                inputs = torch.cat([torch.cat([z, z]), colors], dim=1)
                out = model(
                    inputs, timestep, encoder_hidden_states=None, class_labels=label
                ).sample.float()
                guided = classifier_free_guidance(out, GUIDANCE)
                z = scheduler.step(guided, timestep, z).prev_sample
    return cast(torch.Tensor, z)


def loss_of(
    vae: Autoencoder, teacher: TeacherNetwork, clip_similarity: ClipSimilarity
) -> Callable[[Denoiser, Batch, float], tuple[torch.Tensor, int]]:
    """The loss in this module's docstring, for `loop.fit`.

    `clip_similarity`: of the archive's encoder, centered on the mean embedding.
    """
    plain = denoiser.loss_of()
    vae.requires_grad_(False).eval()

    def decode(z: torch.Tensor) -> torch.Tensor:
        latents = (z / vae.config.scaling_factor).contiguous(memory_format=torch.channels_last)
        return cast(torch.Tensor, vae.decode(latents).sample.float())

    def loss(model: Denoiser, batch: Batch, progress: float) -> tuple[torch.Tensor, int]:
        denoising, _ = plain(model, batch.plain, progress)
        z = sample(model, batch, torch.randn_like(batch.z))
        top, left = torch.randint(SHIFT, (2,)).tolist()
        with torch.autocast("cpu", torch.bfloat16):
            with torch.no_grad():
                true = decode(batch.z)
            sampled = decode(z)
            part = sampled[..., top:, left:]
            true_part = true[..., top:, left:]
            reward = ENCODER * clip_similarity(part, batch.vectors.numpy()).mean()
            reward = reward + TEACHER * _teacher_similarity(teacher, part, true_part)
        cells = F.adaptive_avg_pool2d(sampled, GRID) - F.adaptive_avg_pool2d(true, GRID)
        excess = (periodic_rms(sampled) - periodic_rms(true)).clamp(min=0).mean()
        total = denoising + TEACHER + ENCODER - reward
        if batch.detail_end:
            total = total + PICTURE * (sampled - true).square().mean()
        return total + CELLS * cells.square().mean() + PERIODIC * excess, len(z)

    return loss


def _teacher_similarity(
    teacher: TeacherNetwork, sampled: torch.Tensor, true: torch.Tensor
) -> torch.Tensor:
    size = random_teacher_size(sampled)

    def features(images: torch.Tensor) -> torch.Tensor:
        resized = F.interpolate(images, size, mode="bicubic")
        return cast(torch.Tensor, teacher.forward_features(resized).float().mean((2, 3)))

    with torch.no_grad():
        true_features = features(true)
    return F.cosine_similarity(features(sampled), true_features).mean()
