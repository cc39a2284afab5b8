"""Pixels ⇄ what a decoder's unet draws. One class for each way a latent space is scaled.

Scaled    AutoencoderKL and its like: latents times the config's scaling factor, the mode where they are a distribution
Movq      Kandinsky's VQModel: latents as they are, and not brought into its codebook

Where decoding a whole picture would take more than SHARE of the device's memory it is decoded in tiles, with blended
seams. The device's whole memory counts, not what is free of it now: the same machine always gives the same pixels.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import torch

VALUES = 1100  # held at a time for every pixel, by Stable Diffusion's decoder (measured)
SHARE = 0.5


class Autoencoder(Protocol):
    """Encodes and decodes (B, 3, height, width) float32 of −1 … 1."""

    @property
    def scale(self) -> int:
        """Pixels a latent stands for, along a side."""
        ...

    @property
    def channels(self) -> int: ...

    def encode(self, pixels: torch.Tensor) -> torch.Tensor:
        """→ (B, channels, height / scale, width / scale) float32."""
        ...

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """Its mirror."""
        ...


class Scaled:
    """A VAE on its device, with its numbers."""

    def __init__(self, vae: Any) -> None:
        self._vae = vae
        self._first = next(vae.parameters())
        blocks = vae.config.get("block_out_channels") or vae.config.encoder_block_out_channels
        self.scale = int(2 ** (len(blocks) - 1))
        self.channels = int(vae.config.latent_channels)

    def encode(self, pixels: torch.Tensor) -> torch.Tensor:
        """(B, 3, height, width) → (B, channels, height / scale, width / scale)."""
        encoded = self._vae.encode(pixels.to(self._first.device, self._first.dtype))
        latent = encoded.latent if hasattr(encoded, "latent") else encoded.latent_dist.mode()
        scaled: torch.Tensor = latent.float() * self._vae.config.scaling_factor
        return scaled

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """Its mirror."""
        if hasattr(self._vae, "enable_tiling"):
            pixels = z.shape[0] * z.shape[2] * z.shape[3] * self.scale**2
            short = VALUES * pixels * self._first.element_size() > SHARE * memory_of(
                self._first.device
            )
            self._vae.enable_tiling() if short else self._vae.disable_tiling()
        decoded: torch.Tensor = self._vae.decode(
            (z / self._vae.config.scaling_factor).to(self._first.dtype)
        ).sample
        return decoded.float()


class Movq:
    """Kandinsky's autoencoder on its device; the scaling factor in its config is not used there."""

    def __init__(self, movq: Any) -> None:
        self._movq = movq
        self._first = next(movq.parameters())
        self.scale = int(2 ** (len(movq.config.block_out_channels) - 1))
        self.channels = int(movq.config.latent_channels)

    def encode(self, pixels: torch.Tensor) -> torch.Tensor:
        """(B, 3, height, width) → (B, channels, height / scale, width / scale)."""
        latents: torch.Tensor = self._movq.encode(
            pixels.to(self._first.device, self._first.dtype)
        ).latents
        return latents.float()

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """Its mirror."""
        decoded: torch.Tensor = self._movq.decode(
            z.to(self._first.dtype), force_not_quantize=True
        ).sample
        return decoded.float()


def memory_of(device: torch.device) -> int:
    """Bytes a device has in all."""
    import torch

    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
