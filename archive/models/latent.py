"""Drawing with a latent diffusion model from a late start (CoCliCo, PCS 2024, section III-D).

    1. z_map   = VAE encoder(colour map enlarged to the frame) · scaling factor
    2. z       = √ᾱ(t₀) · z_map + √(1 − ᾱ(t₀)) · ε               t₀ = t_start · T, a timestep of the schedule
    3. z       ← DPM-Solver++ over t₀ and the scheduler's timesteps below it, with classifier-free guidance
    4. pixels  = VAE decoder(z / scaling factor)

Without a colour map step 1 falls away and the loop starts from pure noise. At each step the low frequencies of the
picture foreseen may be drawn towards those of the map, by a constant share c (after arXiv 2404.06865, without its
gradient: both are latents of one autoencoder):

    ẑ₀ ← ẑ₀ + c · L(z_map − ẑ₀)             L: the mean over the map's cells, enlarged again

diffusers' own pipelines have no late start, so the loop is run here, out of their parts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from archive.models.decoder import Pixels, Step, Told, Vectors
from archive.models.pairs import Sampling

if TYPE_CHECKING:
    import torch

ON_ACCELERATOR = 8  # pictures at a time; always so many, so that a picture does not depend on those beside it
Predict = Callable[["torch.Tensor", "torch.Tensor", "torch.Tensor | None"], "torch.Tensor"]
"""z (B, C, h, w), timestep (), z_map → the model's output, guided."""


class Conditioning(Protocol):
    """How a UNet listens to an embedding."""

    @property
    def space(self) -> tuple[Vectors, Vectors] | None:
        """Mean and standard deviation (D,) of the embeddings it was trained with, if they are known."""
        ...

    def prepare(self, vectors_hat: Vectors, alignment: float, sampling: Sampling) -> Predict:
        """(B, D) float32 → the guided model for them."""
        ...


