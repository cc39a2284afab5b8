"""Which family a decoder is of. It says so itself, in model_index.json.

StableUnCLIPImg2ImgPipeline, StableUnCLIPPipeline            class labels (`unclip`); so without a model_index.json
StableDiffusionImageVariationPipeline                        the embedding in the prompt's place (`variation`)
StableDiffusionPipeline, StableDiffusionXLPipeline           an IP-Adapter beside it (`adapter`)
UnCLIPImageVariationPipeline                                 extra tokens and label, small pictures (`karlo`)
KandinskyV22Pipeline                                         the embedding in prompt's and label's place (`kandinsky`)

All are drawn with alike, by `latent`.
"""

from __future__ import annotations

from archive.errors import ModelMissing, UsageError
from archive.models.decoders.ip_adapter import open_adapter
from archive.models.decoders.kandinsky import open_kandinsky
from archive.models.decoders.karlo import open_karlo
from archive.models.decoders.loading import decoder_folder, pipeline_of, resolve_device
from archive.models.decoders.sampler import LatentDecoder
from archive.models.decoders.unclip import open_unclip
from archive.models.decoders.variation import open_variation
from archive.models.pairs import DeviceConfig, Pair


def open_decoder(
    pair: Pair, *, dimension: int, machine: DeviceConfig | None = None
) -> LatentDecoder:
    """A pair's decoder. Raises ModelMissing where there is none, UsageError where family or dimension do not fit."""
    folder = decoder_folder(pair)
    name, _ = pipeline_of(folder)
    device, dtype = resolve_device(machine)
    match name:
        case "StableUnCLIPImg2ImgPipeline" | "StableUnCLIPPipeline":
            opened = open_unclip
        case "StableDiffusionImageVariationPipeline":
            opened = open_variation
        case "StableDiffusionPipeline" | "StableDiffusionXLPipeline":
            opened = open_adapter
        case "KandinskyV22Pipeline":
            opened = open_kandinsky
        case "UnCLIPImageVariationPipeline":
            opened = open_karlo
        case _:
            raise UsageError(
                f"the decoder in {folder} is a {name}, which is not conditioned on an image embedding"
            )
    try:
        return opened(folder, dimension=dimension, device=device, dtype=dtype)
    except OSError as error:
        raise ModelMissing(
            f"the decoder in {folder} cannot be loaded: {str(error).splitlines()[0]}"
        ) from error
