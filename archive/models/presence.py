"""Which model pairs are on this machine, without asking the network."""

from __future__ import annotations

from pathlib import Path

from archive.models.decoders.loading import is_here as decoder_is_here
from archive.models.encoder import weights_source
from archive.models.hub import cached_folder
from archive.models.pairs import Pair


def is_here(pair: Pair) -> tuple[bool, bool]:
    """Whether the encoder, and the decoder, can be loaded offline."""
    return _encoder_is_here(pair), any(decoder_is_here(place) for place in pair.decoder)


def _encoder_is_here(pair: Pair) -> bool:
    folder = Path(pair.encoder)
    if folder.is_dir():
        return any(folder.glob("*.safetensors"))
    repository, name, _ = weights_source(pair)
    return cached_folder(repository, [name], need=[name]) is not None
