"""How a UNet is told what to draw: each family has its own Conditioning."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from archive.arrays import Vectors
from archive.models.sampling import Sampling

if TYPE_CHECKING:
    import torch

Denoiser = Callable[["torch.Tensor", "torch.Tensor", "torch.Tensor | None", bool], "torch.Tensor"]
"""z (B, C, h, w), timestep (), z_map or None, guided → outputs (2·B, ≥ C, h, w), unconditional
first; only the conditional ones, (B, …), if it is not guided."""


def rows_to_run(count: int, guided: bool) -> slice:
    """Of 2·B inputs, unconditional first, the ones that a step needs."""
    return slice(None) if guided else slice(count, None)


class Conditioning(Protocol):
    """How a UNet receives an embedding."""

    @property
    def embedding_stats(self) -> tuple[Vectors, Vectors] | None:
        """Mean and standard deviation, (D,) each, of the embeddings it was trained on, if known."""
        ...

    def denoiser(self, vectors_hat: Vectors, alignment: float, sampling: Sampling) -> Denoiser:
        """(B, D) float32 → the UNet conditioned on them."""
        ...
