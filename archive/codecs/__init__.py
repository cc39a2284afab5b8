"""Codecs: vectors and color maps ⇄ bytes. No database, no clock; files only for fitted codecs.

A codec is a value. Its name, parameters and fitted state are stored once, in the codec row; from
these alone the same codec is opened again, and it decodes the same bytes to the same numbers.
"""

from archive.codecs.coclico import with_linear_decoder
from archive.codecs.codec import Codec, MapCoder, PendingCodec, VectorCoder
from archive.codecs.codec_file import load_codec, save_codec
from archive.codecs.config import CodecConfig
from archive.codecs.fitted_coders import MIN_SAMPLE
from archive.codecs.registry import (
    CODECS,
    LINEAR_SUFFIX,
    SELECTABLE_CODECS,
    CodecSpec,
    RateUnit,
    fit_codec,
    get_spec,
    open_codec,
)
from archive.codecs.resolve import (
    is_same_codec,
    resolve_codec,
    shipped_codecs,
    shipped_linear_decoder,
)

__all__ = [
    "CODECS",
    "LINEAR_SUFFIX",
    "MIN_SAMPLE",
    "SELECTABLE_CODECS",
    "Codec",
    "CodecConfig",
    "CodecSpec",
    "MapCoder",
    "PendingCodec",
    "RateUnit",
    "VectorCoder",
    "fit_codec",
    "get_spec",
    "is_same_codec",
    "load_codec",
    "open_codec",
    "resolve_codec",
    "save_codec",
    "shipped_codecs",
    "shipped_linear_decoder",
    "with_linear_decoder",
]
