"""How a decoder turns a row into pixels: the parameters of sampling."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sampling:
    """Parameters of a decoder's sampler; the defaults are CoCliCo's (PCS 2024, section IV).

    steps                   number of solver steps, 1 … 1000
    guidance                classifier-free guidance scale, ≥ 0; None: the decoder family's default
    strength                share of the noise schedule at which sampling starts from the color map, 0 … 1;
                            1 starts from pure noise
    clip_guidance           step toward the row's embedding as the encoder sees it, in standard deviations
                            of the latents, 0 … 1; 0: off
    noise_level             noise level of the embedding passed to the decoder, 0 … 999; None: the level that
                            matches the codec's distortion
    low_frequency_guidance  share of the difference to the color map that every step corrects, 0 … 1; 0: off
    project_colors          whether the result's colors are projected into the color map's quantization cells
    candidates              number of images sampled, of which the one that fits embedding and color map best
                            is kept, ≥ 1
    image_size              side of the square, in pixels, whose area is sampled; 0: the decoder's native size
    """

    steps: int = 20
    guidance: float | None = None
    strength: float = 0.88
    clip_guidance: float = 0.0
    noise_level: int | None = None
    low_frequency_guidance: float = 0.0
    project_colors: bool = True
    candidates: int = 1
    image_size: int = 0
