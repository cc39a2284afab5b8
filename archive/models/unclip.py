"""Stable unCLIP, and whatever is conditioned like it. diffusers' door.

A folder in diffusers layout: unet, vae, scheduler, image_normalizer, image_noising_scheduler, and text_encoder with
tokenizer where the unet attends to a prompt. The class label is the embedding with the embedding of its noise level
beside it, as unCLIP was trained; the unconditional one is zero (diffusers' convention). A unet with twice the latent
channels is given z_map at every step as well.

unCLIP was trained with noised embeddings, √ᾱ w + √(1 − ᾱ) n in the normaliser's space (w: whitened), and told how noisy
they were. A decoded embedding ŵ is such a one, so it is told so (CODECS.md, zero-bit gains):

    level = argmin |ᾱ(level) − cos²(w, ŵ)|        label = [unwhitened ŵ · √D / |ŵ|, level]

A codec's ŵ is shorter than a noised w, of which |·|² = D on average; it is given that length. A fixed `noise_level`
leaves the decoded embedding as it is, as the literature does (level 0).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive.errors import ModelMissing, UsageError
from archive.models.decoder import Vectors
from archive.models.encoder import best_device, weights_sha256
from archive.models.hub import local_folder
from archive.models.latent import LatentDecoder, Predict
from archive.models.pairs import Machine, Pair, Sampling

if TYPE_CHECKING:
    import torch

PARTS = ("unet", "vae", "scheduler", "image_normalizer", "image_noising_scheduler", "text_encoder", "tokenizer")
PATTERNS = [f"{part}/{kind}" for part in PARTS for kind in ("*.json", "*.safetensors", "*.txt")]


class ClassLabels:
    """Conditioning by class labels."""

    def __init__(self, unet: Any, normalizer: Any, alphas: torch.Tensor, prompt: torch.Tensor | None) -> None:
        """`normalizer`: mean and std (1, D); `alphas`: ᾱ of the embedding's noise; `prompt`: the empty one."""
        self._unet, self._normalizer, self._alphas, self._prompt = unet, normalizer, alphas, prompt

    @property
    def space(self) -> tuple[Vectors, Vectors]:
        """Mean and standard deviation (D,)."""
        mean, std = (one[0].float().cpu().numpy() for one in (self._normalizer.mean.data, self._normalizer.std.data))
        return mean, std

    def prepare(self, vectors_hat: Vectors, alignment: float, sampling: Sampling) -> Predict:
        """(B, D) → the guided model for them."""
        import torch

        label = self.labels(vectors_hat, alignment, sampling.noise_level)
        both = torch.cat([torch.zeros_like(label), label])

        def predict(z: torch.Tensor, timestep: torch.Tensor, z_map: torch.Tensor | None) -> torch.Tensor:
            if self._unet.config.in_channels == 2 * self._unet.config.out_channels:
                z = torch.cat([z, torch.zeros_like(z) if z_map is None else z_map], dim=1)
            prompt = None if self._prompt is None else self._prompt.expand(2 * len(z), -1, -1)
            doubled = torch.cat([z, z]).to(both.dtype)
            out = self._unet(doubled, timestep, encoder_hidden_states=prompt, class_labels=both).sample
            without, told = out.chunk(2)
            guided: torch.Tensor = without + sampling.guidance * (told - without)
            return guided

        return predict

    def labels(self, vectors_hat: Vectors, alignment: float, noise_level: int | None) -> torch.Tensor:
        """(B, D) → (B, 2·D)."""
        import torch
        from diffusers.models.embeddings import get_timestep_embedding

        mean, std = self._normalizer.mean, self._normalizer.std
        vectors = torch.from_numpy(vectors_hat).to(mean.device)
        if noise_level is None:
            noise_level = self.level(alignment)
            white = (vectors - mean.float()) / std.float()
            length = white.norm(dim=1, keepdim=True).clamp(min=1e-6)
            vectors = white * (white.shape[1] ** 0.5 / length) * std.float() + mean.float()
        levels = torch.full((len(vectors),), noise_level, device=mean.device)
        told = get_timestep_embedding(levels, vectors.shape[1], flip_sin_to_cos=True, downscale_freq_shift=0)
        return torch.cat([vectors, told], dim=1).to(next(self._unet.parameters()).dtype)

    def level(self, alignment: float) -> int:
        """Squared cosine → the level whose ᾱ it is."""
        return 0 if alignment >= 1 else int((self._alphas - alignment).abs().argmin())


def open_unclip(pair: Pair, *, dimension: int, machine: Machine | None = None) -> LatentDecoder:
    """A pair's decoder. Raises ModelMissing where there is none, UsageError where its dimension is another."""
    import torch

    machine = machine or Machine()
    folder, device = _folder(pair), machine.device or best_device()
    parts = _load(folder)
    unet, vae, normalizer = parts["unet"], parts["vae"], parts["image_normalizer"]
    wanted = int(unet.config.projection_class_embeddings_input_dim or 0)
    if wanted != 2 * dimension:
        raise UsageError(
            f"the decoder in {folder} is conditioned on vectors of {wanted // 2} dimensions, this archive's have "
            f"{dimension}; name the decoder that belongs to its encoder"
        )
    weights = weights_sha256(unet, vae)
    prompt = _empty_prompt(folder) if (folder / "text_encoder").is_dir() else None
    dtype = _dtype(machine.dtype, device)
    for part in (unet, vae, normalizer):
        torch.nn.Module.to(part, device, dtype).eval()
    told = None if prompt is None else prompt.to(device, dtype)
    labels = ClassLabels(unet, normalizer, parts["image_noising_scheduler"].alphas_cumprod, told)
    return LatentDecoder(unet, vae, parts["scheduler"], labels, device=device, weights_sha256=weights)


def _dtype(name: str, device: str) -> torch.dtype:
    """'' → what the device is best at."""
    import torch

    chosen: torch.dtype = getattr(torch, name or ("float32" if device == "cpu" else "float16"))
    return chosen


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


def _load(folder: Path) -> dict[str, Any]:
    import diffusers
    from diffusers.pipelines.stable_diffusion.stable_unclip_image_normalizer import StableUnCLIPImageNormalizer

    vae_class = getattr(diffusers, diffusers.AutoencoderKL.load_config(folder / "vae")["_class_name"])
    try:
        return {
            "unet": diffusers.UNet2DConditionModel.from_pretrained(folder / "unet", use_safetensors=True),
            "vae": vae_class.from_pretrained(folder / "vae", use_safetensors=True),
            "scheduler": diffusers.DPMSolverMultistepScheduler.from_pretrained(
                folder / "scheduler", algorithm_type="dpmsolver++"
            ),
            "image_normalizer": StableUnCLIPImageNormalizer.from_pretrained(folder / "image_normalizer"),
            "image_noising_scheduler": diffusers.DDPMScheduler.from_pretrained(folder / "image_noising_scheduler"),
        }
    except OSError as error:
        raise ModelMissing(f"the decoder in {folder} cannot be loaded: {str(error).splitlines()[0]}") from error


def _empty_prompt(folder: Path) -> torch.Tensor:
    """The empty prompt's hidden states, (1, 77, width); the text encoder is not kept."""
    from transformers import CLIPTextModel, CLIPTokenizer

    tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
    encoder = CLIPTextModel.from_pretrained(folder / "text_encoder", use_safetensors=True)
    length = min(tokenizer.model_max_length, encoder.config.max_position_embeddings)
    tokens = tokenizer("", padding="max_length", max_length=length, truncation=True, return_tensors="pt")
    hidden: torch.Tensor = encoder(tokens.input_ids)[0].detach()
    return hidden
