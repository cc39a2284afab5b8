"""A checkpoint's noise schedule, run by DPM-Solver++. diffusers' door.

Notation: ᾱ is the share of signal at a timestep, z the noisy latents, ẑ₀ the clean latents that the
model's output stands for. What the output is depends on the checkpoint's prediction type:

    epsilon         the noise             ẑ₀ = (z − √(1 − ᾱ) · output) / √ᾱ
    v_prediction    arXiv 2202.00512      ẑ₀ = √ᾱ · z − √(1 − ᾱ) · output
    sample          ẑ₀ itself
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

NOISE_PARAMETERS = (
    "num_train_timesteps",
    "beta_schedule",
    "beta_start",
    "beta_end",
    "trained_betas",
    "prediction_type",
)


@dataclass(frozen=True)
class Schedule:
    """A solver and how it is to be run."""

    solver: Any  # diffusers' DPMSolverMultistepScheduler with the checkpoint's noise levels
    x0_bound: float | None = None  # ẑ₀ is clipped to it, as in the checkpoint's own sampler

    @property
    def count(self) -> int:
        """Number of timesteps in training."""
        return int(self.solver.config.num_train_timesteps)

    def alpha_bar(self, timestep: torch.Tensor | int) -> torch.Tensor:
        """ᾱ at a timestep, ()."""
        alpha_bar: torch.Tensor = self.solver.alphas_cumprod[int(timestep)]
        return alpha_bar

    def predict_x0(
        self, output: torch.Tensor, z: torch.Tensor, timestep: torch.Tensor | int
    ) -> torch.Tensor:
        """A model's output at z and timestep → ẑ₀, all (B, C, h, w)."""
        prediction_type = self.solver.config.prediction_type
        if prediction_type == "sample":
            return output
        signal = self.alpha_bar(timestep).sqrt()
        noise = (1 - self.alpha_bar(timestep)).sqrt()
        if prediction_type == "v_prediction":
            return signal * z - noise * output
        return (z - noise * output) / signal

    def posterior(
        self, z: torch.Tensor, z_hat: torch.Tensor, timestep: int, below: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """p(z_below | z, ẑ₀) → its mean, like z, and σ, ().

        Ho et al. 2020, arXiv 2006.11239, equations 6 and 7.
        """
        toward_z_hat, toward_z, sigma = self._posterior_weights(timestep, below)
        return toward_z_hat * z_hat + toward_z * z, sigma

    def posterior_gain(self, timestep: int, below: int) -> float:
        """How much the mean of p(z_below | z, ẑ₀) moves with ẑ₀, in units of its σ."""
        toward_z_hat, _, sigma = self._posterior_weights(timestep, below)
        return float(toward_z_hat / sigma)

    def _posterior_weights(self, timestep: int, below: int) -> tuple[torch.Tensor, ...]:
        signal, signal_below = self.alpha_bar(timestep), self.alpha_bar(below)
        ratio = signal / signal_below
        share = (1 - signal_below) / (1 - signal)
        toward_z_hat = signal_below.sqrt() * (1 - ratio) / (1 - signal)
        return toward_z_hat, ratio.sqrt() * share, (share * (1 - ratio)).sqrt()

    def model_output_for_x0(
        self, output: torch.Tensor, shift: torch.Tensor, timestep: torch.Tensor | int
    ) -> torch.Tensor:
        """A model's output at a timestep → the output for ẑ₀ + shift, all (B, C, h, w)."""
        prediction_type = self.solver.config.prediction_type
        if prediction_type == "sample":
            return output + shift
        signal = self.alpha_bar(timestep).sqrt()
        noise = (1 - self.alpha_bar(timestep)).sqrt()
        if prediction_type == "v_prediction":
            return output - shift / noise
        return output - signal / noise * shift


def load_schedule(folder: Path, part: str = "scheduler") -> Schedule:
    """A decoder's folder → its schedule. Raises OSError.

    The noise levels are those of the checkpoint's own sampler with its own defaults, which differ
    from the solver's. A learned variance is not used by this solver; the sampler drops it from the
    model's output.
    """
    import diffusers

    config = diffusers.DPMSolverMultistepScheduler.load_config(folder / part)
    checkpoint_class = getattr(diffusers, config["_class_name"])
    checkpoint = checkpoint_class.from_config(config).config
    noise = {name: checkpoint[name] for name in NOISE_PARAMETERS if name in checkpoint}
    solver = diffusers.DPMSolverMultistepScheduler.from_config(
        config | noise, algorithm_type="dpmsolver++", variance_type=None
    )
    clips = checkpoint.get("clip_sample", False) and not checkpoint.get("thresholding", False)
    return Schedule(solver, float(checkpoint.get("clip_sample_range", 1.0)) if clips else None)


def img2img_timesteps(solver: Any, steps: int, strength: float, *, device: str) -> torch.Tensor:
    """The timestep strength · T and the solver's timesteps below it, (≤ steps + 1,) descending.

    T is the number of timesteps in training. Sets the solver to run exactly these.
    """
    solver.set_timesteps(steps, device=device)
    total = solver.config.num_train_timesteps
    start = round(strength * total)
    if start < total:
        below = [int(timestep) for timestep in solver.timesteps if timestep < start]
        solver.set_timesteps(timesteps=[start, *below], device=device)
    timesteps: torch.Tensor = solver.timesteps
    return timesteps


def classifier_free_guidance(outputs: torch.Tensor, guidance: float) -> torch.Tensor:
    """(2·B, …), first the unconditional outputs, then the conditional ones → (B, …)."""
    unconditional, conditional = outputs.chunk(2)
    return unconditional + guidance * (conditional - unconditional)
