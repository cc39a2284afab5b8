"""`klt` keeps its promises: the rate asked for, better than the sign code, the same numbers on every machine."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.codecs import (
    Codec,
    load_codec,
    open_codec,
    save_codec,
    with_linear_decoder,
)
from archive.codecs.coders import range_coder
from archive.codecs.coders.colormap import to_samples
from archive.codecs.klt import fit_klt
from archive.errors import BadCode, UnknownCodec, UsageError
from archive.evaluate.codec_bench import load_vectors
from archive.evaluate.rate_distortion import EvaluationSample, GaussianBound, measure
from training.scenes import draw_scene

DIMENSION = 48
NO_MAPS = np.zeros((0, 0, 0, 3), np.uint8)
GOLDEN = Path(__file__).parents[1] / "golden"
DECODE = """
import hashlib, sys
from pathlib import Path
from archive.codecs import load_codec
codec = load_codec(Path(sys.argv[1]))
codes = [bytes.fromhex(code) for code in Path(sys.argv[2]).read_text().split()]
print(hashlib.sha256(codec.decode_vectors(codes).tobytes()).hexdigest())
"""


def draw(count: int, *, seed: int) -> np.ndarray:
    """(count, DIMENSION) float32: a mean, thirty clusters, a decaying spectrum, as embeddings have them."""
    shape = np.random.default_rng(0)
    rng = np.random.default_rng(seed)
    spectrum = np.arange(1, DIMENSION + 1) ** -0.7
    centres = shape.normal(size=(30, DIMENSION)) * spectrum
    drawn = (
        centres[rng.integers(30, size=count)] + 0.7 * rng.normal(size=(count, DIMENSION)) * spectrum
    )
    return (shape.normal(size=DIMENSION) + drawn).astype(np.float32)


@pytest.fixture(scope="module")
def maps() -> np.ndarray:
    """(400, 8, 8, 3): colour maps of real drawings, shifted and mirrored."""
    from archive.imaging.resize import to_square

    drawn = [draw_scene(seed, size=(64, 64)).pixels for seed in range(100)]
    return np.stack(
        [
            to_square(np.ascontiguousarray(one[cut:, ::way]), 8)
            for one in drawn
            for cut in (0, 9)
            for way in (1, -1)
        ]
    )


@pytest.fixture(scope="module")
def codec(maps: np.ndarray) -> Codec:
    return fit_klt(draw(3000, seed=1), np.concatenate([maps] * 8)[:3000], bits=40, map_bits=40)


def test_codes_take_the_bits_asked_for_on_pictures_never_seen(codec: Codec) -> None:
    codes = codec.encode_vectors(draw(1000, seed=2))
    assert 8 * np.mean([len(code) for code in codes]) == pytest.approx(40, rel=0.06)


def test_it_beats_the_sign_code_at_less_than_its_bits(codec: Codec) -> None:
    fitted = draw(3000, seed=1)
    test = draw(1000, seed=2)
    ours, _ = measure(codec, EvaluationSample(test, fitted.mean(axis=0)))
    signs, _ = measure(
        open_codec("clip", {"dimension": DIMENSION}), EvaluationSample(test, fitted.mean(axis=0))
    )
    assert ours.bits < signs.bits
    assert ours.cosine > signs.cosine + 0.05
    assert ours.neighbors_kept > signs.neighbors_kept


def test_maps_come_back_closer_than_the_raw_code_at_a_fifth_of_its_bits(
    codec: Codec, maps: np.ndarray
) -> None:
    vectors = draw(len(maps), seed=1)

    def error(one: Codec) -> float:
        return float(((one.decode(*one.encode(vectors, maps))[1].astype(float) - maps) ** 2).mean())

    assert 8 * np.mean([len(code) for code in codec.encode(vectors, maps)[1]]) < 44
    assert error(codec) < error(open_codec("coclico", {"dimension": DIMENSION}))


def test_the_cell_of_a_map_is_as_wide_as_its_error(codec: Codec, maps: np.ndarray) -> None:
    vectors = draw(len(maps), seed=1)
    missed = to_samples(codec.decode(*codec.encode(vectors, maps))[1]) - to_samples(maps)
    assert codec.maps.quantization_error == pytest.approx(
        float(np.sqrt((missed**2).mean())), rel=0.25
    )


def test_a_map_is_predicted_from_the_vector_where_that_helps_and_only_there(
    maps: np.ndarray,
) -> None:
    rng = np.random.default_rng(0)
    shown = (
        to_samples(maps)[:, :DIMENSION] / 50
        + rng.normal(size=(len(maps), DIMENSION)).astype(np.float32) / 5
    )
    told, untold = (
        fit_klt(vectors, maps, bits=60, map_bits=24) for vectors in (shown, draw(len(maps), seed=1))
    )
    assert told.maps.predicted
    assert not untold.maps.predicted
    errors = [
        ((one.decode(*one.encode(vectors, maps))[1].astype(float) - maps) ** 2).mean()
        for one, vectors in ((told, shown), (untold, draw(len(maps), seed=1)))
    ]
    assert errors[0] < 0.8 * errors[1]


def test_least_squares_decode_sign_codes_better_and_exactly_everywhere(tmp_path: Path) -> None:
    fitted = draw(3000, seed=1)
    test = draw(1000, seed=2)
    plain = open_codec("clip", {"dimension": DIMENSION, "bits": 1})
    better = with_linear_decoder(plain, fitted)
    assert better.encode_vectors(test) == plain.encode_vectors(test)
    errors = [
        measure(one, EvaluationSample(test, fitted.mean(axis=0)))[0].relative_error
        for one in (better, plain)
    ]
    assert errors[0] < errors[1] / 2
    opened = open_codec(better.name, better.parameters(), better.state)
    codes = plain.encode_vectors(test)
    assert np.array_equal(opened.decode_vectors(codes[:7]), better.decode_vectors(codes)[:7])


def test_more_bits_are_more_faithful() -> None:
    test = draw(500, seed=2)
    errors = [
        measure(
            fit_klt(draw(1500, seed=1), NO_MAPS, bits=bits),
            EvaluationSample(test, test.mean(axis=0)),
        )[0].relative_error
        for bits in (16, 48, 120)
    ]
    assert errors == sorted(errors, reverse=True)


def test_state_and_file_hold_the_whole_codec(
    codec: Codec, tmp_path: Path, maps: np.ndarray
) -> None:
    save_codec(codec, tmp_path / "codec.npz")
    vectors = draw(50, seed=3)
    for opened in (
        open_codec(codec.name, codec.parameters(), codec.state),
        load_codec(tmp_path / "codec.npz"),
    ):
        assert opened.encode_vectors(vectors) == codec.encode_vectors(vectors)
        assert opened.encode(vectors, maps[:50]) == codec.encode(vectors, maps[:50])
        assert opened.state == codec.state


@pytest.mark.parametrize("threads", ["1", "2"])
def test_another_process_with_other_threads_decodes_the_very_bytes(
    codec: Codec, tmp_path: Path, threads: str
) -> None:
    codes = codec.encode_vectors(draw(300, seed=4))
    save_codec(codec, tmp_path / "codec.npz")
    (tmp_path / "codes").write_text("\n".join(code.hex() or "00" for code in codes))
    variables = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), threads)
    command = [sys.executable, "-c", DECODE, tmp_path / "codec.npz", tmp_path / "codes"]
    done = subprocess.run(
        command, env=os.environ | variables, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == hashlib.sha256(codec.decode_vectors(codes).tobytes()).hexdigest()


def test_a_row_decodes_alone_as_among_others(codec: Codec) -> None:
    codes = codec.encode_vectors(draw(100, seed=5))
    together = codec.decode_vectors(codes)
    assert all(
        np.array_equal(codec.decode_vectors([code])[0], row)
        for code, row in zip(codes, together, strict=True)
    )


def test_golden_codes_decode_to_the_same_numbers_for_ever() -> None:
    for name in ("klt", "smic"):
        codec = load_codec(GOLDEN / f"{name}.npz")
        kept = json.loads((GOLDEN / f"{name}-codes.json").read_text())
        codes = [
            [bytes.fromhex(code) for code in kept[kind]] for kind in ("clip_codes", "color_codes")
        ]
        vectors_hat, colors_hat = codec.decode(*codes)
        assert hashlib.sha256(vectors_hat.tobytes()).hexdigest() == kept["vectors_hat_sha256"], name
        assert vectors_hat[0].tolist() == kept["vector_hat"], name
        assert hashlib.sha256(colors_hat.tobytes()).hexdigest() == kept["colors_hat_sha256"], name


@settings(deadline=None)
@given(st.binary(max_size=40))
def test_whatever_the_bytes_they_decode_or_are_refused(codec: Codec, code: bytes) -> None:
    try:
        vector_hat = codec.decode_vectors([code])
    except BadCode:
        return
    assert np.isfinite(vector_hat).all()


def test_too_few_pictures_and_broken_state_are_refused(codec: Codec, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at least 64"):
        fit_klt(draw(63, seed=1), NO_MAPS)
    with pytest.raises(UnknownCodec, match="cannot be read"):
        open_codec("klt", codec.parameters(), codec.state[:-100])
    with pytest.raises(UnknownCodec):
        open_codec("klt", codec.parameters(), b"")
    (tmp_path / "codec.npz").write_bytes(b"PK")
    with pytest.raises(UnknownCodec):
        load_codec(tmp_path / "codec.npz")


@pytest.mark.parametrize("content", [b"", b"text", b"\x93NUMPY\x01\x00"])
def test_files_that_hold_no_vectors_are_refused_in_one_sentence(
    content: bytes, tmp_path: Path
) -> None:
    (tmp_path / "vectors.npy").write_bytes(content)
    with pytest.raises(UsageError, match="of vectors; give"):
        load_vectors(tmp_path / "vectors.npy")
    np.save(tmp_path / "vectors.npy", np.zeros(3, np.float32))
    with pytest.raises(UsageError, match="matrix"):
        load_vectors(tmp_path / "vectors.npy")


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_messages_come_back_and_cost_their_information(data: st.DataObject) -> None:
    width = data.draw(st.integers(2, 20))
    length = data.draw(st.integers(1, 60))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    tables = range_coder.probabilities(range_coder.integer_counts(rng.random((length, width)) ** 8))
    symbols = np.array(
        [rng.choice(width, p=row.astype(float) / row.sum(dtype=float)) for row in tables], np.int32
    )
    message = range_coder.encode([(symbols, tables)])
    assert range_coder.Reader(message).read(tables).tolist() == symbols.tolist()
    information = -np.log2(tables[np.arange(length), symbols].astype(float)).sum()
    assert 8 * len(message) < information + 9


def test_the_bound_is_that_of_a_gaussian() -> None:
    white = np.random.default_rng(0).normal(size=(20_000, 8)).astype(np.float32)
    assert GaussianBound.of(white).bits(8 / 4) == pytest.approx(
        8, rel=0.02
    )  # a quarter of the variance: one bit a dimension
    assert GaussianBound.of(white).bits(9) == 0
    assert GaussianBound.of(white).centered_cosine(8) == pytest.approx(np.sqrt(0.75), rel=0.01)
