"""vector_hat, colors_hat → pixels. diffusers' door.

A decoder is a folder in diffusers layout, as Stable unCLIP has it: unet, vae, scheduler, image_normalizer,
image_noising_scheduler, and text_encoder with tokenizer where the unet attends to a prompt. diffusers' own pipeline has
no late start, so the loop is run here, out of the pipeline's parts (CoCliCo, PCS 2024, section III-D):

    1. z_map   = VAE encoder(colour map enlarged to the frame) · scaling factor
    2. z       = √ᾱ(t₀) · z_map + √(1 − ᾱ(t₀)) · ε               t₀ = t_start · T, a timestep of the schedule
    3. z       ← DPM-Solver++ over t₀ and the scheduler's timesteps below it, with classifier-free guidance
    4. pixels  = VAE decoder(z / scaling factor)

Without a colour map step 1 falls away and the loop starts from pure noise. The class label is the embedding with the
embedding of its noise level beside it, as unCLIP was trained; the unconditional one is zero (diffusers' convention). A
unet with twice the latent channels is given z_map at every step as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from archive.errors import ModelMissing, UsageError
from archive.models.encoder import best_device, weights_sha256
from archive.models.hub import local_folder
from archive.models.pairs import Pair, Sampling

if TYPE_CHECKING:
    import torch

Pixels = npt.NDArray[np.uint8]
Vector = npt.NDArray[np.float32]
PARTS = ("unet", "vae", "scheduler", "image_normalizer", "image_noising_scheduler", "text_encoder", "tokenizer")
PATTERNS = [f"{part}/{kind}" for part in PARTS for kind in ("*.json", "*.safetensors", "*.txt")]
Step = Callable[[int, int], None]  # steps done, steps in all


class Decoder(Protocol):
    """What the rest of the library asks of a decoder."""

    @property
    def weights_sha256(self) -> str: ...
    @property
    def native_pixels(self) -> int: ...
    @property
    def multiple(self) -> int: ...
    def draw(
        self,
        vector_hat: Vector,
        colors_hat: Pixels,
        *,
        frame: tuple[int, int],
        seed: int,
        sampling: Sampling,
        on_step: Step | None = None,
    ) -> Pixels: ...


class UnclipDecoder:
    """The parts of a Stable unCLIP folder on one device."""

    def __init__(self, pair: Pair, *, dimension: int) -> None:
        """Loads the weights. Raises ModelMissing where there are none, UsageError where the dimension is another."""
        import torch

        folder = _folder(pair)
        self._torch, self._device = torch, best_device()
        parts = _load(folder)
        self._unet, self._vae = (parts[name].to(self._device).eval() for name in ("unet", "vae"))
        self._scheduler = parts["scheduler"]
        wanted = int(self._unet.config.projection_class_embeddings_input_dim or 0)
        if wanted != 2 * dimension:
            raise UsageError(
                f"the decoder in {folder} is conditioned on vectors of {wanted // 2} dimensions, this archive's have "
                f"{dimension}; name the decoder that belongs to its encoder"
            )
        self._prompt = _empty_prompt(folder, self._device) if (folder / "text_encoder").is_dir() else None
        self.weights_sha256 = weights_sha256(self._unet, self._vae)

    @property
    def native_pixels(self) -> int:
        """The area the decoder was trained to draw, in pixels."""
        return int(self._unet.config.sample_size * self._scale) ** 2

    @property
    def multiple(self) -> int:
        """The sides of a frame are divisible by this: every level of the unet halves evenly."""
        return int(self._scale * 2 ** (len(self._unet.config.block_out_channels) - 1))

    def draw(
        self,
        vector_hat: Vector,
        colors_hat: Pixels,
        *,
        frame: tuple[int, int],
        seed: int,
        sampling: Sampling,
        on_step: Step | None = None,
    ) -> Pixels:
        """(D,) float32 and (n, n, 3) uint8 (n = 0: none) → (height, width, 3) uint8, frame = (width, height).

        The same arguments give the same pixels on the same machine.
        """
        with self._torch.inference_mode():
            z_map = self._encode(colors_hat, frame) if len(colors_hat) else None
            timesteps = self.timesteps(sampling.steps, sampling.t_start if z_map is not None else 1.0)
            z = self._start(z_map, frame, seed, int(timesteps[0]))
            label = self._label(vector_hat, sampling.noise_level)
            for done, timestep in enumerate(timesteps):
                z = self._scheduler.step(self._guided(z, z_map, timestep, label, sampling), timestep, z).prev_sample
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
        colors = self._torch.from_numpy(colors_hat).permute(2, 0, 1)[None].float()
        smooth = self._torch.nn.functional.interpolate(colors, (frame[1], frame[0]), mode="bilinear")
        return self.encode_pixels(smooth[0].permute(1, 2, 0))

    def encode_pixels(self, pixels: torch.Tensor) -> torch.Tensor:
        """(height, width, 3) of 0 … 255 → the scaled latent, (1, z, height / f, width / f)."""
        encoded = self._vae.encode(pixels.to(self._device).permute(2, 0, 1)[None].float() / 127.5 - 1)
        latent = encoded.latent if hasattr(encoded, "latent") else encoded.latent_dist.mode()
        scaled: torch.Tensor = latent * self._vae.config.scaling_factor
        return scaled

    def decode_pixels(self, z: torch.Tensor) -> Pixels:
        """Its mirror: (1, z, h, w) → (height, width, 3) uint8."""
        decoded = self._vae.decode(z / self._vae.config.scaling_factor).sample[0]
        pixels: Pixels = ((decoded + 1) * 127.5).round().clamp(0, 255).byte().permute(1, 2, 0).cpu().numpy()
        return pixels

    def _start(self, z_map: torch.Tensor | None, frame: tuple[int, int], seed: int, timestep: int) -> torch.Tensor:
        width, height = (side // self._scale for side in frame)
        generator = self._torch.Generator("cpu").manual_seed(seed)
        shape = (1, self._unet.config.out_channels, height, width)
        noise = self._torch.randn(shape, generator=generator).to(self._device)
        signal = self._scheduler.alphas_cumprod[timestep]
        clean = 0 if z_map is None else signal.sqrt() * z_map
        strength = self._scheduler.init_noise_sigma if z_map is None else (1 - signal).sqrt()
        started: torch.Tensor = clean + strength * noise
        return started

    def _label(self, vector_hat: Vector, noise_level: int) -> torch.Tensor:
        """Unconditional and conditional class labels, (2, 2·D)."""
        from diffusers.models.embeddings import get_timestep_embedding

        vector = self._torch.from_numpy(vector_hat)[None].to(self._device)
        level = self._torch.full((1,), noise_level, device=self._device)
        told = get_timestep_embedding(level, vector.shape[1], flip_sin_to_cos=True, downscale_freq_shift=0)
        label = self._torch.cat([vector, told], dim=1)
        return self._torch.cat([self._torch.zeros_like(label), label])

    def _guided(
        self,
        z: torch.Tensor,
        z_map: torch.Tensor | None,
        timestep: torch.Tensor,
        label: torch.Tensor,
        sampling: Sampling,
    ) -> torch.Tensor:
        both = self._scheduler.scale_model_input(self._torch.cat([z, z]), timestep)
        if self._unet.config.in_channels == 2 * self._unet.config.out_channels:
            beside = self._torch.zeros_like(z) if z_map is None else z_map
            both = self._torch.cat([both, self._torch.cat([beside, beside])], dim=1)
        prompt = None if self._prompt is None else self._prompt.expand(2, -1, -1)
        without, told = self._unet(both, timestep, encoder_hidden_states=prompt, class_labels=label).sample.chunk(2)
        guided: torch.Tensor = without + sampling.guidance * (told - without)
        return guided


def _folder(pair: Pair) -> Path:
    """Where the decoder's files lie. Raises ModelMissing or UsageError."""
    if not pair.decoder:
        raise UsageError(f"the pair {pair.name} names no decoder; give one with --decoder FOLDER")
    folder = Path(pair.decoder[0])
    if not folder.is_dir():
        if folder.is_absolute():
            raise ModelMissing(f"there is no decoder in {folder}; name a folder in diffusers layout")
        folder = local_folder(pair.decoder, PATTERNS, need="unet/config.json")
    missing = [part for part in PARTS[:5] if not (folder / part).is_dir()]
    if missing:
        raise ModelMissing(f"the decoder in {folder} lacks {', '.join(missing)}; it must be a Stable unCLIP folder")
    return folder


