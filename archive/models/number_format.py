"""The image network in the number format that is fastest on this machine. torch's door.

float32       what the weights come in
bfloat16      weights and activations; batch norms keep float32 statistics, and a layer that has
              `needs_float32` keeps float32 altogether

A processor that multiplies bfloat16 matrices (AMX) runs ViT-B/32 four times as fast in bfloat16;
one that emulates them, at a quarter of the speed. So a processor that claims bfloat16 tries both
once, on noise, and the result is kept in the user's cache for this model, torch and processor.
bfloat16 is taken only where it is clearly faster and its vectors agree with float32's.

The copy's weights are converted once: autocast would convert each at every call, since it remembers
none that is frozen.
"""

from __future__ import annotations

import contextlib
import copy
import platform
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive.models.remembered import keep, recall

if TYPE_CHECKING:
    import torch

TRIAL_IMAGES = 4
TRIALS = 2  # timed runs; the fastest counts
CLEARLY_FASTER = 1.2  # times; noise must not decide
LEAST_COSINE = 0.99  # of each vector to float32's


def in_fastest_format(
    network: torch.nn.Module, image_size: tuple[int, int], model: str
) -> torch.nn.Module:
    """A float32 image network on the CPU → itself, or a copy in bfloat16 if that is faster here.

    `image_size`: (height, width) of its input in pixels; `model`: digest of its weights. The copy
    is for inference: gradients are slower in bfloat16.
    """
    import torch

    if not _claims_bfloat16():
        return network
    key = f"format {model} torch {torch.__version__} {_processor()}"
    facts = recall(key)
    if facts is None or "is_bfloat16" not in facts:
        facts = {"is_bfloat16": _is_bfloat16_faster(network, image_size)}
        keep(key, facts)
    return _narrowed(network) if facts["is_bfloat16"] else network


def embeddings(network: torch.nn.Module, images: torch.Tensor) -> torch.Tensor:
    """(B, 3, S, S) float32, normalized → (B, D) in the network's format."""

    output = network(images.to(next(network.parameters()).dtype))
    embedded: torch.Tensor = output[0] if isinstance(output, tuple) else output  # CoCa adds tokens
    return embedded


def _claims_bfloat16() -> bool:
    """Whether the processor has instructions for bfloat16, as far as torch can tell."""
    import torch

    # older versions of torch do not report capabilities
    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return any(bool(has) for name, has in capabilities.items() if "bf16" in name)


def _is_bfloat16_faster(network: torch.nn.Module, image_size: tuple[int, int]) -> bool:
    import torch

    random = torch.Generator().manual_seed(0)
    noise = torch.rand(TRIAL_IMAGES, 3, *image_size, generator=random)
    noise = noise.contiguous(memory_format=torch.channels_last)
    try:
        vectors, seconds = _timed(network, noise)
        narrow_vectors, narrow_seconds = _timed(_narrowed(network), noise)
    except RuntimeError:  # a layer without bfloat16
        return False
    cosines = torch.nn.functional.cosine_similarity(vectors.float(), narrow_vectors.float())
    agrees = bool(cosines.min() >= LEAST_COSINE)
    return agrees and seconds > CLEARLY_FASTER * narrow_seconds


def _timed(network: torch.nn.Module, images: torch.Tensor) -> tuple[torch.Tensor, float]:
    """→ vectors, and the seconds of the fastest of TRIALS runs after one to warm up."""
    import torch

    seconds = []
    with torch.inference_mode():
        embeddings(network, images)
        for _ in range(TRIALS):
            started = time.perf_counter()
            vectors = embeddings(network, images)
            seconds.append(time.perf_counter() - started)
    return vectors, min(seconds)


def _narrowed(network: torch.nn.Module) -> torch.nn.Module:
    """float32 → a copy in bfloat16, but for layers that need the digits."""
    import torch

    batch_norm = torch.nn.modules.batchnorm._BatchNorm
    wide = {
        name: module
        for name, module in network.named_modules()
        if isinstance(module, batch_norm) or getattr(module, "needs_float32", False)
    }
    narrow = copy.deepcopy(network).to(torch.bfloat16)
    for name, module in wide.items():
        narrow.get_submodule(name).float().load_state_dict(module.state_dict())
    return narrow


def _processor() -> str:
    """This processor's name, or at least its architecture."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
