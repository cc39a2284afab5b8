"""Codecs: vectors and colour maps ⇄ bytes. Pure: no files, no database, no clock.

A codec is a value. Its name, parameters and fitted state are stored once, in the codec row; from these alone the same
codec is opened again, and it decodes the same bytes to the same numbers for ever.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from archive.codecs.coclico import ScalarVectors, coclico
from archive.codecs.codec import Codec, Pixels, Vectors
from archive.codecs.coders.linear_decoder import LinearDecoder
from archive.codecs.coders.serialization import from_bytes, to_bytes
from archive.codecs.float16 import open_float16
from archive.codecs.klt import fit_klt, open_klt
from archive.codecs.pqvae import open_pqvae
from archive.codecs.smic import fit_smic, open_smic
from archive.errors import UnknownCodec, UsageError

__all__ = [
    "FITTED",
    "LEAST_SQUARES",
    "NAMES",
    "WAITING",
    "Codec",
    "fit_codec",
    "load_codec",
    "open_codec",
    "save_codec",
    "with_least_squares",
]


def _open_scalar(parameters: Mapping[str, Any], arrays: Mapping[str, Any]) -> Codec:
    plain = {name: value for name, value in parameters.items() if name != "least_squares"}
    codec = coclico(**plain)
    if not parameters.get("least_squares"):
        return codec
    return replace(
        codec, vectors=ScalarVectors(codec.dimension, plain["bits"], LinearDecoder.open(arrays))
    )


def _open_clip(parameters: Mapping[str, Any], arrays: Mapping[str, Any]) -> Codec:
    return _open_scalar({**parameters, "map_side": 0}, arrays)


_OPENED: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], Codec]] = {
    "coclico": _open_scalar,
    "clip": _open_clip,
    "klt": open_klt,
    "smic": open_smic,
    "pqvae": open_pqvae,
    "float16": open_float16,
}
NAMES = tuple(_OPENED)
LEAST_SQUARES = "+ls"  # behind the name of a scalar codec: decoded by least squares
ALIGNED = 4096  # vectors that a fitted codec's alignment is measured on, at most
WAITING = "float16"  # the codec of rows that wait for another to be fitted
FITTED: Mapping[str, Callable[..., Codec]] = {
    "klt": fit_klt,
    "smic": fit_smic,
}  # codecs that are fitted to a sample, at a number of bits a picture


def open_codec(name: str, parameters: Mapping[str, Any], state: bytes = b"") -> Codec:
    """The codec of a codec row. Raises UnknownCodec for a name, parameters or state this version does not know."""
    if name not in _OPENED:
        raise UnknownCodec(
            f"the codec {name!r} is not known to this version of coldframe; install a newer one"
        )
    given = {key: value for key, value in parameters.items() if key != "alignment"}
    try:
        codec = _OPENED[name](given, from_bytes(state) if state else {})
        return replace(codec, alignment=parameters.get("alignment"))
    except (TypeError, KeyError) as error:
        raise UnknownCodec(
            f"the codec {name!r} has parameters or state this version does not know: {error}"
        ) from error


def with_least_squares(codec: Codec, vectors: Vectors) -> Codec:
    """The same codes, decoded better, after (N, D) embeddings. Raises UsageError for codes that are not scalar."""
    if not isinstance(codec.vectors, ScalarVectors):
        raise UsageError(f"{codec.name} needs no least squares; they are for coclico and clip")
    return replace(codec, vectors=codec.vectors.with_least_squares(vectors)).aligned(vectors)


def save_codec(codec: Codec, path: Path) -> None:
    """A fitted codec as a file, without pickles."""
    told = json.dumps({"name": codec.name, "parameters": codec.parameters()})
    path.write_bytes(
        to_bytes({"codec": np.array(told), "state": np.frombuffer(codec.state, np.uint8)})
    )


def load_codec(path: Path) -> Codec:
    """What `save_codec` wrote. Raises UnknownCodec."""
    try:
        kept = from_bytes(path.read_bytes())
        told = json.loads(str(kept["codec"]))
        return open_codec(told["name"], told["parameters"], kept["state"].tobytes())
    except (OSError, KeyError, json.JSONDecodeError) as error:
        raise UnknownCodec(f"{path} does not hold a fitted codec: {error}") from error


def fit_codec(name: str, vectors: Vectors, maps: Pixels, *, bits: int, map_bits: int) -> Codec:
    """(N, D) vectors and (N, n, n, 3) maps, n = 0 for none → a codec at these rates.

    Bits are a picture's for the codecs of FITTED, and a dimension's or sample's for the others; `clip+ls` and
    `coclico+ls` are decoded by least squares.
    """
    if name.endswith(LEAST_SQUARES):
        plain = fit_codec(
            name.removesuffix(LEAST_SQUARES), vectors, maps, bits=bits, map_bits=map_bits
        )
        return with_least_squares(plain, vectors)
    if name in FITTED:
        return FITTED[name](vectors, maps, bits=bits, map_bits=map_bits).aligned(vectors[:ALIGNED])
    return coclico(vectors.shape[1], bits=bits, map_side=maps.shape[1], map_bits=map_bits)
