"""The index holds the dequantised vectors, finds what exact search finds, and is never believed against the rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.codecs import Codec
from archive.codecs.coclico import coclico
from archive.codecs.klt import fit_klt
from archive.index import Index, IndexStamp
from archive.store.images import PAGE
from tests.codecs.test_klt import NO_MAPS, draw

STAMP = IndexStamp(1, "coclico")


def built(codec: Codec, codes: list[bytes], *, first_id: int = 1) -> Index:
    index = Index(codec, STAMP)
    index.extend(list(enumerate(codes, start=first_id)))
    return index


@pytest.mark.parametrize("bits", range(1, 9))
@pytest.mark.parametrize("dimension", [1, 7, 16, 512, 768])
def test_the_short_list_holds_the_true_neighbours(
    bits: int, dimension: int, rng: np.random.Generator
) -> None:
    codec = coclico(dimension, bits=bits)
    codes = codec.encode_vectors(rng.normal(0, 0.5, (900, dimension)).astype(np.float32))
    queries = rng.normal(0, 0.5, (8, dimension)).astype(np.float32)
    vectors_hat = codec.decode_vectors(codes)
    short = built(codec, codes).shortlist(queries, 10).ids
    scores = queries @ (vectors_hat / np.linalg.norm(vectors_hat, axis=1, keepdims=True)).T
    best = -np.sort(-scores, axis=1)[:, :10]
    found = -np.sort(-np.take_along_axis(scores, short - 1, axis=1), axis=1)[:, :10]
    assert np.isclose(found, best, atol=1e-5).mean() >= 0.95


@pytest.mark.parametrize("bits", [1, 2, 3, 4])
def test_up_to_four_bits_the_index_holds_exactly_what_the_codec_decodes(
    bits: int, rng: np.random.Generator
) -> None:
    codec = coclico(24, bits=bits)
    codes = codec.encode_vectors(rng.normal(0, 0.6, (50, 24)).astype(np.float32))
    index = built(codec, codes)
    short = index.shortlist(codec.decode_vectors(codes), 50)
    assert short.vectors_hat is not None
    assert np.array_equal(
        short.vectors_hat[0], codec.decode_vectors([codes[i - 1] for i in short.ids[0]])
    )


def test_a_row_costs_its_code_and_little_more(rng: np.random.Generator, tmp_path: Path) -> None:
    codec = coclico(768)
    index = built(
        codec, [code.tobytes() for code in rng.integers(0, 256, (20_000, 96), dtype=np.uint8)]
    )
    index.save(tmp_path / "index.npz")
    assert (tmp_path / "index.npz").stat().st_size / 20_000 < 99


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=60), st.integers(0, 2**32 - 1))
def test_ids_with_gaps_come_back_however_the_index_was_grown(steps: list[int], seed: int) -> None:
    random = np.random.default_rng(seed)
    codec = coclico(32)
    ids = np.cumsum(steps).tolist()
    codes = codec.encode_vectors(random.normal(size=(len(ids), 32)).astype(np.float32))
    index = Index(codec, STAMP)
    rows = list(zip(ids, codes, strict=True))
    while rows:
        cut = int(random.integers(1, len(rows) + 1))
        index.extend(rows[:cut])
        rows = rows[cut:]
    short = index.shortlist(codec.decode_vectors(codes), 1).ids
    assert set(short.ravel().tolist()) <= set(ids)
    assert all(own in row for own, row in zip(ids, short.tolist(), strict=True))


def test_saved_and_loaded_it_answers_the_same(rng: np.random.Generator, tmp_path: Path) -> None:
    codec = coclico(64)
    codes = codec.encode_vectors(rng.normal(size=(300, 64)).astype(np.float32))
    index = built(codec, codes, first_id=11)
    index.stamp = IndexStamp(1, "coclico", 300, 310, "ab")
    index.save(tmp_path / "deep" / "index.npz")
    loaded = Index.load(tmp_path / "deep" / "index.npz", codec)
    assert loaded is not None
    assert loaded.stamp == index.stamp
    queries = rng.normal(size=(3, 64)).astype(np.float32)
    assert np.array_equal(loaded.shortlist(queries, 5).ids, index.shortlist(queries, 5).ids)
    loaded.extend([(400, codes[0])])
    assert 400 in loaded.shortlist(codec.decode_vectors(codes[:1]), 5).ids
    assert list((tmp_path / "deep").iterdir()) == [tmp_path / "deep" / "index.npz"]


@pytest.mark.parametrize("place", [0.05, 0.3, 0.6, 0.95])
def test_damage_anywhere_means_no_index(
    rng: np.random.Generator, tmp_path: Path, place: float
) -> None:
    codec = coclico(64)
    index = built(codec, codec.encode_vectors(rng.normal(size=(300, 64)).astype(np.float32)))
    index.stamp = IndexStamp(1, "coclico", 300, 300, "")
    index.save(tmp_path / "index.npz")
    content = bytearray((tmp_path / "index.npz").read_bytes())
    assert Index.load(tmp_path / "index.npz", codec) is not None
    content[int(len(content) * place)] ^= 0xFF
    (tmp_path / "index.npz").write_bytes(content)
    damaged = Index.load(tmp_path / "index.npz", codec)
    assert (
        damaged is None or len(damaged) == 300
    )  # a flipped bit outside of what is read does no harm
    (tmp_path / "index.npz").write_bytes(content[: len(content) // 2])
    assert Index.load(tmp_path / "index.npz", codec) is None
    assert Index.load(tmp_path / "nothing.npz", codec) is None


def test_an_index_of_another_dimension_is_foreign(tmp_path: Path) -> None:
    Index(coclico(64), STAMP).save(tmp_path / "index.npz")
    assert Index.load(tmp_path / "index.npz", coclico(32)) is None


def test_an_empty_index_finds_nothing() -> None:
    assert Index(coclico(64), STAMP).shortlist(np.ones((2, 64), np.float32), 5).ids.shape == (2, 0)


def test_codes_without_levels_are_indexed_coarsely_and_found_among_real_embeddings(
    shared_data: Path,
) -> None:
    vectors = np.load(shared_data / "embeddings" / "cnclip_vitb16_images.npy")[:16_000].astype(
        np.float32
    )
    codec = fit_klt(vectors[:4000], NO_MAPS, bits=120, map_bits=0)
    codes = codec.encode_vectors(vectors)
    index = Index(codec, STAMP)
    for start in range(0, len(codes), PAGE):
        index.extend(list(enumerate(codes[start : start + PAGE], start=start)))
    assert not index.needs_refit
    vectors_hat = codec.decode_vectors(codes)
    queries = vectors[::80]
    exact = np.argsort(
        -(queries @ (vectors_hat / np.linalg.norm(vectors_hat, axis=1, keepdims=True)).T), axis=1
    )
    short = index.shortlist(queries, 10)
    assert short.vectors_hat is None
    kept = [
        len(set(a) & set(b)) / 10
        for a, b in zip(exact[:, :10].tolist(), short.ids.tolist(), strict=True)
    ]
    assert np.mean(kept) >= 0.95


def test_a_form_fitted_to_few_rows_is_outgrown_once_and_not_again() -> None:
    codec = fit_klt(draw(500, seed=1), NO_MAPS, bits=40, map_bits=0)
    rows = list(enumerate(codec.encode_vectors(draw(6 * PAGE, seed=2))))
    index = Index(codec, STAMP)
    index.extend(rows[:100])
    index.extend(rows[100:300])
    assert not index.needs_refit
    index.extend(rows[300:])
    assert index.needs_refit
    anew = Index(codec, STAMP)
    for start in range(0, len(rows), PAGE):
        anew.extend(rows[start : start + PAGE])
    assert not anew.needs_refit
