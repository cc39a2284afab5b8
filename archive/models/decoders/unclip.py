"""Stable unCLIP, and whatever is conditioned like it. diffusers' door.

A folder in diffusers layout: unet, vae, scheduler, image_normalizer, image_noising_scheduler, and text_encoder with
tokenizer where the unet attends to a prompt. The class label is the embedding with the embedding of its noise level
beside it, as unCLIP was trained; the unconditional one is zero (diffusers' convention). A unet with twice the latent
channels is given z_map at every step as well. An upscaler may lie beside the parts.

unCLIP was trained with noised embeddings, √ᾱ w + √(1 − ᾱ) n in the normaliser's space (w: whitened), and told how noisy
they were. A decoded embedding ŵ is such a one, so it is told so (CODECS.md, zero-bit gains):

    level = argmin |ᾱ(level) − cos²(w, ŵ)|        label = [unwhitened ŵ · √D / |ŵ|, level]

A codec's ŵ is shorter than a noised w, of which |·|² = D on average; it is given that length. A fixed `noise_level`
leaves the decoded embedding as it is, as the literature does (level 0).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive.models.decoder import Vectors
from archive.models.decoders.autoencoder import Scaled
from archive.models.decoders.loading import (
    check_dimension,
    load_part,
    load_schedule,
    require_parts,
    to_device,
)
from archive.models.decoders.sampler import LatentDecoder, Predict
from archive.models.decoders.upscaler import load_upscaler
from archive.models.encoder import weights_sha256
from archive.models.pairs import Sampling
from archive.models.text import empty_prompt

if TYPE_CHECKING:
    import torch

GUIDANCE = 12.0  # CoCliCo, section IV; the pipeline has 10
PARTS = ("unet", "vae", "scheduler", "image_normalizer", "image_noising_scheduler")


class ClassLabels:
    """Conditioning by class labels."""

    def __init__(
        self, unet: Any, normalizer: Any, alphas: torch.Tensor, prompt: torch.Tensor | None
    ) -> None:
        """`normalizer`: mean and std (1, D); `alphas`: ᾱ of the embedding's noise; `prompt`: the empty one."""
        self._unet = unet
        self._normalizer = normalizer
        self._alphas = alphas
        self._prompt = prompt

    @property
    def embedding_stats(self) -> tuple[Vectors, Vectors]:
        """Mean and standard deviation (D,)."""
        mean, std = (
            one[0].float().cpu().numpy()
            for one in (self._normalizer.mean.data, self._normalizer.std.data)
        )
        return mean, std

    def prepare(self, vectors_hat: Vectors, alignment: float, sampling: Sampling) -> Predict:
        """(B, D) → the model told of them."""
        import torch

        label = self.labels(vectors_hat, alignment, sampling.noise_level)
        both = torch.cat([torch.zeros_like(label), label])

        def predict(z: torch.Tensor, timestep: torch.Tensor, z_map: torch.Tensor | None) -> Any:
            if self._unet.config.in_channels == 2 * self._unet.config.out_channels:
                z = torch.cat([z, torch.zeros_like(z) if z_map is None else z_map], dim=1)
            prompt = None if self._prompt is None else self._prompt.expand(2 * len(z), -1, -1)
            doubled = torch.cat([z, z]).to(both.dtype)
            return self._unet(
                doubled, timestep, encoder_hidden_states=prompt, class_labels=both
            ).sample

        return predict

    def labels(
        self, vectors_hat: Vectors, alignment: float, noise_level: int | None
    ) -> torch.Tensor:
        """(B, D) → (B, 2·D)."""
        import torch
        from diffusers.models.embeddings import get_timestep_embedding

        mean = self._normalizer.mean
        std = self._normalizer.std
        vectors = torch.from_numpy(vectors_hat).to(mean.device)
        if noise_level is None:
            noise_level = self.level(alignment)
            white = (vectors - mean.float()) / std.float()
            length = white.norm(dim=1, keepdim=True).clamp(min=1e-6)
            vectors = white * (white.shape[1] ** 0.5 / length) * std.float() + mean.float()
        levels = torch.full((len(vectors),), noise_level, device=mean.device)
        told = get_timestep_embedding(
            levels, vectors.shape[1], flip_sin_to_cos=True, downscale_freq_shift=0
        )
        return torch.cat([vectors, told], dim=1).to(next(self._unet.parameters()).dtype)

    def level(self, alignment: float) -> int:
        """Squared cosine → the level whose ᾱ it is."""
        return 0 if alignment >= 1 else int((self._alphas - alignment).abs().argmin())


def open_unclip(folder: Path, *, dimension: int, device: str, dtype: torch.dtype) -> LatentDecoder:
    """Raises ModelMissing or OSError where a part is not there, UsageError where its dimension is another."""
    require_parts(folder, PARTS, "Stable unCLIP")
    unet = load_part(folder, "unet")
    check_dimension(
        folder, int(unet.config.projection_class_embeddings_input_dim or 0) // 2, dimension
    )
    vae = load_part(folder, "vae")
    normalizer, alphas = _embedding_noise(folder)
    upscaler = load_upscaler(folder)
    weights = weights_sha256(unet, vae, *([] if upscaler is None else [upscaler]))
    prompt = empty_prompt(folder).to(device, dtype) if (folder / "text_encoder").is_dir() else None
    to_device(device, dtype, unet, vae, normalizer)
    labels = ClassLabels(unet, normalizer, alphas, prompt)
    scheduler, clip = load_schedule(folder)
    return LatentDecoder(
        unet,
        Scaled(vae),
        scheduler,
        labels,
        guidance=GUIDANCE,
        device=device,
        weights_sha256=weights,
        clip=clip,
        upscaler=upscaler,
    )


def _embedding_noise(folder: Path) -> tuple[torch.nn.Module, torch.Tensor]:
    """The embeddings' normaliser, and ᾱ of their noise."""
    import diffusers
    from diffusers.pipelines.stable_diffusion.stable_unclip_image_normalizer import (
        StableUnCLIPImageNormalizer,
    )

    normalizer: torch.nn.Module = StableUnCLIPImageNormalizer.from_pretrained(
        folder / "image_normalizer"
    )
    noise = diffusers.DDPMScheduler.from_pretrained(folder / "image_noising_scheduler")
    return normalizer, noise.alphas_cumprod
