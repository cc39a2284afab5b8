"""Where models run, and in which floating-point type. torch's door."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archive.errors import UsageError

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class DeviceConfig:
    """A decoder's device and floating-point type."""

    device: str = ""
    """torch's name, such as `cpu` or `cuda:1`. Empty: the best one."""
    dtype: str = ""
    """`float32`, `bfloat16` or `float16`. Empty: `float32` on a CPU, else `float16`."""


def best_device() -> str:
    """`cuda` if there is a GPU, else `cpu`."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def resolve_device(config: DeviceConfig | None) -> tuple[str, torch.dtype]:
    """A configuration, or None for its defaults → device name and dtype.

    Raises UsageError for a device this machine does not have.
    """
    import torch

    config = config or DeviceConfig()
    device = config.device or best_device()
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise UsageError(
            f"this machine has no device {device!r}; leave out --device to use the best one"
        ) from error
    name = config.dtype or ("float32" if device == "cpu" else "float16")
    dtype: torch.dtype = getattr(torch, name)
    return device, dtype


def to_device(device: str, dtype: torch.dtype, *parts: torch.nn.Module) -> None:
    """Moves parts to a device, frozen and in evaluation mode.

    Uses torch's own `to`: diffusers' version warns about modules that it does not know.
    """
    from torch.nn import Module

    for part in parts:
        Module.to(part, device, dtype).eval().requires_grad_(False)


def precision(device: str) -> AbstractContextManager[Any]:
    """Autocast to bfloat16 on a CPU that multiplies bfloat16 matrices (AMX); a no-op elsewhere.

    For what needs gradients; images are embedded as models/number_format.py says.
    """
    import torch

    # older versions of torch do not report capabilities
    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    enabled = device == "cpu" and bool(capabilities.get("amx_bf16"))
    return torch.autocast("cpu", torch.bfloat16, enabled=enabled)


def device_memory(device: torch.device) -> int:
    """A device's total memory in bytes."""
    import torch

    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
