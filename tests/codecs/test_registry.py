"""The table of codecs, and the way from what a user asks for to a codec."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archive.codecs import (
    CODECS,
    SELECTABLE_CODECS,
    Codec,
    CodecConfig,
    CodecSpec,
    PendingCodec,
    RateUnit,
    get_spec,
    open_codec,
    resolve_codec,
)
from archive.errors import UnknownCodec, UsageError

ROOT = Path(__file__).resolve().parents[2]
DIMENSION = 16


@pytest.mark.parametrize("spec", SELECTABLE_CODECS, ids=lambda spec: spec.name)
def test_what_is_resolved_opens_again_from_its_row(spec: CodecSpec) -> None:
    resolved = resolve_codec(spec.name, DIMENSION)
    opened = open_codec(resolved.name, resolved.parameters(), resolved.state)
    assert (opened.name, opened.parameters()) == (resolved.name, resolved.parameters())
    assert opened.map_side == spec.default.map_side


@pytest.mark.parametrize("spec", SELECTABLE_CODECS, ids=lambda spec: spec.name)
def test_a_codec_is_pending_exactly_if_it_is_fitted(spec: CodecSpec) -> None:
    resolved = resolve_codec(spec.name, DIMENSION)
    assert resolved.is_pending == spec.is_fitted
    if spec.is_fitted:
        rate = spec.default
        assert resolved.pending == PendingCodec(spec.name, rate.bits, rate.map_bits)
        assert resolved.bits_per_image == rate.bits + rate.map_bits


@pytest.mark.parametrize("spec", CODECS, ids=lambda spec: spec.name)
def test_every_codec_has_a_name_a_summary_and_a_place_in_the_docs(spec: CodecSpec) -> None:
    assert get_spec(spec.name) is spec
    assert "\n" not in spec.summary
    page = (ROOT / "docs" / "codecs.md").read_text()
    assert re.search(rf"^\| `{spec.name}` \|", page, re.MULTILINE)


def test_rates_are_counted_in_the_codecs_own_unit() -> None:
    config = CodecConfig("coclico", bits_per_dim=2, map_side=4, map_bits_per_sample=3)
    codec = resolve_codec(config, DIMENSION)
    assert codec.parameters() == {
        "dimension": DIMENSION,
        "bits": 2,
        "map_side": 4,
        "map_bits": 3,
    }
    assert codec.bits_per_image == 2 * DIMENSION + 3 * 24
    pending = resolve_codec(CodecConfig("klt", bits=90, map_side=4), DIMENSION)
    assert pending.pending == PendingCodec("klt", 90, get_spec("klt").default.map_bits)
    assert pending.map_side == 4


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (CodecConfig("klt", bits_per_dim=2), "klt takes --bits, not --bits-per-dim"),
        (CodecConfig("smic", map_bits_per_sample=2), "--map-bits, not --map-bits-per-sample"),
        (CodecConfig("coclico", bits=100), "coclico takes --bits-per-dim, not --bits"),
        (CodecConfig("coclico", map_bits=20), "--map-bits-per-sample, not --map-bits"),
        (CodecConfig("clip", map_side=8), "clip stores no color map; leave out --map-side"),
        (CodecConfig("clip", map_bits_per_sample=2), "leave out --map-bits-per-sample"),
        (CodecConfig("clip", bits_per_dim=9), "9 bits per dimension cannot be coded"),
        (CodecConfig("klt", bits=5), "takes at least 6 for the embedding"),
        (CodecConfig("klt", map_bits=0), "1 for the color map"),
        (CodecConfig("klt", map_side=7), "side 7"),
        (CodecConfig("vq9"), "'vq9' is not a codec; choose coclico, clip, klt, smic"),
        (CodecConfig("pqvae"), "'pqvae' is not a codec"),
        (CodecConfig("float16"), "'float16' is not a codec"),
        (CodecConfig("nowhere.npz"), "nowhere.npz does not exist"),
    ],
)
def test_what_a_codec_cannot_do_is_refused_in_one_sentence(
    config: CodecConfig, sentence: str
) -> None:
    with pytest.raises(UsageError, match=re.escape(sentence)):
        resolve_codec(config, DIMENSION)


def test_a_codec_file_is_taken_as_it_is() -> None:
    path = ROOT / "tests" / "golden" / "klt.npz"
    codec = resolve_codec(str(path), 48)
    assert (codec.name, codec.dimension, codec.is_pending) == ("klt", 48, False)
    with pytest.raises(UsageError, match="48 dimensions, this archive has 16"):
        resolve_codec(str(path), DIMENSION)
    with pytest.raises(UsageError, match="fixed rate; leave out --bits and --map-side"):
        resolve_codec(CodecConfig(str(path), bits=90, map_side=4), 48)


def test_a_codec_row_of_the_future_is_refused_by_name() -> None:
    with pytest.raises(UnknownCodec, match="'vq9'"):
        open_codec("vq9", {})
    with pytest.raises(UnknownCodec, match="parameters"):
        open_codec("coclico", {"dimension": 8, "twist": 1})


def test_only_scalar_codes_without_one_take_a_linear_decoder() -> None:
    supporting = {spec.name for spec in SELECTABLE_CODECS if _supports(spec)}
    assert supporting == {
        spec.name for spec in SELECTABLE_CODECS if spec.unit is RateUnit.PER_DIMENSION
    }


def _supports(spec: CodecSpec) -> bool:
    codec: Codec = resolve_codec(spec.name, DIMENSION)
    return codec.supports_linear_decoder
