"""Any Pillow mode → RGB in sRGB, reduced on the way.

Deep samples are scaled to 8 bits (samples.py), what is transparent is laid on white, and colors are
converted by the embedded profile, or by PNG's gAMA. Modes whose samples cannot be averaged are
converted in bands of rows, so that a large image costs little more memory than when it is loaded.
"""

from __future__ import annotations

import contextlib
import io
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

from archive.imaging.samples import BAND_PIXELS, SampleScale, sample_scale

PROFILES = 64  # color transforms kept for reuse
AVERAGED = ("RGB", "L", "CMYK", "YCbCr")  # modes that are reduced before they are converted
SRGB_GAMMA = 0.45455  # PNG's gAMA of an image that is sRGB, near enough
GAMMA_TOLERANCE = 0.01
Curve = npt.NDArray[np.float64]


def to_srgb(image: Image.Image, factors: tuple[int, int] = (1, 1)) -> Image.Image:
    """A loaded image of any mode → mode RGB, its sides divided by `factors` (across, down).

    A damaged profile is ignored.
    """
    scale = sample_scale(image)
    is_keyed = "transparency" in image.info
    if factors == (1, 1):
        return _convert(image, image, scale)
    if image.mode in AVERAGED and not is_keyed:
        return _convert(image.reduce(factors), image, scale)
    across, down = factors
    width, height = image.size
    reduced = Image.new("RGB", (-(-width // across), -(-height // down)))
    rows = down * max(1, BAND_PIXELS // (width * down))
    for top in range(0, height, rows):
        band = image.crop((0, top, width, min(height, top + rows)))
        reduced.paste(_convert(band, image, scale).reduce(factors), (0, top // down))
    return reduced


def _convert(band: Image.Image, image: Image.Image, scale: SampleScale | None) -> Image.Image:
    """Rows of an image → RGB."""
    if scale is not None:
        band = scale.gray(band)
    elif band.mode in ("P", "PA", "RGBa", "La") or "transparency" in image.info:
        band.info = image.info
        band = band.convert("LA" if band.mode in ("L", "La") else "RGBA")
    if band.mode in ("RGBA", "LA"):
        band = _on_white(band)
    profile = image.info.get("icc_profile")
    if profile and band.mode in ("RGB", "CMYK", "L"):
        with contextlib.suppress(ImageCms.PyCMSError, OSError):
            converted = ImageCms.applyTransform(band, _transform(profile, band.mode))
            return converted if converted is not None else band.convert("RGB")
    return _with_gamma(band.convert("RGB"), image)


def _on_white(image: Image.Image) -> Image.Image:
    """RGBA → RGB, LA → L."""
    opaque = image.mode[:-1]
    canvas = Image.new(opaque, image.size, "white")
    canvas.paste(image.convert(opaque), mask=image.getchannel("A"))
    return canvas


@lru_cache(maxsize=PROFILES)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform:
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")


def _with_gamma(rgb: Image.Image, image: Image.Image) -> Image.Image:
    """Corrects a PNG that states a gamma of its own and no color space."""
    gamma = image.info.get("gamma")
    if not isinstance(gamma, float) or gamma <= 0 or "srgb" in image.info:
        return rgb
    if abs(gamma - SRGB_GAMMA) < GAMMA_TOLERANCE:
        return rgb
    light = (np.arange(256) / 255) ** (1 / gamma)
    levels = np.round(255 * _srgb_curve(light)).astype(int).tolist()
    return rgb.point(levels * 3)


def _srgb_curve(light: Curve) -> Curve:
    """Linear light, 0 … 1 → sRGB's encoding of it, 0 … 1 (IEC 61966-2-1)."""
    curve: Curve = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return curve
