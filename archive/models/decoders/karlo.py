"""Karlo, an unCLIP in pixel space: a decoder of small images and two UNets that enlarge them.

A folder is laid out like the hub's image-variation repository. What the color map starts is the
small image itself, in −1 … 1:

    encode    the image averaged over scale × scale pixels
    decode    super resolution in SUPER_RESOLUTION_STEPS steps of its own sampler, the last one by
              super_res_last

The noise of super resolution is the same for every image, so that decoding is a function of the
small image. text_proj joins the embedding with the empty prompt; the unconditional embedding is
learned.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive.arrays import Vectors
from archive.models.decoders.conditioning import Denoiser, rows_to_run
from archive.models.decoders.loading import check_dimension, load_part
from archive.models.decoders.sampler import LatentDecoder
from archive.models.decoders.schedule import load_schedule
from archive.models.decoders.spec import DecoderSpec
from archive.models.device import to_device
from archive.models.sampling import Sampling
from archive.models.text import encode_empty_prompt
from archive.models.weights import weights_sha256

if TYPE_CHECKING:
    import torch

GUIDANCE = 8.0  # its pipeline's default for the decoder
SUPER_RESOLUTION_STEPS = 7  # as in its pipeline
SUPER_RESOLUTION_SEED = 0


class TextProjection:
    """Conditioning by extra tokens and a class label, both from text_proj."""

    embedding_stats = None

    def __init__(self, unet: Any, text_proj: Any, prompt: Any, mask: torch.Tensor) -> None:
        """`prompt`: text_embeds (1, D) and last_hidden_state (1, L, D) of the empty prompt.

        `mask`: its tokens that count, (1, L) bool.
        """
        self._unet = unet
        self._project = text_proj
        self._prompt = prompt
        self._mask = mask

    def denoiser(self, vectors_hat: Vectors, alignment: float, sampling: Sampling) -> Denoiser:
        """(B, D) float32 → the UNet conditioned on them."""
        import torch

        parameter = next(self._unet.parameters())
        count = 2 * len(vectors_hat)
        pooled = self._prompt.text_embeds.to(parameter)
        hidden = self._prompt.last_hidden_state.to(parameter)
        tokens, labels = self._project(
            image_embeddings=torch.from_numpy(vectors_hat).to(parameter),
            prompt_embeds=pooled.expand(count, *pooled.shape[1:]),
            text_encoder_hidden_states=hidden.expand(count, *hidden.shape[1:]),
            do_classifier_free_guidance=True,
        )
        extra_tokens = tokens.shape[1] - hidden.shape[1]
        mask = torch.nn.functional.pad(self._mask, (extra_tokens, 0), value=True)
        mask = mask.to(parameter.device).expand(count, -1)

        def denoise(
            z: torch.Tensor, timestep: torch.Tensor, z_map: torch.Tensor | None, guided: bool
        ) -> Any:
            rows = rows_to_run(len(z), guided)
            latents = torch.cat([z, z])[rows].to(tokens.dtype)
            return self._unet(
                latents,
                timestep,
                encoder_hidden_states=tokens[rows],
                class_labels=labels[rows],
                attention_mask=mask[rows],
            ).sample

        return denoise


class SuperResolution:
    """Small images ⇄ images; takes an autoencoder's place."""

    channels = 3

    def __init__(self, first: Any, last: Any, scheduler: Any, small_size: int) -> None:
        """UNets for all steps but the last, and for the last.

        `small_size`: side of the small images, in pixels.
        """
        self._first = first
        self._last = last
        self._scheduler = scheduler
        self.scale = int(first.config.sample_size) // small_size

    def encode(self, pixels: torch.Tensor) -> torch.Tensor:
        """(B, 3, height, width) → (B, 3, height / scale, width / scale)."""
        import torch

        return torch.nn.functional.avg_pool2d(pixels, self.scale)

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """(B, 3, h, w) → (B, 3, h · scale, w · scale)."""
        import torch

        dtype = next(self._first.parameters()).dtype
        size = [side * self.scale for side in z.shape[2:]]
        enlarged = torch.nn.functional.interpolate(
            z.clamp(-1, 1), size, mode="bicubic", align_corners=False, antialias=True
        )
        generators = [torch.Generator("cpu").manual_seed(SUPER_RESOLUTION_SEED) for _ in z]
        noise = [torch.randn((3, *size), generator=generator) for generator in generators]
        pixels = torch.stack(noise).to(z)
        self._scheduler.set_timesteps(SUPER_RESOLUTION_STEPS, device=z.device)
        timesteps = self._scheduler.timesteps
        for step, timestep in enumerate(timesteps):
            is_last = step == SUPER_RESOLUTION_STEPS - 1
            unet = self._last if is_last else self._first
            output = unet(torch.cat([pixels, enlarged], dim=1).to(dtype), timestep).sample.float()
            pixels = self._scheduler.step(
                output,
                timestep,
                pixels,
                prev_timestep=None if is_last else timesteps[step + 1],
                generator=generators,
            ).prev_sample
        return pixels


def open_karlo(folder: Path, *, dimension: int, device: str, dtype: torch.dtype) -> LatentDecoder:
    """As archive.models.decoders.spec.Opener."""
    import diffusers

    text_proj = _load_text_proj(folder)
    check_dimension(folder, int(text_proj.config.clip_embeddings_dim), dimension)
    unet = load_part(folder, "decoder")
    first = load_part(folder, "super_res_first")
    last = load_part(folder, "super_res_last")
    weights = weights_sha256(unet, text_proj, first, last)
    to_device(device, dtype, unet, text_proj, first, last)
    prompt, mask = encode_empty_prompt(folder, projected=True)
    scheduler = diffusers.UnCLIPScheduler.from_pretrained(folder / "super_res_scheduler")
    return LatentDecoder(
        unet,
        SuperResolution(first, last, scheduler, unet.config.sample_size),
        load_schedule(folder, "decoder_scheduler"),
        TextProjection(unet, text_proj, prompt, mask),
        guidance=GUIDANCE,
        device=device,
        weights_sha256=weights,
    )


def _load_text_proj(folder: Path) -> Any:
    """text_proj, of the class in its pipeline's module, which diffusers has moved meanwhile."""
    import diffusers

    module: Any = import_module(diffusers.UnCLIPImageVariationPipeline.__module__)
    return module.UnCLIPTextProjModel.from_pretrained(folder / "text_proj", use_safetensors=True)


SPEC = DecoderSpec(
    "Karlo",
    pipelines=("UnCLIPImageVariationPipeline",),
    parts=(
        "decoder",
        "decoder_scheduler",
        "text_proj",
        "text_encoder",
        "tokenizer",
        "super_res_first",
        "super_res_last",
        "super_res_scheduler",
    ),
    open=open_karlo,
    guidance=GUIDANCE,
    encoders="ViT-L/14",
    summary="the embedding as extra tokens and class label; super resolution as autoencoder",
)
