"""The parameters of sampling: how a decoder turns a row into pixels."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sampling:
    """Parameters of a decoder's sampler. The defaults are CoCliCo's (PCS 2024, section IV)."""

    steps: int = 20
    """Number of solver steps, 1 … 1000."""
    guidance: float | None = None
    """Scale of classifier-free guidance, ≥ 0. None: the default of the decoder's family."""
    strength: float = 0.88
    """Share of the noise schedule at which sampling starts from the color map, 0 … 1.
    At 1 it starts from pure noise."""
    clip_guidance: float = 0.0
    """Size of the steps toward the row's embedding as the encoder sees it, in standard deviations
    of the latents, 0 … 1. 0: off."""
    noise_level: int | None = None
    """Noise level of the embedding passed to the decoder, 0 … 999. None: the level that matches
    the codec's distortion."""
    low_frequency_guidance: float = 0.0
    """Share of the difference to the color map that is corrected at every step, 0 … 1. 0: off."""
    project_colors: bool = True
    """Whether the result's colors are projected into the quantization cells of the color map."""
    candidates: int = 1
    """Number of images sampled, ≥ 1. The one that fits embedding and color map best is kept."""
    image_size: int = 0
    """Side of the square whose area is sampled, in pixels. 0: the decoder's native size."""
    detail_bytes: int | None = None
    """Bytes of a row's detail that are used, ≥ 0. None: all of it."""
