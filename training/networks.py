"""Names for the networks of open_clip, timm and diffusers, which have no type annotations."""

from __future__ import annotations

from typing import Any

ImageEncoder = Any  # open_clip's TimmModel: (B, 3, P, P) → (B, 512)
Backbone = Any  # timm's EfficientNet-Lite0
TextEncoder = Any  # open_clip's TextTransformer: (B, CONTEXT) tokens → (B, 512)
ClipModel = Any  # open_clip's CLIP
TeacherNetwork = Any  # timm's MobileNetV2
Autoencoder = Any  # diffusers' AutoencoderDC
Denoiser = Any  # diffusers' UNet2DConditionModel
Upscaler = Any  # archive.models.decoders.upscaler
Scheduler = Any  # a diffusers scheduler
