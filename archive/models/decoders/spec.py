"""What sets one family of decoders apart: one frozen value each, listed in archive.models.decoders.open."""

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

        Raises OSError if a part cannot be loaded, ModelMissing if something else is missing, UsageError if
        the folder does not fit the dimension.
        """
        ...


@dataclass(frozen=True)
class DecoderSpec:
    """A family of decoders.

    name            for messages and docs
    pipelines       classes of diffusers' pipelines that its model_index.json may name
    parts           subfolders it requires, first the network that denoises
    open            loads it
    guidance        default scale of classifier-free guidance
    encoders        the encoders whose embeddings published checkpoints take
    summary         one line: how it receives an embedding
    optional_parts  subfolders it uses if they exist
    other_files     patterns of files it uses that are no part's config or weights
    """

    name: str
    pipelines: tuple[str, ...]
    parts: tuple[str, ...]
    open: Opener
    guidance: float
    encoders: str
    summary: str
    optional_parts: tuple[str, ...] = ()
    other_files: tuple[str, ...] = ()
