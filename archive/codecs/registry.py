"""The table of codecs: one CodecSpec each. Help, errors and the command line read it.

To add a codec, write its module and one entry of CODECS (docs/adding-a-codec.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Protocol

from archive.arrays import Pixels, Vectors
from archive.codecs.coclico import open_clip, open_coclico, with_linear_decoder
from archive.codecs.codec import MISFITS, Codec
from archive.codecs.coders.serialization import from_bytes
from archive.codecs.float16 import open_float16
from archive.codecs.klt import fit_klt, open_klt
from archive.codecs.pqvae import open_pqvae
from archive.codecs.smic import fit_smic, open_smic
from archive.errors import UnknownCodec

LINEAR_SUFFIX = "+ls"  # after the name of a scalar codec: decoded by least squares
ALIGNMENT_SAMPLE = 4096  # vectors that measure the alignment of a fitted codec, at most


class RateUnit(Enum):
    """What the rate of a codec counts: bits of an embedding, and of a color map."""

    PER_DIMENSION = "per dimension"  # and per sample of the map
    PER_IMAGE = "per image"


@dataclass(frozen=True)
class Rate:
    """What codes cost, in the unit of their codec. map_side 0: no color map."""

    bits: int
    map_bits: int
    map_side: int = 8


class FitCodec(Protocol):
    """(N, D) vectors and (N, n, n, 3) maps, n = 0 for none → a codec fitted to them."""

    def __call__(self, vectors: Vectors, maps: Pixels, *, bits: int, map_bits: int) -> Codec: ...


@dataclass(frozen=True)
class CodecSpec:
    """One codec."""

    name: str
    summary: str  # one line, for help
    open: Callable[[Mapping[str, Any], Mapping[str, Any]], Codec]  # parameters, arrays of the state
    unit: RateUnit
    default: Rate
    fit: FitCodec | None = None  # None: nothing to fit, or fitted by training/
    is_selectable: bool = True  # by name; others come in files, or are internal

    @property
    def is_fitted(self) -> bool:
        """Whether the codec is fitted to a sample of the collection."""
        return self.fit is not None


CODECS = (
    CodecSpec(
        "coclico",
        "scalar levels and a tiny color map (CoCliCo)",
        open_coclico,
        RateUnit.PER_DIMENSION,
        Rate(bits=1, map_bits=2),
    ),
    CodecSpec(
        "clip",
        "scalar levels, no color map",
        open_clip,
        RateUnit.PER_DIMENSION,
        Rate(bits=1, map_bits=0, map_side=0),
    ),
    CodecSpec(
        "klt",
        "transform coding, fitted to the collection",
        open_klt,
        RateUnit.PER_IMAGE,
        Rate(bits=250, map_bits=64),
        fit_klt,
    ),
    CodecSpec(
        "smic",
        "sparse codes over a dictionary, fitted to the collection",
        open_smic,
        RateUnit.PER_IMAGE,
        Rate(bits=48, map_bits=20),
        fit_smic,
    ),
    CodecSpec(
        "pqvae",
        "product-quantized autoencoder, trained by training.pqvae",
        open_pqvae,
        RateUnit.PER_IMAGE,
        Rate(bits=400, map_bits=20),
        is_selectable=False,
    ),
    CodecSpec(
        "float16",
        "half precision, for rows that wait for a codec to be fitted",
        open_float16,
        RateUnit.PER_DIMENSION,
        Rate(bits=16, map_bits=8),
        is_selectable=False,
    ),
)
MAX_DIMENSION = 1 << 14  # of embeddings
MAX_MAP_SIDE = 1 << 8  # pixels
SELECTABLE_CODECS = tuple(spec for spec in CODECS if spec.is_selectable)


def get_spec(name: str) -> CodecSpec:
    """The entry of a codec. Raises UnknownCodec."""
    for spec in CODECS:
        if spec.name == name:
            return spec
    raise UnknownCodec(
        f"the codec {name!r} is not known to this version of coldframe; install a newer one"
    )


def open_codec(name: str, parameters: Mapping[str, Any], state: bytes = b"") -> Codec:
    """The codec of a codec row. Raises UnknownCodec for a name, parameters or state that this
    version does not know."""
    spec = get_spec(name)
    rates = {key: value for key, value in parameters.items() if key != "alignment"}
    try:
        _check_shape(**rates)
        codec = spec.open(rates, from_bytes(state) if state else {})
        return replace(codec, alignment=_alignment(parameters))
    except MISFITS as error:
        raise UnknownCodec(
            f"the codec {name!r} has parameters or state this version does not know: {error}"
        ) from error


def _check_shape(*, dimension: int = 1, map_side: int = 0, **_: Any) -> None:
    """Raises ValueError, TypeError: arrays of these sizes are made before anything is decoded."""
    if not 0 < dimension <= MAX_DIMENSION:
        raise ValueError(f"dimension {dimension}")
    if not 0 <= map_side <= MAX_MAP_SIDE:
        raise ValueError(f"map_side {map_side}")


def _alignment(parameters: Mapping[str, Any]) -> float | None:
    value = parameters.get("alignment")
    return None if value is None else float(value)


def fit_codec(name: str, vectors: Vectors, maps: Pixels, *, bits: int, map_bits: int) -> Codec:
    """(N, D) vectors and (N, n, n, 3) maps, n = 0 for none → a codec at these rates.

    Rates are in the unit of the codec. `clip+ls` and `coclico+ls` are decoded by least squares.
    Raises UnknownCodec, and UsageError for rates that cannot be.
    """
    if name.endswith(LINEAR_SUFFIX):
        scalar_name = name.removesuffix(LINEAR_SUFFIX)
        scalar = fit_codec(scalar_name, vectors, maps, bits=bits, map_bits=map_bits)
        return with_linear_decoder(scalar, vectors)
    spec = get_spec(name)
    if spec.fit is not None:
        fitted = spec.fit(vectors, maps, bits=bits, map_bits=map_bits)
        return fitted.with_alignment(vectors[:ALIGNMENT_SAMPLE])
    shape = {"dimension": vectors.shape[1], "map_side": maps.shape[1]}
    return open_codec(name, shape | {"bits": bits, "map_bits": map_bits})
