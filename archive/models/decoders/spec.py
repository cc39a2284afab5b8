"""What sets a family of decoders apart: a frozen value, listed in archive.models.decoders.open."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import torch

    from archive.models.decoders.sampler import LatentDecoder


class Opener(Protocol):
    """Loads a family's decoder."""

    def __call__(
        self, folder: Path, *, dimension: int, device: str, dtype: torch.dtype
    ) -> LatentDecoder:
        """A folder that has all required parts → the decoder for vectors of D = `dimension`.

        Raises OSError if a part cannot be loaded, ModelMissing if something else is missing,
        UsageError if the folder does not fit the dimension.
        """
        ...


@dataclass(frozen=True)
class DecoderSpec:
    """A family of decoders."""

    name: str  # for messages and docs
    pipelines: tuple[str, ...]  # diffusers' classes that its model_index.json may name
    parts: tuple[str, ...]  # subfolders it requires, first the network that denoises
    open: Opener
    guidance: float  # default scale of classifier-free guidance
    encoders: str  # whose embeddings its published checkpoints take
    summary: str  # one line: how it receives an embedding
    optional_parts: tuple[str, ...] = ()  # subfolders it uses if they exist
    other_files: tuple[str, ...] = ()  # patterns of files besides the parts' configs and weights
