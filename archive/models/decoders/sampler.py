"""Drawing with a latent diffusion model from a late start (CoCliCo, PCS 2024, section III-D).

    1. z_map   = encoder(colour map enlarged to the frame)
    2. z       = √ᾱ(t₀) · z_map + √(1 − ᾱ(t₀)) · ε               t₀ = strength · T, a timestep of the schedule
    3. z       ← DPM-Solver++ over t₀ and the scheduler's timesteps below it, with classifier-free guidance
    4. pixels  = decoder(z)

Without a colour map step 1 falls away and the loop starts from pure noise. At each step the low frequencies of the
picture predict_x0 may be drawn towards those of the map, by a constant share c (after arXiv 2404.06865, without its
gradient: both are latents of one autoencoder):

    ẑ₀ ← ẑ₀ + c · L(z_map − ẑ₀)             L: the mean over the map's cells, enlarged again

and towards what the encoder sees as the embedding (archive.models.decoders.clip_guidance).

A decoder whose own sampler clips has every ẑ₀ brought into its bounds. diffusers' own pipelines have no late start, so
the loop is run here, out of their parts: `autoencoder` has the ends, and a module for each family its conditioning.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from archive.models.decoder import DecodeRequest, Pixels, ProgressCallback, Vectors
from archive.models.decoders.autoencoder import Autoencoder
from archive.models.decoders.clip_guidance import EVERY, guidance_gradient
from archive.models.decoders.upscaler import upscaled
from archive.models.encoder import precision
from archive.models.pairs import Sampling

if TYPE_CHECKING:
    import torch

# pictures at a time on an accelerator, and the memory one may take, in bytes
MAX_BATCH_SIZE = 8
BYTES_PER_IMAGE = 6 << 30
Predict = Callable[["torch.Tensor", "torch.Tensor", "torch.Tensor | None"], "torch.Tensor"]
"""z (B, C, h, w), timestep (), z_map → outputs (2·B, C or more, h, w), first without the embedding, then with it."""


class Conditioning(Protocol):
    """How a UNet listens to an embedding."""

    @property
    def embedding_stats(self) -> tuple[Vectors, Vectors] | None:
        """Mean and standard deviation (D,) of the embeddings it was trained with, if they are known."""
        ...

    def prepare(self, vectors_hat: Vectors, alignment: float, sampling: Sampling) -> Predict:
        """(B, D) float32 → the model told of them."""
        ...


class LatentDecoder:
    """A UNet, an autoencoder and a schedule on one device."""

    def __init__(
        self,
        unet: Any,
        autoencoder: Autoencoder,
        scheduler: Any,
        conditioning: Conditioning,
        *,
        guidance: float,
        device: str,
        weights_sha256: str,
        clip: float | None = None,
        upscaler: Any | None = None,
    ) -> None:
        """`guidance`: the usual one; `clip`: the bound ẑ₀ is brought into, if the decoder's own sampler does so."""
        import torch

        self._torch = torch
        self._device = device
        self._clip = clip
        self._upscaler = upscaler
        self._unet = unet
        self._autoencoder = autoencoder
        self._scheduler = scheduler
        self._conditioning = conditioning
        self.guidance = guidance
        self.weights_sha256 = weights_sha256
        self.batch_size = _together(device)

    @property
    def embedding_stats(self) -> tuple[Vectors, Vectors] | None:
        """Mean and standard deviation (D,) of the embeddings it was trained with."""
        return self._conditioning.embedding_stats

    @property
    def native_pixels(self) -> int:
        """The area the decoder was trained to draw, in pixels."""
        return int(self._unet.config.sample_size * self._autoencoder.scale) ** 2

    @property
    def multiple(self) -> int:
        """The sides of a frame are divisible by this: every level of the unet float16_codec evenly."""
        return int(self._autoencoder.scale * 2 ** (len(self._unet.config.block_out_channels) - 1))

    def sample(
        self,
        told: DecodeRequest,
        *,
        frame: tuple[int, int],
        sampling: Sampling,
        on_step: ProgressCallback | None = None,
    ) -> list[Pixels]:
        """As archive.models.decoder.Decoder says."""
        count = len(told.seeds)
        drawn = []
        for start in range(0, count, self.batch_size):
            picked = [min(row, count - 1) for row in range(start, start + self.batch_size)]
            seeds = [told.seeds[row] for row in picked]
            part = replace(
                told,
                vectors_hat=told.vectors_hat[picked],
                colors_hat=told.colors_hat[picked],
                seeds=seeds,
            )
            drawn += self._draw(part, frame, sampling, on_step)
        return drawn[:count]

    def _draw(
        self,
        told: DecodeRequest,
        frame: tuple[int, int],
        sampling: Sampling,
        on_step: ProgressCallback | None,
    ) -> list[Pixels]:
        with self._torch.inference_mode():
            z_map = self._encode(told.colors_hat, frame) if told.colors_hat.shape[1] else None
            timesteps = self.timesteps(
                sampling.steps, sampling.strength if z_map is not None else 1.0
            )
            z = self._start(z_map, frame, told.seeds, int(timesteps[0]))
            predict = self._conditioning.prepare(told.vectors_hat, told.alignment, sampling)
            for done, timestep in enumerate(timesteps):
                out = predict(self._scheduler.scale_model_input(z, timestep), timestep, z_map)[
                    :, : z.shape[1]
                ]
                out = classifier_free_guidance(
                    out.float(), self.guidance if sampling.guidance is None else sampling.guidance
                )
                signal = self._scheduler.alphas_cumprod[int(timestep)]
                kind = self._scheduler.config.prediction_type
                if self._clip is not None:
                    z_hat = predict_x0(out, z, signal, kind)
                    out = model_output_for_x0(
                        out, z_hat.clamp(-self._clip, self._clip) - z_hat, signal, kind
                    )
                if z_map is not None and sampling.low_frequency_guidance:
                    missing = low_frequencies(
                        z_map - predict_x0(out, z, signal, kind), told.colors_hat.shape[1]
                    )
                    out = model_output_for_x0(
                        out, sampling.low_frequency_guidance * missing, signal, kind
                    )
                if told.clip_similarity is not None and done % EVERY == 0:
                    z_hat = predict_x0(out, z, signal, kind)
                    with precision(self._device):
                        pull = guidance_gradient(
                            z_hat,
                            self._autoencoder.decode,
                            told.clip_similarity,
                            told.vectors_hat,
                            seed=done,
                        )
                    out = model_output_for_x0(out, sampling.clip_guidance * pull, signal, kind)
                z = self._scheduler.step(out, timestep, z).prev_sample
                if on_step is not None:
                    on_step(done + 1, len(timesteps))
            return self.decode_pixels(z)

    def timesteps(self, steps: int, strength: float) -> torch.Tensor:
        """As `img2img_timesteps`, of its own scheduler."""
        return img2img_timesteps(self._scheduler, steps, strength, device=self._device)

    def _encode(self, colors_hat: Pixels, frame: tuple[int, int]) -> torch.Tensor:
        colors = self._torch.from_numpy(colors_hat).permute(0, 3, 1, 2).float()
        return self.encode_pixels(
            self._torch.nn.functional.interpolate(colors, (frame[1], frame[0]), mode="bilinear")
        )

    def encode_pixels(self, pixels: torch.Tensor) -> torch.Tensor:
        """(B, 3, height, width) of 0 … 255 → the latents, (B, z, height / f, width / f) float32."""
        return self._autoencoder.encode((pixels.float() / 127.5 - 1).to(self._device))

    def decode_pixels(self, z: torch.Tensor) -> list[Pixels]:
        """Its mirror: (B, z, h, w) → B × (height, width, 3) uint8."""
        return list(_pixels(self._autoencoder.decode(z)))

    def upscale(self, pixels: Pixels) -> Pixels:
        """As archive.models.decoder.Decoder says."""
        if self._upscaler is None:
            return pixels
        with self._torch.inference_mode():
            drawn = self._torch.tensor(pixels).permute(2, 0, 1)[None].float() / 127.5 - 1
            larger: Pixels = _pixels(upscaled(self._upscaler, drawn))[0]
        return larger

    def _start(
        self, z_map: torch.Tensor | None, frame: tuple[int, int], seeds: Any, timestep: int
    ) -> torch.Tensor:
        width, height = (side // self._autoencoder.scale for side in frame)
        shape = (self._autoencoder.channels, height, width)
        generators = [self._torch.Generator("cpu").manual_seed(seed) for seed in seeds]
        noise = self._torch.stack(
            [self._torch.randn(shape, generator=one) for one in generators]
        ).to(self._device)
        signal = self._scheduler.alphas_cumprod[timestep]
        clean = 0 if z_map is None else signal.sqrt() * z_map
        strength = self._scheduler.init_noise_sigma if z_map is None else (1 - signal).sqrt()
        started: torch.Tensor = clean + strength * noise
        return started


def _pixels(decoded: torch.Tensor) -> Any:
    """(B, 3, H, W) of −1 … 1 → (B, H, W, 3) uint8."""
    return ((decoded + 1) * 127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1).cpu().numpy()


def img2img_timesteps(scheduler: Any, steps: int, strength: float, *, device: str) -> torch.Tensor:
    """A scheduler's timesteps from strength · T on, that one included; it is set to run just these."""
    scheduler.set_timesteps(steps, device=device)
    start = round(strength * scheduler.config.num_train_timesteps)
    if start < scheduler.config.num_train_timesteps:
        below = [int(timestep) for timestep in scheduler.timesteps if timestep < start]
        scheduler.set_timesteps(timesteps=[start, *below], device=device)
    timesteps: torch.Tensor = scheduler.timesteps
    return timesteps


def classifier_free_guidance(out: torch.Tensor, guidance: float) -> torch.Tensor:
    """(2·B, …), first without the embedding, then with it → (B, …)."""
    without, told = out.chunk(2)
    return without + guidance * (told - without)


def _together(device: str) -> int:
    """How many pictures a device draws at a time: always so many, so that none depends on those beside it."""
    import torch

    if not device.startswith("cuda"):
        return 1
    memory = torch.cuda.get_device_properties(device).total_memory
    return int(min(MAX_BATCH_SIZE, max(1, memory // BYTES_PER_IMAGE)))


def predict_x0(out: torch.Tensor, z: torch.Tensor, signal: torch.Tensor, kind: str) -> torch.Tensor:
    """A model's output at z, ᾱ and its prediction type → ẑ₀."""
    if kind == "sample":
        return out
    kept = signal.sqrt()
    noise = (1 - signal).sqrt()
    return kept * z - noise * out if kind == "v_prediction" else (z - noise * out) / kept


def model_output_for_x0(
    out: torch.Tensor, pull: torch.Tensor, signal: torch.Tensor, kind: str
) -> torch.Tensor:
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
    low: torch.Tensor = functional.interpolate(
        means, z.shape[2:], mode="bilinear", align_corners=False
    )
    return low
