"""Pixels ⇄ the latents that a decoder's UNet denoises. One class for each way to scale latents.

ScaledAutoencoder  AutoencoderKL and its like: latents times the config's scaling factor; of a
                   distribution, its mode
MovqAutoencoder    Kandinsky's VQModel: latents as they are, not quantized to its codebook

Images whose decoding would take more than MEMORY_SHARE of the device's memory are decoded in tiles
with blended seams. The device's total memory counts, not what is free, so that the same machine
always gives the same pixels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from archive.models.device import device_memory

if TYPE_CHECKING:
    import torch

VALUES_PER_PIXEL = 1100  # held at a time by Stable Diffusion's decoder (measured)
MEMORY_SHARE = 0.5


class Autoencoder(Protocol):
    """Encodes and decodes (B, 3, height, width) float32 pixels in −1 … 1."""

    @property
    def scale(self) -> int:
        """Pixels per latent, along a side."""
        ...

    @property
    def channels(self) -> int:
        """Channels of the latents."""
        ...

    def encode(self, pixels: torch.Tensor) -> torch.Tensor:
        """(B, 3, height, width) → (B, channels, height / scale, width / scale) float32."""
        ...

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """(B, channels, h, w) → (B, 3, h · scale, w · scale) float32."""
        ...


class ScaledAutoencoder:
    """A VAE whose latents are scaled by its config."""

    def __init__(self, vae: Any) -> None:
        """`vae`: on its device, in its dtype."""
        self._vae = vae
        self._parameter = next(vae.parameters())
        blocks = vae.config.get("block_out_channels") or vae.config.encoder_block_out_channels
        self.scale = int(2 ** (len(blocks) - 1))
        self.channels = int(vae.config.latent_channels)

    def encode(self, pixels: torch.Tensor) -> torch.Tensor:
        """(B, 3, height, width) → (B, channels, height / scale, width / scale) float32."""
        encoded = self._vae.encode(pixels.to(self._parameter.device, self._parameter.dtype))
        latents = encoded.latent if hasattr(encoded, "latent") else encoded.latent_dist.mode()
        scaled: torch.Tensor = latents.float() * self._vae.config.scaling_factor
        return scaled

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """(B, channels, h, w) → (B, 3, h · scale, w · scale) float32."""
        if hasattr(self._vae, "enable_tiling"):
            self._set_tiling(z)
        latents = z / self._vae.config.scaling_factor
        decoded: torch.Tensor = self._vae.decode(latents.to(self._parameter.dtype)).sample
        return decoded.float()

    def _set_tiling(self, z: torch.Tensor) -> None:
        """Tiles if decoding z whole would take too much memory."""
        pixels = z.shape[0] * z.shape[2] * z.shape[3] * self.scale**2
        needed = VALUES_PER_PIXEL * pixels * self._parameter.element_size()
        if needed > MEMORY_SHARE * device_memory(self._parameter.device):
            self._vae.enable_tiling()
        else:
            self._vae.disable_tiling()


class MovqAutoencoder:
    """Kandinsky's MoVQ; its pipelines do not use the scaling factor in its config."""

    def __init__(self, movq: Any) -> None:
        """`movq`: on its device, in its dtype."""
        self._movq = movq
        self._parameter = next(movq.parameters())
        self.scale = int(2 ** (len(movq.config.block_out_channels) - 1))
        self.channels = int(movq.config.latent_channels)

    def encode(self, pixels: torch.Tensor) -> torch.Tensor:
        """(B, 3, height, width) → (B, channels, height / scale, width / scale) float32."""
        encoded = self._movq.encode(pixels.to(self._parameter.device, self._parameter.dtype))
        latents: torch.Tensor = encoded.latents
        return latents.float()

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """(B, channels, h, w) → (B, 3, h · scale, w · scale) float32."""
        latents = z.to(self._parameter.dtype)
        decoded: torch.Tensor = self._movq.decode(latents, force_not_quantize=True).sample
        return decoded.float()
