"""`smic`: the bits asked for, the same numbers everywhere, damaged codes refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.arrays import cosine
from archive.codecs.codec import Codec
from archive.codecs.coders.atom_sets import set_weights
from archive.codecs.coders.serialization import from_bytes
from archive.codecs.coders.sparse_fit import SHAPES
from archive.codecs.fitted_coders import FittedVectors
from archive.codecs.smic import fit_smic, open_smic
from archive.errors import BadCode, UsageError

DIMENSION = 48
SAMPLE = 4000
NO_MAPS = np.zeros((SAMPLE, 0, 0, 3), np.uint8)
DECODE_ELSEWHERE = """
import hashlib, json, sys
import numpy as np
from archive.codecs.smic import open_smic
from archive.codecs.coders.serialization import from_bytes
folder = sys.argv[1]
stored = json.load(open(f"{folder}/codes.json"))
codec = open_smic(stored["parameters"], from_bytes(open(f"{folder}/state", "rb").read()))
codes = [bytes.fromhex(code) for code in stored["codes"]]
print(hashlib.sha256(codec.decode_vectors(codes).tobytes()).hexdigest())
"""


def draw(count: int, *, seed: int) -> np.ndarray:
    """(count, DIMENSION) float32 around a mean: forty clusters, a decaying spectrum."""
    shape = np.random.default_rng(0)
    rng = np.random.default_rng(seed)
    spectrum = np.arange(1, DIMENSION + 1) ** -0.7
    centers = 1.5 * shape.normal(size=(40, DIMENSION)) * spectrum
    noise = rng.normal(size=(count, DIMENSION)) * spectrum
    vectors = centers[rng.integers(40, size=count)] + noise + shape.normal(size=DIMENSION)
    return vectors.astype(np.float32)


def mean_of(codec: Codec) -> np.ndarray:
    assert isinstance(codec.vectors, FittedVectors)
    return codec.vectors.coder.mean


def centered_cosine(codec: Codec, vectors: np.ndarray) -> float:
    """The mean cosine about the codec's mean."""
    mean = mean_of(codec)
    vectors_hat = codec.decode_vectors(codec.encode_vectors(vectors))
    return float(cosine(vectors - mean, vectors_hat - mean).mean())


