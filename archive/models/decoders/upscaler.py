"""A small net that enlarges a drawn picture twofold: what plain enlargement leaves blurred it sharpens.

    x₂ = bicubic(x) + shuffle(conv(relu(conv(relu(conv(x))))))        sub-pixel convolution, arXiv 1609.05158

Beside a decoder's parts in upscaler/: config.json, diffusion_pytorch_model.safetensors. A decoder without one gives
its pictures as they are drawn.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FACTOR = 2
FOLDER = "upscaler"
WEIGHTS = "diffusion_pytorch_model.safetensors"


def build_upscaler(width: int) -> Any:
    """→ a module that takes (B, 3, H, W) of −1 … 1 to (B, 3, 2·H, 2·W)."""
    from torch import nn

    last = nn.Conv2d(width, 3 * FACTOR**2, 3, padding=1, padding_mode="replicate")
    for parameter in last.parameters():
        nn.init.zeros_(parameter)
    return nn.Sequential(
        nn.Conv2d(3, width, 5, padding=2, padding_mode="replicate"),
        nn.ReLU(),
        nn.Conv2d(width, width, 3, padding=1, padding_mode="replicate"),
        nn.ReLU(),
        last,
        nn.PixelShuffle(FACTOR),
    )


def upscaled(net: Any, pixels: Any) -> Any:
    """(B, 3, H, W) of −1 … 1 → (B, 3, 2·H, 2·W)."""
    from torch.nn import functional

    larger = functional.interpolate(
        pixels, scale_factor=FACTOR, mode="bicubic", align_corners=False
    )
    return larger + net(pixels)


def load_upscaler(folder: Path) -> Any | None:
    """A decoder's folder → its net, if it has one. Raises OSError."""
    from safetensors.torch import load_file

    place = folder / FOLDER
    if not place.is_dir():
        return None
    net = build_upscaler(json.loads((place / "config.json").read_text())["width"])
    net.load_state_dict(load_file(place / WEIGHTS))
    return net.eval()


def save_upscaler(net: Any, folder: Path) -> None:
    """Its mirror, in half precision."""
    from safetensors.torch import save_file

    place = folder / FOLDER
    place.mkdir(parents=True, exist_ok=True)
    (place / "config.json").write_text(json.dumps({"width": net[0].out_channels}, indent=2))
    save_file(
        {name: value.half().contiguous() for name, value in net.state_dict().items()},
        place / WEIGHTS,
    )
