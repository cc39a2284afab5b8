"""What the index holds: the dequantized vectors without loss, or enough of others to find them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from archive.arrays import Vectors, unit
from archive.codecs import Codec, with_linear_decoder
from archive.codecs.coclico import coclico
from archive.codecs.klt import fit_klt
from archive.index import Index, IndexStamp
from archive.index.layouts import PackedCodeLayout, PcaLayout
from archive.store.database import PAGE
from tests.support.vectors import NO_MAPS, embeddings


def build(codec: Codec, codes: list[bytes]) -> Index:
    """An index of these codes, with ids from 0 on."""
    index = Index(codec, IndexStamp(1, codec.name))
    for start in range(0, len(codes), PAGE):
        index.extend(list(enumerate(codes[start : start + PAGE], start=start)))
    return index


def recall(index: Index, codec: Codec, codes: list[bytes], queries: Vectors) -> float:
    """Share of the ten rows nearest to each query that the shortlist holds; ties count."""
    scores = queries @ unit(codec.decode_vectors(codes)).T
    nearest = -np.sort(-scores, axis=1)[:, :10]
    ids = index.shortlist(queries, 10).ids
    listed = -np.sort(-np.take_along_axis(scores, ids, axis=1), axis=1)[:, :10]
    return float(np.isclose(listed, nearest, atol=1e-5).mean())


@pytest.mark.parametrize("bits", range(1, 9))
@pytest.mark.parametrize("dimension", [1, 7, 16, 512, 768])
def test_the_shortlist_holds_the_true_neighbors(
    bits: int, dimension: int, rng: np.random.Generator
) -> None:
    codec = coclico(dimension, bits=bits)
    codes = codec.encode_vectors(rng.normal(0, 0.5, (900, dimension)).astype(np.float32))
    queries = rng.normal(0, 0.5, (8, dimension)).astype(np.float32)
    assert recall(build(codec, codes), codec, codes, queries) >= 0.95


@pytest.mark.parametrize("bits", [1, 2, 3, 4])
@pytest.mark.parametrize("dimension", [7, 24])
def test_up_to_four_bits_the_index_holds_exactly_what_the_codec_decodes(
    bits: int, dimension: int, rng: np.random.Generator
) -> None:
    codec = coclico(dimension, bits=bits)
    codes = codec.encode_vectors(rng.normal(0, 0.6, (50, dimension)).astype(np.float32))
    shortlist = build(codec, codes).shortlist(codec.decode_vectors(codes), 50)
    assert shortlist.vectors_hat is not None
    for ids, vectors_hat in zip(shortlist.ids, shortlist.vectors_hat, strict=True):
        expected = codec.decode_vectors([codes[row_id] for row_id in ids])
        assert np.array_equal(vectors_hat, expected)


@pytest.mark.parametrize("bits", [5, 8])
def test_above_four_bits_the_index_holds_the_upper_four(
    bits: int, rng: np.random.Generator
) -> None:
    codec = coclico(24, bits=bits)
    codes = codec.encode_vectors(rng.uniform(-1, 1, (50, 24)).astype(np.float32))
    assert build(codec, codes).shortlist(codec.decode_vectors(codes), 5).vectors_hat is None
    index = PackedCodeLayout(codec).build(codes)
    layout = PackedCodeLayout(coclico(24, bits=4))
    coarse = layout.reconstruct(index, np.arange(50))
    assert coarse is not None
    error = np.abs(coarse - codec.decode_vectors(codes)).max()
    assert error <= 2**-4  # half a step of four bits
    assert error > 2**-6


@pytest.mark.parametrize(
    ("bits", "dimension", "width", "code_size"),
    [(1, 64, 64, 8), (1, 9, 16, 2), (2, 64, 64, 16), (2, 5, 8, 2), (3, 9, 10, 5), (8, 64, 64, 32)],
)
def test_a_row_takes_four_bits_per_group(
    bits: int, dimension: int, width: int, code_size: int
) -> None:
    layout = PackedCodeLayout(coclico(dimension, bits=bits))
    assert layout.width == width
    index = layout.build([])
    assert (index.d, index.code_size, index.ntotal) == (width, code_size, 0)


@pytest.mark.parametrize(("bits", "count", "size"), [(1, 10, 20), (1, 30, 60), (2, 10, 240)])
def test_shortlists_of_packed_codes_are_as_long_as_they_must_be(
    bits: int, count: int, size: int
) -> None:
    codec = coclico(32, bits=bits)
    assert PackedCodeLayout(codec).shortlist_size(count) == size
    codes = codec.encode_vectors(embeddings(500, seed=1, dimension=32))
    index = build(codec, codes)
    assert index.shortlist(embeddings(2, seed=2, dimension=32), count).ids.shape == (2, size)
    assert build(codec, codes[:7]).shortlist(codec.decode_vectors(codes), 99).ids.shape[1] == 7


@pytest.mark.parametrize("bits", [1, 3])
def test_vectors_decoded_by_least_squares_are_found(bits: int) -> None:
    vectors = embeddings(2000, seed=1, dimension=40)
    codec = with_linear_decoder(coclico(40, bits=bits, map_side=0), vectors)
    codes = codec.encode_vectors(vectors)
    index = build(codec, codes)
    queries = embeddings(20, seed=2, dimension=40)
    shortlist = index.shortlist(queries, 10)
    assert shortlist.vectors_hat is None
    assert shortlist.ids.shape == (20, 240)
    centered = queries - queries.mean(axis=0)  # else all rows are alike
    assert recall(index, codec, codes, centered) >= 0.95


def test_a_linear_decoder_answers_as_the_vectors_it_decodes(rng: np.random.Generator) -> None:
    vectors = embeddings(300, seed=1, dimension=16)
    codec = with_linear_decoder(coclico(16, bits=2, map_side=0), vectors)
    codes = codec.encode_vectors(vectors)
    layout = PackedCodeLayout(codec)
    index = layout.build(codes)
    queries = rng.normal(size=(4, 16)).astype(np.float32)
    decoder = codec.vectors.linear_decoder
    assert decoder is not None
    plain = layout.query(queries) @ index.reconstruct_n(0, 300).T
    expected = queries @ (codec.decode_vectors(codes) - decoder.mean).T
    ratio = plain / expected
    assert np.allclose(ratio, np.median(ratio), rtol=0.01)  # in proportion: the order is the same


def test_axes_are_the_principal_ones_and_values_lie_near_them() -> None:
    vectors = embeddings(4000, seed=1, dimension=80)
    codec = fit_klt(vectors, NO_MAPS, bits=200, map_bits=0)
    codes = codec.encode_vectors(vectors)
    layout = PcaLayout.fit(codec, codes)
    assert (layout.width, layout.fitted_to) == (64, 4000)
    vectors_hat = unit(codec.decode_vectors(codes))
    projected = layout.query(vectors_hat)
    variances = projected.var(axis=0)
    assert (np.diff(variances) <= 1e-7).all()
    assert variances.sum() >= 0.9 * vectors_hat.var(axis=0).sum()
    stored = layout.build(codes).reconstruct_n(0, len(codes))
    error = ((stored - projected) ** 2).mean(axis=0)
    assert (error[:16] <= 0.03 * variances[:16]).all()  # sixteen values fitted to each axis


def test_a_sample_is_no_longer_than_a_page_and_may_be_one_row() -> None:
    vectors = embeddings(PAGE + 100, seed=1, dimension=16)
    codec = fit_klt(vectors, NO_MAPS, bits=40, map_bits=0)
    codes = codec.encode_vectors(vectors)
    assert PcaLayout.fit(codec, codes).fitted_to == PAGE == 4096
    layout = PcaLayout.fit(codec, codes[:1])
    assert (layout.fitted_to, layout.width) == (1, 16)
    assert layout.build([]).ntotal == 0
    index = build(codec, codes[:1])
    assert index.shortlist(vectors[:2], 3).ids.tolist() == [[0], [0]]


@pytest.mark.parametrize(("count", "size"), [(3, 100), (20, 200)])
def test_shortlists_of_projected_vectors_are_longer(count: int, size: int) -> None:
    vectors = embeddings(500, seed=1)
    codec = fit_klt(vectors, NO_MAPS, bits=60, map_bits=0)
    index = build(codec, codec.encode_vectors(vectors))
    assert index.shortlist(vectors[:2], count).ids.shape == (2, size)


def test_fitted_codes_are_found_among_real_embeddings(shared_data: Path) -> None:
    path = shared_data / "embeddings" / "cnclip_vitb16_images.npy"
    vectors = np.load(path)[:16_000].astype(np.float32)
    codec = fit_klt(vectors[:4000], NO_MAPS, bits=120, map_bits=0)
    codes = codec.encode_vectors(vectors)
    index = build(codec, codes)
    assert not index.needs_refit
    queries = vectors[::80]
    assert index.shortlist(queries, 10).vectors_hat is None
    assert recall(index, codec, codes, queries) >= 0.95
