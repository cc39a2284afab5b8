"""From what a user asks for to the codec that new rows are written with.

coclico, clip      at once
a codec's file     as it was fitted or trained
klt, smic          as shipped with the model pair, where the rates agree; else float16, until there
                   are enough rows to fit the codec to (archive.recode.recoder)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from archive.codecs.codec import Codec, PendingCodec
from archive.codecs.codec_file import load_codec
from archive.codecs.config import FILE_SUFFIX, CodecConfig
from archive.codecs.fitted_coders import MIN_BITS
from archive.codecs.float16 import float16_codec
from archive.codecs.registry import Rate, open_codec
from archive.errors import UsageError
from archive.records import CodecRecord

MIN_MAP_BITS = 1  # of a fitted codec's color map, per image


def resolve_codec(codec: str | CodecConfig, dimension: int, *, shipped: str = "") -> Codec:
    """What new rows of (D,) embeddings are written with; `shipped` is the pair's folder of codecs.

    Raises UsageError, and UnknownCodec for a file that holds no codec.
    """
    config = CodecConfig.of(codec)
    config.check()
    if config.file is not None:
        return _from_file(config.file, dimension)
    rate = config.rate()
    if not config.spec().is_fitted:
        return open_codec(config.name, {"dimension": dimension} | asdict(rate))
    _check_fitted_rate(config.name, rate)
    for shipped_codec in shipped_codecs(shipped):
        if shipped_codec.name == config.name and _rate_of(shipped_codec.parameters()) == rate:
            return shipped_codec
    pending = PendingCodec(config.name, rate.bits, rate.map_bits)
    return float16_codec(dimension, pending, map_side=rate.map_side)


def shipped_codecs(folder: str) -> Iterator[Codec]:
    """The codecs in a pair's folder of codecs; '' for none."""
    paths = Path(folder).glob(f"*{FILE_SUFFIX}") if folder else ()
    for path in sorted(paths):
        yield load_codec(path)


def shipped_linear_decoder(codec: Codec, folder: str) -> Codec | None:
    """A scalar codec, decoded by the least squares that a pair ships for its bits and dimension;
    None where it ships none."""
    for shipped in shipped_codecs(folder):
        coder = shipped.vectors
        fits = coder.scan_bits == codec.vectors.scan_bits and coder.dimension == codec.dimension
        if coder.linear_decoder is not None and fits:
            return replace(codec, vectors=coder, alignment=shipped.alignment)
    return None


def is_same_codec(record: CodecRecord, codec: Codec, *, same_state: bool = False) -> bool:
    """Whether a codec row is this codec, or the one fitted for what this codec waits for.

    `same_state`: with this very fitted state.
    """
    pending = codec.pending
    if pending is not None and record.name == pending.name:
        rates = record.parameters["bits"], record.parameters["map_bits"]
        return rates == (pending.bits, pending.map_bits)
    if record.name != codec.name or dict(record.parameters) != codec.parameters():
        return False
    return not same_state or record.state == codec.state


def _from_file(path: Path, dimension: int) -> Codec:
    codec = load_codec(path)
    if codec.dimension != dimension:
        raise UsageError(
            f"the codec in {path} is for embeddings of {codec.dimension} dimensions, this archive "
            f"has {dimension}; train one on vectors of its model"
        )
    return codec


def _check_fitted_rate(name: str, rate: Rate) -> None:
    if rate.bits < MIN_BITS or rate.map_bits < MIN_MAP_BITS:
        raise UsageError(
            f"{name} cannot code an image in {rate.bits} + {rate.map_bits} bits; it takes at least "
            f"{MIN_BITS} for the embedding and {MIN_MAP_BITS} for the color map"
        )


def _rate_of(parameters: Mapping[str, Any]) -> Rate:
    return Rate(parameters["bits"], parameters["map_bits"], parameters["map_side"])
