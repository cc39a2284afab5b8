"""Which family a decoder is of. It says so itself, in model_index.json.

StableUnCLIPImg2ImgPipeline, StableUnCLIPPipeline            class labels (`unclip`); so without a model_index.json

All are drawn with alike, by `latent`.
"""

from __future__ import annotations

from archive.errors import UsageError
from archive.models.latent import LatentDecoder
from archive.models.layout import decoder_folder, pipeline_of, placed
from archive.models.pairs import Machine, Pair
from archive.models.unclip import open_unclip


def open_decoder(pair: Pair, *, dimension: int, machine: Machine | None = None) -> LatentDecoder:
    """A pair's decoder. Raises ModelMissing where there is none, UsageError where family or dimension do not fit."""
    folder = decoder_folder(pair)
    name, _ = pipeline_of(folder)
    device, dtype = placed(machine)
    match name:
        case "StableUnCLIPImg2ImgPipeline" | "StableUnCLIPPipeline":
            opened = open_unclip
        case _:
            raise UsageError(f"the decoder in {folder} is a {name}, which is not conditioned on an image embedding")
    return opened(folder, dimension=dimension, device=device, dtype=dtype)
