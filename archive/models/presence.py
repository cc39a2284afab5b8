"""Which model pairs are on this machine, without asking the network."""

from __future__ import annotations

from pathlib import Path

from archive.models.encoder import weights_source
from archive.models.hub import cached_folder
from archive.models.pairs import Pair
from archive.models.unclip import PATTERNS


def is_here(pair: Pair) -> tuple[bool, bool]:
    """Whether the encoder, and the decoder, can be loaded offline."""
    return _encoder_is_here(pair), any(_decoder_is_here(place) for place in pair.decoder)


def _encoder_is_here(pair: Pair) -> bool:
    folder = Path(pair.encoder)
    if folder.is_dir():
        return any(folder.glob("*.safetensors"))
    repository, name, _ = weights_source(pair)
    return cached_folder(repository, [name], need=name) is not None


def _decoder_is_here(place: str) -> bool:
    if Path(place).is_absolute():
        return (Path(place) / "unet" / "config.json").is_file()
    return cached_folder(place, PATTERNS, need="unet/config.json") is not None
