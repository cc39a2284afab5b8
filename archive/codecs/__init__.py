"""Codecs: vectors and colour maps ⇄ bytes. Pure: no files, no database, no clock.

A codec is a value. Its name, parameters and fitted state are stored once, in the codec row; from these alone the same
codec is opened again, and it decodes the same bytes to the same numbers for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from archive.codecs.coclico import Coclico
from archive.codecs.colormap import Pixels
from archive.codecs.quantize import Vectors
from archive.errors import UnknownCodec

NAMES = ("coclico", "clip")


class Codec(Protocol):
    """What the rest of the library asks of a codec."""

    @property
    def name(self) -> str: ...
    @property
    def dimension(self) -> int: ...
    @property
    def bits(self) -> int: ...
    @property
    def map_side(self) -> int: ...
    @property
    def clip_bits(self) -> int: ...
    @property
    def color_bits(self) -> int: ...
    def parameters(self) -> Mapping[str, int]: ...
    def encode_vectors(self, vectors: Vectors) -> list[bytes]: ...
    def decode_vectors(self, codes: list[bytes]) -> Vectors: ...
    def encode_maps(self, maps: Pixels) -> list[bytes]: ...
    def decode_maps(self, codes: list[bytes]) -> Pixels: ...


def open_codec(name: str, parameters: Mapping[str, int]) -> Codec:
    """The codec of a codec row. Raises UnknownCodec for a name or parameters this version does not know."""
    without_map = {"map_side": 0} if name == "clip" else {}
    if name not in NAMES:
        raise UnknownCodec(f"the codec {name!r} is not known to this version of coldframe; install a newer one")
    try:
        return Coclico(**parameters, **without_map)
    except TypeError as error:
        raise UnknownCodec(
            f"the codec {name!r} has parameters this version does not know: {dict(parameters)}"
        ) from error