def _load(folder: Path) -> Mapping[str, Any]:
    import diffusers

    vae_class = getattr(diffusers, diffusers.AutoencoderKL.load_config(folder / "vae")["_class_name"])
    scheduler = diffusers.DPMSolverMultistepScheduler.from_pretrained(
        folder / "scheduler", algorithm_type="dpmsolver++"
    )
    try:
        return {
            "unet": diffusers.UNet2DConditionModel.from_pretrained(folder / "unet", use_safetensors=True),
            "vae": vae_class.from_pretrained(folder / "vae", use_safetensors=True),
            "scheduler": scheduler,
        }
    except OSError as error:
        raise ModelMissing(f"the decoder in {folder} cannot be loaded: {str(error).splitlines()[0]}") from error


def _empty_prompt(folder: Path, device: str) -> torch.Tensor:
    """The empty prompt's hidden states, (1, 77, width); the text encoder is not kept."""
    from transformers import CLIPTextModel, CLIPTokenizer

    tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
    encoder = CLIPTextModel.from_pretrained(folder / "text_encoder", use_safetensors=True)
    length = min(tokenizer.model_max_length, encoder.config.max_position_embeddings)
    tokens = tokenizer("", padding="max_length", max_length=length, truncation=True, return_tensors="pt")
    hidden: torch.Tensor = encoder(tokens.input_ids)[0].detach().to(device)
    return hidden