@pytest.fixture(scope="module")
def maps() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (SAMPLE, 4, 4, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def codec(maps: np.ndarray) -> Codec:
    return fit_smic(draw(SAMPLE, seed=1), maps, bits=48, map_bits=20)


@pytest.fixture(scope="module")
def fresh() -> np.ndarray:
    """Vectors that no codec was fitted to."""
    return draw(1000, seed=2)


def reopened(codec: Codec) -> Codec:
    return open_smic(codec.parameters(), from_bytes(codec.state))


def test_a_codec_opened_from_its_row_codes_and_decodes_the_same(
    codec: Codec, fresh: np.ndarray, maps: np.ndarray
) -> None:
    opened = reopened(codec)
    assert opened.name == "smic"
    assert opened.parameters() == codec.parameters()
    assert opened.state == codec.state
    clip_codes = codec.encode_vectors(fresh)
    assert opened.encode_vectors(fresh) == clip_codes
    assert np.array_equal(opened.decode_vectors(clip_codes), codec.decode_vectors(clip_codes))
    codes = codec.encode(fresh[:20], maps[:20])
    assert opened.encode(fresh[:20], maps[:20]) == codes
    assert np.array_equal(opened.decode(*codes)[1], codec.decode(*codes)[1])


def test_other_processes_with_other_threads_decode_the_same_bits(
    codec: Codec, fresh: np.ndarray, tmp_path: Path
) -> None:
    codes = [code.hex() for code in codec.encode_vectors(fresh)]
    stored = {"parameters": codec.parameters(), "codes": codes}
    (tmp_path / "codes.json").write_text(json.dumps(stored))
    (tmp_path / "state").write_bytes(codec.state)
    digests = set()
    for threads in ("1", "2"):
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        command = [sys.executable, "-c", DECODE_ELSEWHERE, str(tmp_path)]
        environment = os.environ | dict.fromkeys(names, threads)
        done = subprocess.run(command, check=True, capture_output=True, env=environment)
        digests.add(done.stdout)
    assert len(digests) == 1


@pytest.mark.parametrize("bits", [8, 24, 56])
def test_new_images_take_the_bits_promised_and_keep_their_direction(
    bits: int, fresh: np.ndarray
) -> None:
    codec = fit_smic(draw(SAMPLE, seed=1), NO_MAPS, bits=bits, map_bits=0)
    stored = 8 * np.mean([len(code) for code in codec.encode_vectors(fresh)])
    assert stored <= bits * 1.05
    assert centered_cosine(codec, fresh) > {8: 0.55, 24: 0.75, 56: 0.85}[bits]


@pytest.mark.parametrize("bits", [6, 8])
def test_the_lowest_rates_store_one_byte_at_most(bits: int, fresh: np.ndarray) -> None:
    codec = fit_smic(draw(SAMPLE, seed=1), NO_MAPS, bits=bits, map_bits=0)
    assert max(len(code) for code in codec.encode_vectors(10 * fresh)) <= 1


def test_new_images_change_neither_the_dictionary_nor_old_codes(
    codec: Codec, fresh: np.ndarray
) -> None:
    state = codec.state
    codes = codec.encode_vectors(fresh)
    decoded = codec.decode_vectors(codes)
    newer = codec.encode_vectors(5 + 3 * draw(100, seed=3))
    assert reopened(codec).state == state
    assert np.array_equal(codec.decode_vectors(codes + newer)[: len(codes)], decoded)


def test_a_code_decodes_the_same_alone_and_among_others(codec: Codec, fresh: np.ndarray) -> None:
    codes = codec.encode_vectors(fresh[:50])
    alone = np.concatenate([codec.decode_vectors([code]) for code in codes])
    assert np.array_equal(alone, codec.decode_vectors(codes))


def test_nothing_is_coded_to_nothing(codec: Codec) -> None:
    assert codec.encode_vectors(np.zeros((0, DIMENSION), np.float32)) == []
    assert codec.decode_vectors([]).shape == (0, DIMENSION)


@given(code=st.binary(max_size=40))
def test_a_damaged_code_is_refused_or_gives_finite_numbers(codec: Codec, code: bytes) -> None:
    try:
        vectors = codec.decode_vectors([code])
    except BadCode:
        return
    assert vectors.shape == (1, DIMENSION)
    assert np.isfinite(vectors).all()


def test_the_mean_and_far_vectors_are_coded_too(codec: Codec) -> None:
    mean = mean_of(codec)
    vectors = np.stack([mean, np.zeros_like(mean), mean + 1e6, -1e6 * np.ones_like(mean)])
    codes = codec.encode_vectors(vectors.astype(np.float32))
    assert np.isfinite(codec.decode_vectors(codes)).all()


def test_set_weights_are_those_of_all_sets() -> None:
    single, pairs = set_weights(np.array([3, 1, 4, 2], np.uint16), 2)
    assert single.tolist() == [3, 1, 4, 2]
    assert pairs.tolist() == [3 * (1 + 4 + 2), 1 * (4 + 2), 4 * 2, 0]


@pytest.mark.parametrize("count", [64, 90])
def test_few_images_make_a_small_dictionary(count: int) -> None:
    vectors = draw(count, seed=4)
    for bits in SHAPES:
        codec = fit_smic(vectors, NO_MAPS[:count], bits=bits, map_bits=0)
        assert np.isfinite(codec.decode_vectors(codec.encode_vectors(vectors))).all()
        assert len(codec.state) < 8000


def test_identical_images_are_coded_without_loss() -> None:
    vectors = np.repeat(draw(1, seed=5), 64, axis=0)
    codec = fit_smic(vectors, NO_MAPS[:64], bits=48, map_bits=0)
    assert np.allclose(codec.decode_vectors(codec.encode_vectors(vectors)), vectors, atol=1e-5)


def test_too_few_images_are_refused() -> None:
    with pytest.raises(UsageError, match="at least 64"):
        fit_smic(draw(63, seed=1), NO_MAPS[:63], bits=48, map_bits=0)
