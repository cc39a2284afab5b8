"""Codecs: vectors and colour maps ⇄ bytes. Pure: no files, no database, no clock.

A codec is a value. Its name, parameters and fitted state are stored once, in the codec row; from these alone the same
codec is opened again, and it decodes the same bytes to the same numbers for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from archive.codecs.coclico import coclico
from archive.codecs.codec import Codec
from archive.codecs.klt import open_klt
from archive.codecs.state import from_bytes
from archive.errors import UnknownCodec

__all__ = ["NAMES", "Codec", "open_codec"]


def _open_scalar(parameters: Mapping[str, Any], _: Mapping[str, Any]) -> Codec:
    return coclico(**parameters)


def _open_clip(parameters: Mapping[str, Any], _: Mapping[str, Any]) -> Codec:
    return coclico(**parameters, map_side=0)


_OPENED: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], Codec]] = {
    "coclico": _open_scalar,
    "clip": _open_clip,
    "klt": open_klt,
}
NAMES = tuple(_OPENED)


def open_codec(name: str, parameters: Mapping[str, Any], state: bytes = b"") -> Codec:
    """The codec of a codec row. Raises UnknownCodec for a name, parameters or state this version does not know."""
    if name not in _OPENED:
        raise UnknownCodec(f"the codec {name!r} is not known to this version of coldframe; install a newer one")
    try:
        return _OPENED[name](parameters, from_bytes(state) if state else {})
    except (TypeError, KeyError) as error:
        raise UnknownCodec(f"the codec {name!r} has parameters or state this version does not know: {error}") from error
