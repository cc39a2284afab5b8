"""Stable unCLIP, and whatever is conditioned like it. diffusers' door.

A folder has unet, vae, scheduler, image_normalizer and image_noising_scheduler; text_encoder and
tokenizer if the UNet attends to a prompt; and an optional upscaler. The class label is the
embedding concatenated with the embedding of its noise level; the unconditional one is zero
(diffusers' convention). A UNet with twice the latent channels also gets z_map at every step.

unCLIP was trained on noised embeddings, √ᾱ w + √(1 − ᾱ) n in the normalizer's space (w: whitened),
labeled with their noise level. A decoded embedding ŵ is a noisy embedding too, so it gets the level
that matches its codec's distortion:

    level = argmin |ᾱ(level) − cos²(w, ŵ)|        label = [unwhitened ŵ · √D / |ŵ|, level]

A codec's ŵ is shorter than a noised w, whose |·|² is D on average, so it is scaled to that length.
A fixed `noise_level` leaves the decoded embedding as it is; the literature uses level 0.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive.arrays import Vectors
from archive.models.decoders.autoencoder import ScaledAutoencoder
from archive.models.decoders.conditioning import Denoiser, rows_to_run
from archive.models.decoders.loading import check_dimension, load_part
from archive.models.decoders.sampler import LatentDecoder
from archive.models.decoders.schedule import load_schedule
from archive.models.decoders.spec import DecoderSpec
from archive.models.decoders.upscaler import load_upscaler
from archive.models.device import to_device
from archive.models.sampling import Sampling
from archive.models.text import empty_prompt
from archive.models.weights import weights_sha256

if TYPE_CHECKING:
    import torch

GUIDANCE = 12.0  # CoCliCo, section IV; the pipeline's default is 10
EPSILON = 1e-6  # keeps a vector at the mean finite


class ClassLabels:
    """Conditioning by class labels."""

    def __init__(
        self, unet: Any, normalizer: Any, alphas: torch.Tensor, prompt: torch.Tensor | None
    ) -> None:
        """`normalizer`: mean and std, (1, D) each; `alphas`: ᾱ of the embedding's noise by level.

        `prompt`: hidden states of the empty prompt, (1, L, width), if the UNet attends to one.
        """
        self._unet = unet
        self._normalizer = normalizer
        self._alphas = alphas
        self._prompt = prompt

    @property
    def embedding_stats(self) -> tuple[Vectors, Vectors]:
        """Mean and standard deviation, (D,) each, of the embeddings the UNet was trained on."""
        mean = self._normalizer.mean.data[0].float().cpu().numpy()
        std = self._normalizer.std.data[0].float().cpu().numpy()
        return mean, std

    def denoiser(self, vectors_hat: Vectors, alignment: float, sampling: Sampling) -> Denoiser:
        """(B, D) float32 → the UNet conditioned on them."""
        import torch

        conditional = self.labels(vectors_hat, alignment, sampling.noise_level)
        labels = torch.cat([torch.zeros_like(conditional), conditional])
        takes_map = self._unet.config.in_channels == 2 * self._unet.config.out_channels

        def denoise(
            z: torch.Tensor, timestep: torch.Tensor, z_map: torch.Tensor | None, guided: bool
        ) -> Any:
            rows = rows_to_run(len(z), guided)
            if takes_map:
                z = torch.cat([z, torch.zeros_like(z) if z_map is None else z_map], dim=1)
            latents = torch.cat([z, z])[rows].to(labels.dtype)
            prompt = None if self._prompt is None else self._prompt.expand(len(latents), -1, -1)
            return self._unet(
                latents, timestep, encoder_hidden_states=prompt, class_labels=labels[rows]
            ).sample

        return denoise

    def labels(
        self, vectors_hat: Vectors, alignment: float, noise_level: int | None
    ) -> torch.Tensor:
        """(B, D) float32 → (B, 2·D); noise level None: the one that matches the alignment."""
        import torch
        from diffusers.models.embeddings import get_timestep_embedding

        mean = self._normalizer.mean
        std = self._normalizer.std
        vectors = torch.from_numpy(vectors_hat).to(mean.device)
        if noise_level is None:
            noise_level = self.matching_level(alignment)
            white = (vectors - mean.float()) / std.float()
            length = white.norm(dim=1, keepdim=True).clamp(min=EPSILON)
            vectors = white * (white.shape[1] ** 0.5 / length) * std.float() + mean.float()
        levels = torch.full((len(vectors),), noise_level, device=mean.device)
        level_embedding = get_timestep_embedding(
            levels, vectors.shape[1], flip_sin_to_cos=True, downscale_freq_shift=0
        )
        labels = torch.cat([vectors, level_embedding], dim=1)
        return labels.to(next(self._unet.parameters()).dtype)

    def matching_level(self, alignment: float) -> int:
        """Mean squared cosine of vectors and decoded vectors → noise level with the nearest ᾱ."""
        return 0 if alignment >= 1 else int((self._alphas - alignment).abs().argmin())


def open_unclip(folder: Path, *, dimension: int, device: str, dtype: torch.dtype) -> LatentDecoder:
    """As archive.models.decoders.spec.Opener."""
    unet = load_part(folder, "unet")
    label_dimension = int(unet.config.projection_class_embeddings_input_dim or 0)
    check_dimension(folder, label_dimension // 2, dimension)
    vae = load_part(folder, "vae")
    normalizer, alphas = _load_embedding_noise(folder)
    upscaler = load_upscaler(folder)
    weights = weights_sha256(unet, vae, *([] if upscaler is None else [upscaler]))
    prompt = empty_prompt(folder).to(device, dtype) if (folder / "text_encoder").is_dir() else None
    to_device(device, dtype, unet, vae, normalizer)
    return LatentDecoder(
        unet,
        ScaledAutoencoder(vae),
        load_schedule(folder),
        ClassLabels(unet, normalizer, alphas, prompt),
        guidance=GUIDANCE,
        device=device,
        weights_sha256=weights,
        upscaler=upscaler,
    )


def _load_embedding_noise(folder: Path) -> tuple[torch.nn.Module, torch.Tensor]:
    """The embeddings' normalizer, and ᾱ of their noise by level."""
    import diffusers
    from diffusers.pipelines.stable_diffusion.stable_unclip_image_normalizer import (
        StableUnCLIPImageNormalizer,
    )

    normalizer: torch.nn.Module = StableUnCLIPImageNormalizer.from_pretrained(
        folder / "image_normalizer"
    )
    noise = diffusers.DDPMScheduler.from_pretrained(folder / "image_noising_scheduler")
    return normalizer, noise.alphas_cumprod


SPEC = DecoderSpec(
    "Stable unCLIP",
    pipelines=("StableUnCLIPImg2ImgPipeline", "StableUnCLIPPipeline"),
    parts=("unet", "vae", "scheduler", "image_normalizer", "image_noising_scheduler"),
    optional_parts=("text_encoder", "tokenizer", "upscaler"),
    open=open_unclip,
    guidance=GUIDANCE,
    encoders="ViT-L/14 or ViT-H/14",
    summary="the embedding and its noise level as class label",
)