class LatentDecoder:
    """A UNet, a VAE and a schedule on one device."""

    def __init__(
        self, unet: Any, vae: Any, scheduler: Any, conditioning: Conditioning, *, device: str, weights_sha256: str
    ) -> None:
        import torch

        self._torch, self._device, self._dtype = torch, device, next(unet.parameters()).dtype
        self._unet, self._vae, self._scheduler, self._conditioning = unet, vae, scheduler, conditioning
        self.weights_sha256 = weights_sha256
        self.together = 1 if device == "cpu" else ON_ACCELERATOR

    @property
    def space(self) -> tuple[Vectors, Vectors] | None:
        """Mean and standard deviation (D,) of the embeddings it was trained with."""
        return self._conditioning.space

    @property
    def native_pixels(self) -> int:
        """The area the decoder was trained to draw, in pixels."""
        return int(self._unet.config.sample_size * self._scale) ** 2

    @property
    def multiple(self) -> int:
        """The sides of a frame are divisible by this: every level of the unet halves evenly."""
        return int(self._scale * 2 ** (len(self._unet.config.block_out_channels) - 1))

    def draw(
        self, told: Told, *, frame: tuple[int, int], sampling: Sampling, on_step: Step | None = None
    ) -> list[Pixels]:
        """As archive.models.decoder.Decoder says."""
        count, drawn = len(told.seeds), []
        for start in range(0, count, self.together):
            picked = [min(row, count - 1) for row in range(start, start + self.together)]
            seeds = [told.seeds[row] for row in picked]
            part = Told(told.vectors_hat[picked], told.colors_hat[picked], seeds, told.alignment)
            drawn += self._draw(part, frame, sampling, on_step)
        return drawn[:count]

    def _draw(self, told: Told, frame: tuple[int, int], sampling: Sampling, on_step: Step | None) -> list[Pixels]:
        with self._torch.inference_mode():
            z_map = self._encode(told.colors_hat, frame) if told.colors_hat.shape[1] else None
            timesteps = self.timesteps(sampling.steps, sampling.t_start if z_map is not None else 1.0)
            z = self._start(z_map, frame, told.seeds, int(timesteps[0]))
            predict = self._conditioning.prepare(told.vectors_hat, told.alignment, sampling)
            for done, timestep in enumerate(timesteps):
                out = predict(self._scheduler.scale_model_input(z, timestep), timestep, z_map).float()
                if z_map is not None and sampling.consistency:
                    signal, kind = self._scheduler.alphas_cumprod[int(timestep)], self._scheduler.config.prediction_type
                    missing = low_frequencies(z_map - foreseen(out, z, signal, kind), told.colors_hat.shape[1])
                    out = redirected(out, sampling.consistency * missing, signal, kind)
                z = self._scheduler.step(out, timestep, z).prev_sample
                if on_step is not None:
                    on_step(done + 1, len(timesteps))
            return self.decode_pixels(z)

    def timesteps(self, steps: int, t_start: float) -> torch.Tensor:
        """The scheduler's timesteps from t_start · T on, that one included; it is set to run just these."""
        self._scheduler.set_timesteps(steps, device=self._device)
        start = round(t_start * self._scheduler.config.num_train_timesteps)
        if start < self._scheduler.config.num_train_timesteps:
            below = [int(timestep) for timestep in self._scheduler.timesteps if timestep < start]
            self._scheduler.set_timesteps(timesteps=[start, *below], device=self._device)
        timesteps: torch.Tensor = self._scheduler.timesteps
        return timesteps

    @property
    def _scale(self) -> int:
        """Pixels a latent stands for, along a side."""
        config = self._vae.config
        blocks = config.get("block_out_channels") or config.encoder_block_out_channels
        return int(2 ** (len(blocks) - 1))

    def _encode(self, colors_hat: Pixels, frame: tuple[int, int]) -> torch.Tensor:
        colors = self._torch.from_numpy(colors_hat).permute(0, 3, 1, 2).float()
        return self.encode_pixels(self._torch.nn.functional.interpolate(colors, (frame[1], frame[0]), mode="bilinear"))

    def encode_pixels(self, pixels: torch.Tensor) -> torch.Tensor:
        """(B, 3, height, width) of 0 … 255 → the scaled latents, (B, z, height / f, width / f) float32."""
        encoded = self._vae.encode((pixels.float() / 127.5 - 1).to(self._device, self._dtype))
        latent = encoded.latent if hasattr(encoded, "latent") else encoded.latent_dist.mode()
        scaled: torch.Tensor = latent.float() * self._vae.config.scaling_factor
        return scaled

    def decode_pixels(self, z: torch.Tensor) -> list[Pixels]:
        """Its mirror: (B, z, h, w) → B × (height, width, 3) uint8."""
        decoded = self._vae.decode((z / self._vae.config.scaling_factor).to(self._dtype)).sample.float()
        pixels = ((decoded + 1) * 127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1).cpu().numpy()
        return list(pixels)

    def _start(self, z_map: torch.Tensor | None, frame: tuple[int, int], seeds: Any, timestep: int) -> torch.Tensor:
        width, height = (side // self._scale for side in frame)
        shape = (self._unet.config.out_channels, height, width)
        generators = [self._torch.Generator("cpu").manual_seed(seed) for seed in seeds]
        noise = self._torch.stack([self._torch.randn(shape, generator=one) for one in generators]).to(self._device)
        signal = self._scheduler.alphas_cumprod[timestep]
        clean = 0 if z_map is None else signal.sqrt() * z_map
        strength = self._scheduler.init_noise_sigma if z_map is None else (1 - signal).sqrt()
        started: torch.Tensor = clean + strength * noise
        return started


def foreseen(out: torch.Tensor, z: torch.Tensor, signal: torch.Tensor, kind: str) -> torch.Tensor:
    """A model's output at z, ᾱ and its prediction type → ẑ₀."""
    if kind == "sample":
        return out
    kept, noise = signal.sqrt(), (1 - signal).sqrt()
    return kept * z - noise * out if kind == "v_prediction" else (z - noise * out) / kept


def redirected(out: torch.Tensor, pull: torch.Tensor, signal: torch.Tensor, kind: str) -> torch.Tensor:
    """The output that foresees ẑ₀ + pull."""
    if kind == "sample":
        return out + pull
    noise = (1 - signal).sqrt()
    return out - pull / noise if kind == "v_prediction" else out - signal.sqrt() / noise * pull


def low_frequencies(z: torch.Tensor, side: int) -> torch.Tensor:
    """(B, C, h, w) → its means over a grid of `side` cells a side, enlarged again."""
    from torch.nn import functional

    grid = (min(side, z.shape[2]), min(side, z.shape[3]))
    means = functional.adaptive_avg_pool2d(z, grid)
    low: torch.Tensor = functional.interpolate(means, z.shape[2:], mode="bilinear", align_corners=False)
    return low


def as_pixels(pictures: list[Pixels]) -> torch.Tensor:
    """B × (height, width, 3) uint8 → (B, 3, height, width), for encode_pixels."""
    import torch

    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)
