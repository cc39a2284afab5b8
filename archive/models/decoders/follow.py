"""Following paths whose noise is given: DDPM's steps, without guidance.

z ← μ(z, ẑ₀) + σ · noise        Ho et al. 2020, arXiv 2006.11239; noise: see archive.detail
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from archive.models.decoder import NoisePath
from archive.models.decoders.conditioning import Denoiser
from archive.models.decoders.schedule import Schedule

if TYPE_CHECKING:
    import torch


def follow(
    paths: Sequence[NoisePath],
    z: torch.Tensor,
    z_map: torch.Tensor | None,
    denoise: Denoiser,
    schedule: Schedule,
    *,
    done: Callable[[int], None],
) -> torch.Tensor:
    """Latents at the start of B paths of the same timesteps → at their end, (B, C, h, w).

    `done` is called with the number of steps after each.
    """
    import torch

    bound = schedule.x0_bound
    for step, (timestep, below) in enumerate(pairwise(paths[0].timesteps)):
        output = denoise(z, torch.tensor(timestep, device=z.device), z_map, False)
        z_hat = schedule.predict_x0(output[:, : z.shape[1]].float(), z, timestep)
        if bound is not None:
            z_hat = z_hat.clamp(-bound, bound)
        mean, sigma = schedule.posterior(z, z_hat, timestep, below)
        z = mean + sigma * torch.stack(_noises(paths, step, z_hat))
        done(step + 1)
    return z


def _noises(paths: Sequence[NoisePath], step: int, z_hat: torch.Tensor) -> list[torch.Tensor]:
    """A step's noise of each path, asked for once: batches are filled up with copies."""
    drawn: dict[int, torch.Tensor] = {}
    for path, estimate in zip(paths, z_hat, strict=True):
        if id(path) not in drawn:
            drawn[id(path)] = path.noise(step, estimate)
    return [drawn[id(path)] for path in paths]
