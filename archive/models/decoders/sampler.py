"""Sampling from a latent diffusion model that starts at a color map (CoCliCo, PCS 2024, III-D).

    1. z_map   = encoder(color map enlarged to the frame)
    2. z       = √ᾱ(t₀) · z_map + √(1 − ᾱ(t₀)) · ε       t₀ = strength · T, a timestep
    3. z       ← DPM-Solver++ over t₀ and the solver's timesteps below it,
                 with classifier-free guidance
    4. pixels  = decoder(z)

Without a color map, sampling starts from pure noise. A request with paths follows them first, and
step 3 starts where they end. At each step the predicted clean latents ẑ₀
can be corrected:

    clipping                 to the bound of the checkpoint's own sampler, if it has one
    low-frequency guidance   ẑ₀ ← ẑ₀ + c · L(z_map − ẑ₀)
                             L: means over the map's cells, enlarged again
    CLIP guidance            see archive.models.decoders.clip_guidance

Low-frequency guidance follows arXiv 2404.06865 without its gradient: both sides are latents of one
autoencoder.

diffusers' pipelines for these models cannot start from an image, so the loop is run here from their
parts: `autoencoder` has both ends of it, and each family's module the conditioning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from archive.arrays import Pixels, Vectors
from archive.models.decoder import ClipSimilarity, DecodeRequest, ProgressCallback
from archive.models.decoders.autoencoder import Autoencoder
from archive.models.decoders.clip_guidance import GUIDANCE_INTERVAL, guidance_gradient
from archive.models.decoders.conditioning import Conditioning
from archive.models.decoders.follow import follow
from archive.models.decoders.pulls import low_frequencies, pixel_gradient
from archive.models.decoders.schedule import Schedule, classifier_free_guidance, img2img_timesteps
from archive.models.decoders.upscaler import upscale
from archive.models.device import device_memory, precision
from archive.models.quiet import quiet
from archive.models.sampling import Sampling

if TYPE_CHECKING:
    import torch

MAX_BATCH_SIZE = 8  # images sampled at a time on an accelerator
BYTES_PER_IMAGE = 6 << 30  # memory of the accelerator that one of them may take
Correction = Callable[["torch.Tensor"], "torch.Tensor"]
"""ẑ₀ (B, C, h, w) → what is added to it."""


class LatentDecoder:
    """A UNet, an autoencoder and a noise schedule on one device: every family's Decoder."""

    def __init__(
        self,
        unet: Any,
        autoencoder: Autoencoder,
        schedule: Schedule,
        conditioning: Conditioning,
        *,
        guidance: float,
        device: str,
        weights_sha256: str,
        upscaler: Any | None = None,
    ) -> None:
        """All parts on `device`; `guidance`: the default scale."""
        import torch

        self._torch = torch
        self._device = device
        self._unet = unet
        self._autoencoder = autoencoder
        self._schedule = schedule
        self._conditioning = conditioning
        self._upscaler = upscaler
        self.guidance = guidance
        self.weights_sha256 = weights_sha256
        self.batch_size = _batch_size(torch.device(device))

    @property
    def embedding_stats(self) -> tuple[Vectors, Vectors] | None:
        """Mean and standard deviation, (D,) each, of the embeddings it was trained on, if known."""
        return self._conditioning.embedding_stats

    @property
    def native_pixels(self) -> int:
        """Area of the images it was trained on, in pixels."""
        return int(self._unet.config.sample_size * self._autoencoder.scale) ** 2

    @property
    def size_multiple(self) -> int:
        """Both sides of a frame must be divisible by this, in pixels: UNet levels halve them."""
        return int(self._autoencoder.scale * 2 ** (len(self._unet.config.block_out_channels) - 1))

    def sample(
        self,
        request: DecodeRequest,
        *,
        frame: tuple[int, int],
        sampling: Sampling,
        on_step: ProgressCallback | None = None,
    ) -> list[Pixels]:
        """A request for B images, frame (width, height) → B × (height, width, 3) uint8.

        Batches always have the same size, the last one filled up with copies, so that no image
        depends on how many others are in the request.
        """
        count = len(request.seeds)
        images: list[Pixels] = []
        for start in range(0, count, self.batch_size):
            rows = [min(row, count - 1) for row in range(start, start + self.batch_size)]
            batch = replace(
                request,
                vectors_hat=request.vectors_hat[rows],
                colors_hat=request.colors_hat[rows],
                seeds=[request.seeds[row] for row in rows],
                paths=[request.paths[row] for row in rows] if request.paths else (),
            )
            images += self._sample_batch(batch, frame, sampling, on_step)
        return images[:count]

    def _sample_batch(
        self,
        request: DecodeRequest,
        frame: tuple[int, int],
        sampling: Sampling,
        on_step: ProgressCallback | None,
    ) -> list[Pixels]:
        with self._torch.inference_mode(), quiet("diffusers"):
            has_map = request.colors_hat.shape[1] > 0
            z_map = self._encode_map(request.colors_hat, frame) if has_map else None
            path = request.paths[0].timesteps if request.paths else []
            start = path[-1] / self._schedule.count if path else 1.0
            strength = sampling.strength if has_map and not path else start
            timesteps = self.timesteps(sampling.steps, strength)
            path_steps = max(0, len(path) - 1)

            def done(steps: int) -> None:
                if on_step is not None:
                    on_step(steps, path_steps + len(timesteps))

            if request.paths:
                z = self._follow(request, frame, z_map, done)
            else:
                z = self._initial_latents(z_map, frame, request.seeds, timesteps[0])
            solved = partial(self._solve, sampling=sampling, done=lambda n: done(path_steps + n))
            return self.decode_pixels(solved(z, z_map, timesteps, request))

    def _solve(
        self,
        z: torch.Tensor,
        z_map: torch.Tensor | None,
        timesteps: torch.Tensor,
        request: DecodeRequest,
        *,
        sampling: Sampling,
        done: Callable[[int], None],
    ) -> torch.Tensor:
        """The solver's steps, from noisy latents to clean ones, (B, C, h, w)."""
        guidance = self.guidance if sampling.guidance is None else sampling.guidance
        denoise = self._conditioning.denoiser(request.vectors_hat, request.alignment, sampling)
        for step, timestep in enumerate(timesteps):
            z_in = self._schedule.solver.scale_model_input(z, timestep)
            outputs = denoise(z_in, timestep, z_map, True)[:, : z.shape[1]]
            output = classifier_free_guidance(outputs.float(), guidance)
            for correction in self._corrections(step, z_map, request, sampling):
                shift = correction(self._schedule.predict_x0(output, z, timestep))
                output = self._schedule.model_output_for_x0(output, shift, timestep)
            z = self._schedule.solver.step(output, timestep, z).prev_sample
            done(step + 1)
        return z

    def _corrections(
        self, step: int, z_map: torch.Tensor | None, request: DecodeRequest, sampling: Sampling
    ) -> Iterator[Correction]:
        """What step number `step` changes about ẑ₀, in order."""
        bound = self._schedule.x0_bound
        if bound is not None:
            yield lambda z_hat: z_hat.clamp(-bound, bound) - z_hat
        share = sampling.low_frequency_guidance
        if z_map is not None and share:
            cells = request.colors_hat.shape[1]
            yield lambda z_hat: share * low_frequencies(z_map - z_hat, cells)
        similarity = request.clip_similarity
        if similarity is not None and step % GUIDANCE_INTERVAL == 0:
            gradient = partial(self._clip_gradient, similarity, request.vectors_hat, step)
            yield lambda z_hat: sampling.clip_guidance * gradient(z_hat)

    def _clip_gradient(
        self, similarity: ClipSimilarity, vectors_hat: Vectors, step: int, z_hat: torch.Tensor
    ) -> torch.Tensor:
        decode = self._autoencoder.decode
        with precision(self._device):
            return guidance_gradient(z_hat, decode, similarity, vectors_hat, seed=step)

    @property
    def timestep_count(self) -> int:
        """Number of timesteps of its noise schedule."""
        return self._schedule.count

    def posterior_gains(self, timesteps: Sequence[int]) -> list[float]:
        """As Decoder.posterior_gains."""
        return [self._schedule.posterior_gain(*step) for step in pairwise(timesteps)]

    def latents(self, images: Sequence[Pixels]) -> torch.Tensor:
        """B × (h, w, 3) uint8 of one size → their latents z₀, (B, C, h / scale, w / scale)."""
        stacked = self._torch.stack([self._torch.tensor(image) for image in images])
        with self._torch.inference_mode():
            return self.encode_pixels(stacked.permute(0, 3, 1, 2)).float()

    def pixel_gradient(self, z_hat: torch.Tensor, image: Pixels) -> torch.Tensor:
        """As Decoder.pixel_gradient."""
        pixels = self._torch.tensor(image).permute(2, 0, 1)[None].to(self._device) / 127.5 - 1
        with precision(self._device):
            return pixel_gradient(z_hat, self._autoencoder.decode, pixels)

    def timesteps(self, steps: int, strength: float) -> torch.Tensor:
        """The timesteps of a run, descending; sets the solver to run exactly these."""
        return img2img_timesteps(self._schedule.solver, steps, strength, device=self._device)

    def _encode_map(self, colors_hat: Pixels, frame: tuple[int, int]) -> torch.Tensor:
        """(B, n, n, 3) uint8 → z_map, (B, C, h, w)."""
        width, height = frame
        colors = self._torch.from_numpy(colors_hat).permute(0, 3, 1, 2).float()
        enlarged = self._torch.nn.functional.interpolate(colors, (height, width), mode="bilinear")
        return self.encode_pixels(enlarged)

    def encode_pixels(self, pixels: torch.Tensor) -> torch.Tensor:
        """(B, 3, height, width) in 0 … 255 → latents, (B, C, height / scale, width / scale)."""
        return self._autoencoder.encode((pixels.float() / 127.5 - 1).to(self._device))

    def decode_pixels(self, z: torch.Tensor) -> list[Pixels]:
        """Latents (B, C, h, w) → B × (height, width, 3) uint8."""
        return list(_to_uint8(self._autoencoder.decode(z)))

    def upscale(self, pixels: Pixels) -> Pixels:
        """(H, W, 3) uint8 → (2·H, 2·W, 3) by the decoder's upscaler; unchanged if it has none."""
        if self._upscaler is None:
            return pixels
        with self._torch.inference_mode():
            images = self._torch.tensor(pixels).permute(2, 0, 1)[None].float() / 127.5 - 1
            upscaled: Pixels = _to_uint8(upscale(self._upscaler, images))[0]
        return upscaled

    def _follow(
        self,
        request: DecodeRequest,
        frame: tuple[int, int],
        z_map: torch.Tensor | None,
        done: Callable[[int], None],
    ) -> torch.Tensor:
        """The latents at the end of a request's paths: whatever the sampling, always the same."""
        starts = [path.start(self._latent_shape(frame)) for path in request.paths]
        z = self._torch.stack(starts).to(self._device)
        denoise = self._conditioning.denoiser(request.vectors_hat, request.alignment, Sampling())
        return follow(request.paths, z, z_map, denoise, self._schedule, done=done)

    def _latent_shape(self, frame: tuple[int, int]) -> tuple[int, int, int]:
        scale = self._autoencoder.scale
        return (self._autoencoder.channels, frame[1] // scale, frame[0] // scale)

    def _initial_latents(
        self,
        z_map: torch.Tensor | None,
        frame: tuple[int, int],
        seeds: Sequence[int],
        timestep: torch.Tensor,
    ) -> torch.Tensor:
        """z_map noised to the level of the first timestep, or pure noise; (B, C, h, w)."""
        shape = self._latent_shape(frame)
        generators = [self._torch.Generator("cpu").manual_seed(seed) for seed in seeds]
        images = [self._torch.randn(shape, generator=generator) for generator in generators]
        noise = self._torch.stack(images).to(self._device)
        if z_map is None:
            pure: torch.Tensor = self._schedule.solver.init_noise_sigma * noise
            return pure
        alpha_bar = self._schedule.alpha_bar(timestep)
        return alpha_bar.sqrt() * z_map + (1 - alpha_bar).sqrt() * noise


def _batch_size(device: torch.device) -> int:
    """Images a device samples at a time: as many as its memory allows, one on a CPU."""
    if device.type != "cuda":
        return 1
    return int(min(MAX_BATCH_SIZE, max(1, device_memory(device) // BYTES_PER_IMAGE)))


def _to_uint8(decoded: torch.Tensor) -> Any:
    """(B, 3, H, W) in −1 … 1 → (B, H, W, 3) uint8."""
    levels = ((decoded + 1) * 127.5).round().clamp(0, 255).byte()
    return levels.permute(0, 2, 3, 1).cpu().numpy()
