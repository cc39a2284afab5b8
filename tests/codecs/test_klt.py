"""`klt`: the rate asked for, better than the sign code, the same numbers on every machine."""

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

from archive.arrays import unit
from archive.codecs import Codec, load_codec, open_codec, save_codec, with_linear_decoder
from archive.codecs.coders.colormap import to_samples
from archive.codecs.klt import fit_klt
from archive.errors import BadCode, UnknownCodec, UsageError
from archive.evaluate.rate_distortion import EvaluationSample, measure
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
    """(count, DIMENSION) float32, like embeddings: a mean, thirty clusters, a decaying spectrum."""
    shape = np.random.default_rng(0)
    rng = np.random.default_rng(seed)
    spectrum = np.arange(1, DIMENSION + 1) ** -0.7
    centers = shape.normal(size=(30, DIMENSION)) * spectrum
    noise = 0.7 * rng.normal(size=(count, DIMENSION)) * spectrum
    vectors = shape.normal(size=DIMENSION) + centers[rng.integers(30, size=count)] + noise
    return vectors.astype(np.float32)


@pytest.fixture(scope="module")
def maps() -> np.ndarray:
    """(400, 8, 8, 3): color maps of drawings, shifted and mirrored."""
    from archive.imaging.resize import to_square

    drawings = [draw_scene(seed, size=(64, 64)).pixels for seed in range(100)]
    return np.stack(
        [
            to_square(np.ascontiguousarray(drawing[top:, ::direction]), 8)
            for drawing in drawings
            for top in (0, 9)
            for direction in (1, -1)
        ]
    )


def map_error(codec: Codec, vectors: np.ndarray, maps: np.ndarray) -> float:
    """The mean squared error of decoded color maps."""
    _, colors_hat = codec.decode(*codec.encode(vectors, maps))
    return float(np.square(colors_hat.astype(float) - maps).mean())


@pytest.fixture(scope="module")
def codec(maps: np.ndarray) -> Codec:
    return fit_klt(draw(3000, seed=1), np.concatenate([maps] * 8)[:3000], bits=40, map_bits=40)


def test_codes_take_the_bits_asked_for_on_new_images(codec: Codec) -> None:
    codes = codec.encode_vectors(draw(1000, seed=2))
    assert 8 * np.mean([len(code) for code in codes]) == pytest.approx(40, rel=0.06)


@pytest.mark.parametrize(("bits", "least_cosine"), [(40, 0.0), (100, 0.6), (200, 0.9)])
def test_vectors_unlike_the_sample_take_a_quarter_more_at_most(
    bits: int, least_cosine: float
) -> None:
    codec = fit_klt(draw(3000, seed=1), NO_MAPS, bits=bits, map_bits=0)
    rng = np.random.default_rng(3)
    center = 3 * rng.normal(size=DIMENSION)
    foreign = (rng.normal(size=(500, DIMENSION)) + center).astype(np.float32)
    codes = codec.encode_vectors(foreign)
    assert 8 * np.mean([len(code) for code in codes]) <= 1.25 * bits + 8
    cosines = (unit(codec.decode_vectors(codes)) * unit(foreign)).sum(axis=1)
    assert cosines.mean() > least_cosine


def test_it_beats_the_sign_code_at_less_than_its_bits(codec: Codec) -> None:
    fitted = draw(3000, seed=1)
    test = draw(1000, seed=2)
    sample = EvaluationSample(test, fitted.mean(axis=0))
    klt, _ = measure(codec, sample)
    signs, _ = measure(open_codec("clip", {"dimension": DIMENSION}), sample)
    assert klt.bits < signs.bits
    assert klt.cosine > signs.cosine + 0.05
    assert klt.neighbors_kept > signs.neighbors_kept


def test_maps_come_back_closer_than_the_raw_code_at_a_fifth_of_its_bits(
    codec: Codec, maps: np.ndarray
) -> None:
    vectors = draw(len(maps), seed=1)

    assert 8 * np.mean([len(code) for code in codec.encode(vectors, maps)[1]]) < 44
    raw = open_codec("coclico", {"dimension": DIMENSION})
    assert map_error(codec, vectors, maps) < map_error(raw, vectors, maps)


def test_the_cell_of_a_map_is_as_wide_as_its_error(codec: Codec, maps: np.ndarray) -> None:
    vectors = draw(len(maps), seed=1)
    _, colors_hat = codec.decode(*codec.encode(vectors, maps))
    error = float(np.sqrt(np.square(to_samples(colors_hat) - to_samples(maps)).mean()))
    assert codec.maps.quantization_error == pytest.approx(error, rel=0.25)


