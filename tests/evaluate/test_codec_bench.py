"""`bench codecs` measures FAISS' quantizers beside ours, and what search finds."""

from __future__ import annotations

import numpy as np
import pytest

from archive.arrays import Vectors
from archive.errors import UsageError
from archive.evaluate.codec_bench import CodecBench
from archive.evaluate.faiss_quantizers import FAISS_QUANTIZERS, train_faiss

DIMENSION = 32


@pytest.fixture(scope="module")
def bench() -> CodecBench:
    return CodecBench(draw(1200, seed=1), draw(300, seed=2))


def draw(count: int, *, seed: int) -> Vectors:
    """(count, DIMENSION) float32: a mean and a decaying spectrum."""
    spectrum = np.arange(1, DIMENSION + 1) ** -0.7
    noise = np.random.default_rng(seed).normal(size=(count, DIMENSION))
    return np.asarray(1 + noise * spectrum, np.float32)


def test_faiss_quantizers_have_points_at_the_bits_asked_for(bench: CodecBench) -> None:
    points = list(bench.points(["pq", "opq", "rq"], [16]))
    assert [(point["codec"], point["bits"]) for point in points] == [
        ("pq", 16.0),
        ("opq", 16.0),
        ("rq", 16.0),
        ("bound", 16),
    ]
    for point in points[:3]:
        assert 0.3 < point["neighbors_kept"] < 1
        assert 0.3 < point["neighbors_found"] < 1
        assert 0.5 < point["centered_cosine"] < 1
        assert point["side_bits"] > 8 * 4 * 256 * DIMENSION


def test_what_needs_no_training_time_is_bytes_and_comes_back() -> None:
    rows = draw(600, seed=1)
    quantizer = train_faiss("rabitq", rows, 80)
    assert quantizer is not None
    codes = quantizer.encode_vectors(rows)
    assert {len(code) for code in codes} == {10}
    assert quantizer.decode_vectors(codes).shape == rows.shape


@pytest.mark.parametrize(
    ("name", "bits"), [("pq", 12), ("pq", 24), ("opq", 24), ("rq", 4), ("lsq", 9), ("rabitq", 64)]
)
def test_there_is_no_point_where_the_bits_do_not_divide(name: str, bits: int) -> None:
    assert train_faiss(name, draw(300, seed=1), bits) is None


def test_a_sample_smaller_than_a_book_has_no_point() -> None:
    assert train_faiss("pq", draw(255, seed=1), 16) is None


def test_an_unknown_name_lists_both_kinds(bench: CodecBench) -> None:
    with pytest.raises(UsageError, match=f"klt.*{', '.join(FAISS_QUANTIZERS)}"):
        list(bench.points(["vq"], [16]))


def test_a_query_that_is_not_decoded_finds_more() -> None:
    rows = draw(3000, seed=1)
    [klt, _] = CodecBench(rows[:2000], rows[2000:]).points(["klt"], [24])
    assert klt["neighbors_found"] > klt["neighbors_kept"]
