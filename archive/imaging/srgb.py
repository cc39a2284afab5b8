"""Any Pillow mode → RGB in sRGB.

16-bit samples are scaled down, transparent images are laid on white, and colors are converted by
the embedded profile.
"""

from __future__ import annotations

import contextlib
import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

WHITE = (255, 255, 255, 255)
PROFILES = 64  # color transforms kept for reuse
DEEP_MAX = 65535.0  # the largest 16-bit sample


def to_srgb(image: Image.Image) -> Image.Image:
    """An image of any mode → mode RGB. A damaged profile is ignored."""
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I") or image.mode == "F":
        return _from_deep_gray(image)
    if image.mode == "P":
        image = image.convert("RGBA")
    if image.has_transparency_data:
        canvas = Image.new("RGBA", image.size, WHITE)
        image = Image.alpha_composite(canvas, image.convert("RGBA")).convert("RGB")
    if profile and image.mode in ("RGB", "CMYK", "L"):
        with contextlib.suppress(ImageCms.PyCMSError, OSError):
            converted = ImageCms.applyTransform(image, _transform(profile, image.mode))
            return converted if converted is not None else image.convert("RGB")
    return image.convert("RGB")


@lru_cache(maxsize=PROFILES)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform:
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")


def _from_deep_gray(image: Image.Image) -> Image.Image:
    """16- or 32-bit gray → RGB. Integers count as 16 bits, floats are scaled by their maximum."""
    samples = np.asarray(image, np.float32)
    white = DEEP_MAX if image.mode.startswith("I") else max(float(samples.max()), 1e-6)
    gray = np.clip(samples * (255 / white), 0, 255).astype(np.uint8)
    return Image.fromarray(gray).convert("RGB")
