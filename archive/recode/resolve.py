"""Which codec new rows are written with, and the fitting of those that need a sample.

coclico, clip            at once
a codec's file           as it was fitted or trained
klt, smic                from the state that ships with a pair; else rows wait at half precision until there are
                         ENOUGH of them (or the ingest ends), the codec is fitted to them, and they are recoded
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from archive.codecs import FITTED, Codec, fit_codec, load_codec, open_codec
from archive.codecs.coclico import ScalarVectors
from archive.codecs.fitted_coders import LEAST_BITS
from archive.codecs.float16 import Float16Vectors, PendingCodec, float16_codec
from archive.errors import UsageError
from archive.recode.run import ReferenceSource
from archive.records import CodecRecord, Row

ENOUGH = 4096  # rows that are waited for while an ingest goes on
LEAST = 64  # rows that a codec is fitted to at the end of one
RATES = {"klt": (120, 40), "smic": (48, 20)}  # bits a picture: embedding, colour map
MAP_SIDE = 8
SUFFIX = ".npz"  # of a codec's file


def resolve_codec(
    name: str, dimension: int, parameters: Mapping[str, int], *, shipped: str = ""
) -> Codec:
    """A codec's name, or the file of one → what new rows are written with; `shipped`: the folder of a pair's own.

    Raises UsageError.
    """
    if is_file(name):
        return _from_file(Path(name), dimension, parameters)
    if name not in FITTED:
        return open_codec(name, {"dimension": dimension} | dict(parameters))
    bits = parameters.get("bits", RATES[name][0])
    map_bits = parameters.get("map_bits", RATES[name][1])
    if bits < LEAST_BITS or map_bits < 1:
        raise UsageError(
            f"{name} cannot code a picture in {bits} + {map_bits} bits; give {LEAST_BITS} + 1 or more"
        )
    side = parameters.get("map_side", MAP_SIDE)
    for codec in shipped_codecs(shipped):
        if codec.name == name and (codec.map_side, *_rates(codec.parameters())) == (
            side,
            bits,
            map_bits,
        ):
            return codec
    return float16_codec(dimension, PendingCodec(name, bits, map_bits), map_side=side)


def shipped_codecs(folder: str) -> Iterator[Codec]:
    """Those in a pair's folder of codecs, '' for none."""
    for path in sorted(Path(folder).glob(f"*{SUFFIX}")) if folder else ():
        yield load_codec(path)


def squares_for(codec: Codec, folder: str) -> Codec | None:
    """A scalar codec, decoded by least squares that a pair brings for codes of as many bits, if it does."""
    for one in shipped_codecs(folder):
        same = (
            isinstance(one.vectors, ScalarVectors)
            and one.vectors.parameters()["bits"] == codec.parameters()["bits"]
        )
        if same and one.dimension == codec.dimension:
            return replace(codec, vectors=one.vectors, alignment=one.alignment)
    return None


def is_file(name: str) -> bool:
    """Whether a codec is named by a file that holds it."""
    return name.endswith(SUFFIX)


def _from_file(path: Path, dimension: int, parameters: Mapping[str, int]) -> Codec:
    codec = load_codec(path)
    if codec.dimension != dimension:
        raise UsageError(
            f"the codec in {path} is for embeddings of {codec.dimension} dimensions, this archive's have {dimension}; "
            f"train one on vectors of its model"
        )
    if parameters:
        raise UsageError(
            f"the codec in {path} has its bits already; leave --bits, --map-side and --map-bits out"
        )
    return codec


def fit_to_rows(
    pending: PendingCodec, sources: ReferenceSource, rows: list[Row], *, map_side: int
) -> Codec:
    """A codec fitted to what is best known of these rows. Raises UsageError for too few."""
    if len(rows) < LEAST:
        raise UsageError(
            f"{pending.name} is fitted to at least {LEAST} pictures, there are {len(rows)}; ingest more"
        )
    known = sources(rows, map_side, keep=True)
    vectors = np.stack([one.vector for one in known])
    maps = np.stack([one.map for one in known])
    return fit_codec(pending.name, vectors, maps, bits=pending.bits, map_bits=pending.map_bits)


def same_make(record: CodecRecord, codec: Codec, *, exactly: bool = False) -> bool:
    """Whether a codec row is what `codec` is, or has become what it waits for; `exactly`: with that very state."""
    if isinstance(codec.vectors, Float16Vectors) and record.name == codec.vectors.pending.name:
        return _rates(record.parameters) == (
            codec.vectors.pending.bits,
            codec.vectors.pending.map_bits,
        )
    made = (record.name, dict(record.parameters)) == (codec.name, codec.parameters())
    return made and (not exactly or record.state == codec.state)


def rate_of(codec: Codec) -> int:
    """Bits a picture that a codec writes, or is fitted to, or waits for."""
    if isinstance(codec.vectors, Float16Vectors):
        return codec.vectors.pending.bits + codec.vectors.pending.map_bits
    vectors = codec.vectors.payload_bits
    maps = codec.maps.payload_bits
    asked = codec.parameters()
    return (asked["bits"] if vectors is None else vectors) + (
        asked["map_bits"] if maps is None else maps
    )


def _rates(parameters: Mapping[str, Any]) -> tuple[int, int]:
    return parameters["bits"], parameters["map_bits"]
