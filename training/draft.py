"""The denoiser, gone on by what it draws: rewards whose gradients run back through the sampler.

    z(t₀) → … → z(t_K) ─ gradients from here on ─→ z(0) → x̂ = decoder(z(0))              K drawn anew for every batch
    loss = |v̂ − v|² + TEACHER·(1 − cos(ψ(x), ψ(x̂))) + TOWER·(1 − cos(σ − μ, f(x̂) − μ)) + CELLS·|m(x) − m(x̂)|²
           + REPEATED·max(0, r(x̂) − r(x))

(DRaFT, arXiv 2309.17400; a random K: AlignProp, arXiv 2310.03739.) Rows are drawn as the archive draws them, late
start, map and guidance included, in fewer steps. x is what the decoder makes of the photo's own latents, ψ the
teacher's last features, f the archive's encoder and σ what it said of the photo, m means over a grid of cells, r what
repeats every 8 pixels. Both networks look from another corner every time, so that marks which please them from one
place do not pay (see training.autoencoder), and the plain loss of training.denoiser, on other photos, keeps it a
denoiser.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from archive.models.decoder import ClipSimilarity
from archive.models.decoders.schedule import classifier_free_guidance, img2img_timesteps
from archive.models.pairs import POCKET_SAMPLING
from training import denoiser
from training.autoencoder import REPEATED, repeated, teachers_size
from training.latents import Shelf, random_rows

TEACHER = 1.0
TOWER = 1.0
CELLS = 4.0
GRID = 8  # cells a side
SHIFT = 16  # pixels
STEPS = 10  # of the sampler
# pictures of a batch
DRAWN = 16
PLAIN = 32
GUIDANCE = POCKET_SAMPLING.guidance or 1.0
T_START = POCKET_SAMPLING.strength


@dataclass(frozen=True)
class Batch:
    """Rows to draw, and latents for the plain loss."""

    z: torch.Tensor  # (B, C, h, w), of the photos
    colors: torch.Tensor  # (B, C, h, w), of their maps
    label: torch.Tensor  # (B, 2·D)
    vectors: torch.Tensor  # (B, D), as encoded
    free: int  # steps of the sampler without gradients
    plain: denoiser.Batch


class Batches:
    """Sharp pictures of one frame at a time, told by their codes."""

    def __init__(
        self, sharp: list[Shelf], blurred: list[Shelf], space: denoiser.Space, *, seed: int
    ) -> None:
        self._plain = denoiser.Batches(sharp, blurred, space, seed=seed, size=PLAIN)
        self._shelves = sharp
        self._space = space
        self._rng = np.random.default_rng(seed + 1)
        self._steps = len(sampler().timesteps)

    def __call__(self, progress: float) -> Batch:
        """Progress 0…1 → a batch."""
        _, (z, colors, vectors, vectors_hat, alignment) = random_rows(
            self._shelves, DRAWN, self._rng
        )
        label = denoiser.class_label(*self._space.told(vectors_hat, alignment))
        return Batch(
            z, colors, label, vectors, int(self._rng.integers(self._steps)), self._plain(progress)
        )


def sampler() -> Any:
    """The pair's scheduler, set to run from the late start on."""
    scheduler = denoiser.noise_scheduler()
    img2img_timesteps(scheduler, STEPS, T_START, device="cpu")
    return scheduler


def draw(model: nn.Module, batch: Batch, noise: torch.Tensor) -> torch.Tensor:
    """Noise (B, C, h, w) → z at the end of the sampler, with gradients from step `batch.free` on."""
    scheduler = sampler()
    signal = scheduler.alphas_cumprod[int(scheduler.timesteps[0])]
    z = signal.sqrt() * batch.colors + (1 - signal).sqrt() * noise
    label = torch.cat([torch.zeros_like(batch.label), batch.label])
    colors = torch.cat([batch.colors] * 2)
    for learning in (
        False,
        True,
    ):  # each its own autocast: it keeps narrowed weights, with gradients or without
        with torch.set_grad_enabled(learning), torch.autocast("cpu", torch.bfloat16):
            for timestep in (
                scheduler.timesteps[batch.free :] if learning else scheduler.timesteps[: batch.free]
            ):
                seen = torch.cat([torch.cat([z, z]), colors], dim=1)
                out = model(
                    seen, timestep, encoder_hidden_states=None, class_labels=label
                ).sample.float()
                z = scheduler.step(classifier_free_guidance(out, GUIDANCE), timestep, z).prev_sample
    return z


def loss_of(
    vae: nn.Module, teacher: nn.Module, clip_similarity: ClipSimilarity
) -> Callable[[nn.Module, Batch, float], tuple[torch.Tensor, int]]:
    """The loss in this module's head, for `loop.fit`; `clip_similarity`: the archive's encoder's, about the mean embedding."""
    plain = denoiser.loss_of()
    vae.requires_grad_(False).eval()

    def pictures(z: torch.Tensor) -> torch.Tensor:
        return vae.decode(
            (z / vae.config.scaling_factor).contiguous(memory_format=torch.channels_last)
        ).sample.float()

    def loss(model: nn.Module, batch: Batch, progress: float) -> tuple[torch.Tensor, int]:
        usual, _ = plain(model, batch.plain, progress)
        z = draw(model, batch, torch.randn_like(batch.z))
        top, left = torch.randint(SHIFT, (2,)).tolist()
        with torch.autocast("cpu", torch.bfloat16):
            with torch.no_grad():
                true = pictures(batch.z)
            drawn = pictures(z)
            part = drawn[..., top:, left:]
            true_part = true[..., top:, left:]
            alike = TOWER * clip_similarity(part, batch.vectors.numpy()).mean()
            alike = alike + TEACHER * _alike_to_teacher(teacher, part, true_part)
        cells = F.adaptive_avg_pool2d(drawn, GRID) - F.adaptive_avg_pool2d(true, GRID)
        more = (repeated(drawn) - repeated(true)).clamp(min=0).mean()
        return (
            usual + TEACHER + TOWER - alike + CELLS * cells.square().mean() + REPEATED * more,
            len(z),
        )

    return loss


def _alike_to_teacher(teacher: nn.Module, drawn: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    size = teachers_size(drawn)

    def look(picture: torch.Tensor) -> torch.Tensor:
        return (
            teacher.forward_features(F.interpolate(picture, size, mode="bicubic"))
            .float()
            .mean((2, 3))
        )

    with torch.no_grad():
        seen = look(true)
    return F.cosine_similarity(look(drawn), seen).mean()
