"""A small network that doubles a sampled image's size, sharper than plain enlargement.

    x₂ = bicubic(x) + shuffle(conv(relu(conv(relu(conv(x))))))    sub-pixel convolution, 1609.05158

It is an optional part of a decoder's folder: upscaler/config.json and
upscaler/diffusion_pytorch_model.safetensors.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FACTOR = 2
PART = "upscaler"
WEIGHTS = "diffusion_pytorch_model.safetensors"


def build_upscaler(width: int) -> Any:
    """`width` channels → a network, (B, 3, H, W) in −1 … 1 → (B, 3, 2·H, 2·W), 0 until trained."""
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


def upscale(network: Any, pixels: Any) -> Any:
    """(B, 3, H, W) in −1 … 1 → (B, 3, 2·H, 2·W)."""
    from torch.nn import functional

    bicubic = functional.interpolate(
        pixels, scale_factor=FACTOR, mode="bicubic", align_corners=False
    )
    return bicubic + network(pixels)


def load_upscaler(folder: Path) -> Any | None:
    """A decoder's folder → its upscaler, or None. Raises OSError."""
    from safetensors.torch import load_file

    part = folder / PART
    if not part.is_dir():
        return None
    network = build_upscaler(json.loads((part / "config.json").read_text())["width"])
    network.load_state_dict(load_file(part / WEIGHTS))
    return network.eval()


def save_upscaler(network: Any, folder: Path) -> None:
    """Writes an upscaler into a decoder's folder, in float16."""
    from safetensors.torch import save_file

    part = folder / PART
    part.mkdir(parents=True, exist_ok=True)
    config = {"width": network[0].out_channels}
    (part / "config.json").write_text(json.dumps(config, indent=2))
    state = network.state_dict()
    weights = {name: tensor.half().contiguous() for name, tensor in state.items()}
    save_file(weights, part / WEIGHTS)