def test_a_map_is_predicted_from_the_vector_where_that_helps_and_only_there(
    maps: np.ndarray,
) -> None:
    noise = np.random.default_rng(0).normal(size=(len(maps), DIMENSION)) / 5
    related = (to_samples(maps)[:, :DIMENSION] / 50 + noise).astype(np.float32)
    unrelated = draw(len(maps), seed=1)
    predicted = fit_klt(related, maps, bits=60, map_bits=24)
    plain = fit_klt(unrelated, maps, bits=60, map_bits=24)
    assert predicted.maps.predicted
    assert not plain.maps.predicted
    assert map_error(predicted, related, maps) < 0.8 * map_error(plain, unrelated, maps)


def test_least_squares_decode_sign_codes_better() -> None:
    fitted = draw(3000, seed=1)
    test = draw(1000, seed=2)
    sample = EvaluationSample(test, fitted.mean(axis=0))
    plain = open_codec("clip", {"dimension": DIMENSION, "bits": 1})
    better = with_linear_decoder(plain, fitted)
    assert better.encode_vectors(test) == plain.encode_vectors(test)
    better_point, _ = measure(better, sample)
    plain_point, _ = measure(plain, sample)
    assert better_point.relative_error < plain_point.relative_error / 2
    opened = open_codec(better.name, better.parameters(), better.state)
    codes = plain.encode_vectors(test)
    assert np.array_equal(opened.decode_vectors(codes[:7]), better.decode_vectors(codes)[:7])


def test_more_bits_are_more_faithful() -> None:
    test = draw(500, seed=2)
    sample = EvaluationSample(test, test.mean(axis=0))
    errors = []
    for bits in (16, 48, 120):
        codec = fit_klt(draw(1500, seed=1), NO_MAPS, bits=bits, map_bits=0)
        point, _ = measure(codec, sample)
        errors.append(point.relative_error)
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
def test_another_process_with_other_threads_decodes_the_same_numbers(
    codec: Codec, tmp_path: Path, threads: str
) -> None:
    codes = codec.encode_vectors(draw(300, seed=4))
    save_codec(codec, tmp_path / "codec.npz")
    (tmp_path / "codes").write_text("\n".join(code.hex() or "00" for code in codes))
    variables = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), threads)
    files = [str(tmp_path / "codec.npz"), str(tmp_path / "codes")]
    command = [sys.executable, "-c", DECODE, *files]
    done = subprocess.run(
        command, env=os.environ | variables, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == hashlib.sha256(codec.decode_vectors(codes).tobytes()).hexdigest()


def test_a_row_decodes_the_same_alone_and_among_others(codec: Codec) -> None:
    codes = codec.encode_vectors(draw(100, seed=5))
    alone = np.concatenate([codec.decode_vectors([code]) for code in codes])
    assert np.array_equal(alone, codec.decode_vectors(codes))


@pytest.mark.parametrize(
    "name", ["klt", "klt-gains", "klt-books", "klt-books-trellis", "klt-modes", "smic"]
)
def test_golden_codes_decode_to_the_same_numbers_forever(name: str) -> None:
    codec = load_codec(GOLDEN / f"{name}.npz")
    golden = json.loads((GOLDEN / f"{name}-codes.json").read_text())
    clip_codes = [bytes.fromhex(code) for code in golden["clip_codes"]]
    color_codes = [bytes.fromhex(code) for code in golden["color_codes"]]
    vectors_hat, colors_hat = codec.decode(clip_codes, color_codes)
    assert hashlib.sha256(vectors_hat.tobytes()).hexdigest() == golden["vectors_hat_sha256"]
    assert vectors_hat[0].tolist() == golden["vector_hat"]
    assert hashlib.sha256(colors_hat.tobytes()).hexdigest() == golden["colors_hat_sha256"]


@settings(deadline=None)
@given(st.binary(max_size=40))
def test_whatever_the_bytes_they_decode_or_are_refused(codec: Codec, code: bytes) -> None:
    try:
        vector_hat = codec.decode_vectors([code])
    except BadCode:
        return
    assert np.isfinite(vector_hat).all()


def test_too_few_images_and_broken_state_are_refused(codec: Codec, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at least 64"):
        fit_klt(draw(63, seed=1), NO_MAPS, bits=120, map_bits=0)
    with pytest.raises(UnknownCodec, match="cannot be read"):
        open_codec("klt", codec.parameters(), codec.state[:-100])
    with pytest.raises(UnknownCodec):
        open_codec("klt", codec.parameters(), b"")
    (tmp_path / "codec.npz").write_bytes(b"PK")
    with pytest.raises(UnknownCodec):
        load_codec(tmp_path / "codec.npz")


@pytest.mark.parametrize("name", ["klt", "klt-gains"])
def test_states_of_the_first_layout_still_code(name: str) -> None:
    codec = load_codec(GOLDEN / f"{name}.npz")
    golden = json.loads((GOLDEN / f"{name}-codes.json").read_text())
    vectors = codec.decode_vectors([bytes.fromhex(code) for code in golden["clip_codes"]])
    again = codec.decode_vectors(codec.encode_vectors(vectors))
    error = np.square(again - vectors).sum() / np.square(vectors - vectors.mean(axis=0)).sum()
    assert error < 0.05
