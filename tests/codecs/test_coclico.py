"""`coclico` and `clip`: rates to the bit, errors within half a step, codes that stay readable."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.codecs import open_codec, resolve_codec
from archive.codecs.coclico import coclico
from archive.codecs.coders.colormap import (
    dequantize_samples,
    from_samples,
    quantize_samples,
    sample_count,
    to_samples,
)
from archive.codecs.coders.scalar import dequantize, pack, quantize, unpack
from archive.errors import BadCode, UsageError
from tests.support import strategies

GOLDEN = Path(__file__).parents[1] / "golden"
NO_VECTORS = np.zeros((1, 0), np.float32)  # scalar maps are coded without them


def test_the_papers_point_is_96_and_24_bytes() -> None:
    codec = coclico(768)
    vectors = np.zeros((1, 768), np.float32)
    maps = np.zeros((1, 8, 8, 3), np.uint8)
    [clip_code], [color_code] = codec.encode(vectors, maps)
    assert (len(clip_code), len(color_code)) == (96, 24)
    assert (codec.vectors.payload_bits, codec.maps.payload_bits) == (768, 192)


def test_one_bit_is_the_sign_decoded_to_a_half() -> None:
    codec = coclico(4)
    [code] = codec.encode_vectors(np.array([[-2.0, -1e-6, 0.0, 0.3]], np.float32))
    assert code == bytes([0b00110000])
    assert codec.decode_vectors([code]).tolist() == [[-0.5, -0.5, 0.5, 0.5]]


@pytest.mark.parametrize("bits", range(1, 9))
def test_levels_are_those_of_the_formula(bits: int) -> None:
    values = np.linspace(-1.5, 1.5, 1001, dtype=np.float32)
    step = 2 * 2.0**-bits
    index = np.clip(np.floor(values.clip(-1, 1) / step), -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    values_hat = dequantize(quantize(values, bits), bits)
    assert np.array_equal(values_hat, (index * step + step / 2).astype(np.float32))


@given(st.data())
def test_vectors_come_back_within_half_a_step(data: st.DataObject) -> None:
    codec = data.draw(strategies.codecs)
    vectors = data.draw(strategies.vectors(codec.dimension))
    codes = codec.encode_vectors(vectors)
    bits = codec.vectors.payload_bits
    step_bits = codec.vectors.scan_bits
    assert bits is not None
    assert step_bits is not None
    assert {len(code) for code in codes} == {(bits + 7) // 8}
    error = np.abs(codec.decode_vectors(codes) - vectors.clip(-1, 1))
    assert error.max() <= 2.0**-step_bits + 1e-6


@given(st.data())
def test_coding_what_was_decoded_gives_the_same_code(data: st.DataObject) -> None:
    codec = data.draw(strategies.codecs)
    codes = codec.encode_vectors(data.draw(strategies.vectors(codec.dimension)))
    assert codec.encode_vectors(codec.decode_vectors(codes)) == codes


@given(st.data())
def test_maps_have_their_length_and_come_back_as_pixels(data: st.DataObject) -> None:
    codec = data.draw(strategies.codecs)
    maps = data.draw(strategies.maps(max(codec.map_side, 2)))
    codes = codec.maps.encode(maps, NO_VECTORS)
    bits = codec.maps.payload_bits
    assert bits is not None
    assert {len(code) for code in codes} == {(bits + 7) // 8}
    shape = len(maps), codec.map_side, codec.map_side, 3
    assert codec.maps.decode(codes, NO_VECTORS).shape == shape


@given(strategies.bits, st.integers(1, 50), st.integers(0, 2**32 - 1))
def test_packing_loses_nothing_and_fills_with_zeros(bits: int, count: int, seed: int) -> None:
    levels = np.random.default_rng(seed).integers(0, 2**bits, (3, count), dtype=np.uint8)
    packed = pack(levels, bits)
    assert packed.shape == (3, (count * bits + 7) // 8)
    assert np.array_equal(unpack(packed, bits, count), levels)
    spare = packed.shape[1] * 8 - count * bits
    assert not (packed[:, -1] & ((1 << spare) - 1)).any()


def test_a_map_is_jpegs_ycbcr_with_halved_chroma() -> None:
    red = np.zeros((1, 4, 4, 3), np.uint8)
    red[..., 0] = 255
    samples = to_samples(red)
    assert samples.shape == (1, sample_count(4))
    assert samples[0, 0] == pytest.approx(76.245)
    assert samples[0, 16] == pytest.approx(84.97, abs=0.01)
    assert samples[0, 20] == pytest.approx(255.5, abs=0.01)
    assert np.abs(from_samples(samples, 4).astype(int) - red).max() <= 1


@pytest.mark.parametrize("bits", range(1, 9))
def test_samples_of_a_map_come_back_within_half_a_cell(bits: int) -> None:
    samples = np.linspace(0, 255.5, 1023, dtype=np.float32)[None]
    error = np.abs(dequantize_samples(quantize_samples(samples, bits), bits) - samples)
    half_a_cell = coclico(1, map_bits=bits).maps.quantization_error
    assert half_a_cell - 0.25 <= error.max() <= half_a_cell


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_at_eight_bits_a_flat_color_comes_back(color: tuple[int, int, int]) -> None:
    codec = coclico(1, map_side=6, map_bits=8)
    flat = np.full((1, 6, 6, 3), color, np.uint8)
    colors_hat = codec.maps.decode(codec.maps.encode(flat, NO_VECTORS), NO_VECTORS)
    assert np.abs(colors_hat.astype(int) - flat).max() <= 2


def test_golden_codes_decode_to_the_same_numbers_forever() -> None:
    paths = sorted(GOLDEN.glob("*x?.json"))
    assert len(paths) >= 4
    for path in paths:
        golden = json.loads(path.read_text())
        codec = open_codec(golden["name"], golden["parameters"])
        vector_hat = codec.decode_vectors([bytes.fromhex(golden["clip_code"])])[0]
        assert vector_hat.tolist() == golden["vector_hat"], path.name
        colors_hat = codec.maps.decode([bytes.fromhex(golden["color_code"])], NO_VECTORS)[0]
        assert colors_hat.ravel().tolist() == golden["colors_hat"], path.name
        vector = np.array([golden["vector"]], np.float32)
        assert codec.encode_vectors(vector)[0].hex() == golden["clip_code"], path.name


def test_by_its_name_alone_it_writes_the_golden_code_of_the_papers_point() -> None:
    golden = json.loads((GOLDEN / "coclico-768x1.json").read_text())
    codec = resolve_codec("coclico", 768)
    assert codec.parameters() == golden["parameters"]
    vector = np.array([golden["vector"]], np.float32)
    assert codec.encode_vectors(vector)[0].hex() == golden["clip_code"]


def test_codes_of_another_length_are_refused() -> None:
    with pytest.raises(BadCode, match="writes 2"):
        coclico(16).decode_vectors([b"\0\0\0"])
    with pytest.raises(BadCode, match="writes 24"):
        coclico(16).maps.decode([b""], NO_VECTORS)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_vector_that_is_not_finite_is_never_coded(value: float) -> None:
    with pytest.raises(ValueError, match="not finite"):
        coclico(2).encode_vectors(np.array([[0.0, value]], np.float32))


@pytest.mark.parametrize(
    "wrong",
    [
        {"bits": 0},
        {"bits": 9},
        {"map_side": 7},
        {"map_side": 34},
        {"map_bits": 9},
        {"dimension": 0},
    ],
)
def test_impossible_parameters_are_refused_in_one_sentence(wrong: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="cannot be coded"):
        coclico(**{"dimension": 8} | wrong)
