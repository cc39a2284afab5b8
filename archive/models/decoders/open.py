"""The table of decoder families, and how a folder or hub id becomes a decoder.

The family is the one whose pipeline class the folder's model_index.json names; a folder without
that file is taken for Stable unCLIP. A new family is a module of its own and one line of DECODERS
(docs/adding-a-decoder.md).
"""

from __future__ import annotations

from pathlib import Path

from archive.errors import ModelMissing, UsageError
from archive.models.decoders import ip_adapter, kandinsky, karlo, unclip, variation
from archive.models.decoders.loading import PART_FILES, read_model_index, require_parts
from archive.models.decoders.sampler import LatentDecoder
from archive.models.decoders.spec import DecoderSpec
from archive.models.device import DeviceConfig, resolve_device
from archive.models.hub import cached_file, local_folder
from archive.models.pairs import Pair
from archive.models.quiet import quiet

DECODERS: tuple[DecoderSpec, ...] = (
    unclip.SPEC,
    karlo.SPEC,
    kandinsky.SPEC,
    variation.SPEC,
    ip_adapter.SPEC,
    ip_adapter.SPEC_XL,
)
DEFAULT_PIPELINE = unclip.SPEC.pipelines[0]
REQUIRED = tuple(dict.fromkeys(f"{spec.parts[0]}/config.json" for spec in DECODERS))
"""Any of these files proves that a folder holds a decoder."""


def hub_patterns() -> list[str]:
    """The files to download from a hub repository, whichever family it is of."""
    parts = dict.fromkeys(part for spec in DECODERS for part in (*spec.parts, *spec.optional_parts))
    others = dict.fromkeys(pattern for spec in DECODERS for pattern in spec.other_files)
    files = (f"{part}/{pattern}" for part in parts for pattern in PART_FILES)
    return ["model_index.json", *others, *files]


def open_decoder(
    pair: Pair, *, dimension: int, device: DeviceConfig | None = None
) -> LatentDecoder:
    """A pair's decoder, for vectors of D = `dimension`.

    Raises ModelMissing if it is not available, UsageError if the pair has none or family, dimension
    or device do not fit.
    """
    folder = decoder_folder(pair)
    spec = decoder_spec(folder)
    require_parts(folder, spec.parts, spec.name)
    with quiet("diffusers", "transformers"):
        name, dtype = resolve_device(device)
        try:
            return spec.open(folder, dimension=dimension, device=name, dtype=dtype)
        except OSError as error:
            reason = str(error).splitlines()[0]
            raise ModelMissing(f"the decoder in {folder} cannot be loaded: {reason}") from error


def decoder_spec(folder: Path) -> DecoderSpec:
    """The family of a decoder's folder. Raises UsageError for a pipeline that is of none."""
    pipeline = str(read_model_index(folder).get("_class_name", DEFAULT_PIPELINE))
    for spec in DECODERS:
        if pipeline in spec.pipelines:
            return spec
    supported = ", ".join(name for spec in DECODERS for name in spec.pipelines)
    raise UsageError(
        f"the decoder in {folder} is a {pipeline}, which cannot be conditioned on an image "
        f"embedding; supported: {supported}"
    )


def decoder_folder(pair: Pair) -> Path:
    """The local folder of a pair's decoder, downloaded if need be.

    Raises ModelMissing if it is not available, UsageError if the pair has none.
    """
    if not pair.decoder:
        raise UsageError(f"the pair {pair.name} has no decoder; name one with --decoder FOLDER")
    folder = Path(pair.decoder[0])
    if folder.is_dir():
        return folder
    if folder.is_absolute():
        raise ModelMissing(f"no decoder in {folder}; name a folder in diffusers' layout")
    return local_folder(pair.decoder, hub_patterns(), required=REQUIRED)


def decoder_is_local(pair: Pair) -> bool:
    """Whether a pair's decoder can be loaded without a network."""
    return any(_is_local(location) for location in pair.decoder)


def _is_local(location: str) -> bool:
    """Whether a decoder's folder exists, or a copy of a hub id is in the local cache."""
    if Path(location).is_absolute():
        return any((Path(location) / file).is_file() for file in REQUIRED)
    return any(cached_file(location, file) for file in REQUIRED)
