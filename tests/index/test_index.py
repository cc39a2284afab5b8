"""An index grows, is saved and loaded, and is never believed when it is damaged or foreign."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.codecs import Codec
from archive.codecs.coclico import coclico
from archive.codecs.klt import fit_klt
from archive.index import Index, IndexStamp
from archive.store.database import PAGE
from tests.support.vectors import NO_MAPS, embeddings

STAMP = IndexStamp(1, "coclico")


def build(codec: Codec, codes: list[bytes], *, first_id: int = 1) -> Index:
    """An index of these codes, with ids from `first_id` on."""
    last_id = first_id + len(codes) - 1
    index = Index(codec, IndexStamp(1, "coclico", len(codes), last_id, "ab"))
    index.extend(list(enumerate(codes, start=first_id)))
    return index


@pytest.fixture
def codec() -> Codec:
    return coclico(64)


@pytest.fixture
def codes(codec: Codec) -> list[bytes]:
    """The codes of 300 rows."""
    return codec.encode_vectors(embeddings(300, seed=1, dimension=64))


def test_an_empty_index_finds_nothing(codec: Codec) -> None:
    index = Index(codec, STAMP)
    shortlist = index.shortlist(np.ones((2, 64), np.float32), 5)
    assert shortlist.ids.shape == (2, 0)
    assert shortlist.vectors_hat is not None
    assert shortlist.vectors_hat.shape == (2, 0, 64)
    assert (len(index), index.needs_refit) == (0, False)


def test_an_index_that_is_not_fitted_yet_finds_nothing() -> None:
    index = Index(fit_klt(embeddings(100, seed=1), NO_MAPS, bits=40, map_bits=0), STAMP)
    assert index.shortlist(embeddings(2, seed=2), 5).ids.shape == (2, 0)
    assert (len(index), index.needs_refit) == (0, False)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=60), st.integers(0, 2**32 - 1))
def test_ids_with_gaps_come_back_however_the_index_was_grown(steps: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    codec = coclico(32)
    ids = (np.cumsum(steps) - 1).tolist()
    codes = codec.encode_vectors(rng.normal(size=(len(ids), 32)).astype(np.float32))
    index = Index(codec, STAMP)
    rows = list(zip(ids, codes, strict=True))
    while rows:
        cut = int(rng.integers(1, len(rows) + 1))
        index.extend(rows[:cut])
        rows = rows[cut:]
    shortlist = index.shortlist(codec.decode_vectors(codes), 1).ids
    assert len(index) == len(ids)
    assert set(shortlist.ravel().tolist()) <= set(ids)
    assert all(row_id in row for row_id, row in zip(ids, shortlist.tolist(), strict=True))


@pytest.mark.parametrize("dimension", [2, 7])
def test_a_shortlist_as_long_as_the_index_holds_every_row(
    dimension: int, rng: np.random.Generator
) -> None:
    codec = coclico(dimension)
    codes = codec.encode_vectors(rng.normal(0, 0.6, (20, dimension)).astype(np.float32))
    shortlist = build(codec, codes).shortlist(codec.decode_vectors(codes), 20)
    assert shortlist.vectors_hat is not None
    for ids, vectors_hat in zip(shortlist.ids.tolist(), shortlist.vectors_hat, strict=True):
        assert sorted(ids) == list(range(1, 21))
        assert np.array_equal(vectors_hat, codec.decode_vectors([codes[i - 1] for i in ids]))


def test_rows_that_are_all_alike_fill_a_shortlist() -> None:
    codec = fit_klt(embeddings(100, seed=1), NO_MAPS, bits=40, map_bits=0)
    [code] = codec.encode_vectors(embeddings(1, seed=2))
    ids = build(codec, [code] * 300).shortlist(embeddings(2, seed=3), 10).ids.tolist()
    assert [len(set(row)) for row in ids] == [100, 100]
    assert all(1 <= row_id <= 300 for row in ids for row_id in row)


def test_ids_without_gaps_cost_nothing(codec: Codec, codes: list[bytes], tmp_path: Path) -> None:
    index = Index(codec, STAMP)
    index.extend(list(enumerate(codes[:100])))
    index.extend(list(enumerate(codes[100:200], start=100)))
    index.extend(list(enumerate(codes[200:], start=300)))
    index.save(tmp_path / "index.npz")
    with np.load(tmp_path / "index.npz") as arrays:
        assert arrays["runs"].tolist() == [[0, 0], [200, 300]]


def test_saved_and_loaded_it_answers_the_same(
    codec: Codec, codes: list[bytes], tmp_path: Path
) -> None:
    file = tmp_path / "deep" / "down" / "index.npz"
    index = build(codec, codes, first_id=11)
    index.save(file)
    loaded = Index.load(file, codec)
    assert loaded is not None
    assert loaded.stamp == index.stamp == IndexStamp(1, "coclico", 300, 310, "ab")
    queries = embeddings(3, seed=3, dimension=64)
    assert np.array_equal(loaded.shortlist(queries, 5).ids, index.shortlist(queries, 5).ids)
    loaded.extend([(400, codes[0])])
    assert 400 in loaded.shortlist(codec.decode_vectors(codes[:1]), 5).ids
    [blocks] = file.parent.glob("*.blocks")
    assert sorted(file.parent.iterdir()) == sorted([file, blocks])
    loaded.stamp = IndexStamp(1, "coclico", 301, 400, "cd")
    loaded.save(file)  # over the older one
    assert len(Index.load(file, codec) or []) == 301
    assert list(file.parent.glob("*.blocks")) == [blocks]


def test_adding_a_row_does_not_write_the_others_again(
    codec: Codec, rng: np.random.Generator, tmp_path: Path
) -> None:
    file = tmp_path / "index.npz"
    many = [code.tobytes() for code in rng.integers(0, 256, (4_000, 8), dtype=np.uint8)]
    index = build(codec, many)
    index.save(file)
    [blocks] = tmp_path.glob("*.blocks")
    before = (blocks.stat().st_ino, blocks.stat().st_size)
    written = blocks.read_bytes()
    for row_id in range(5_000, 5_040):  # across the border of a block
        loaded = Index.load(file, codec)
        assert loaded is not None
        loaded.extend([(row_id, many[row_id - 5_000])])
        loaded.stamp = IndexStamp(1, "coclico", len(loaded), row_id, "ab")
        loaded.save(file)
    assert blocks.stat().st_ino == before[0]
    assert blocks.read_bytes()[: before[1]] == written
    assert file.stat().st_size < 4_000
    grown = Index.load(file, codec)
    assert grown is not None
    assert grown.is_intact(file)
    index.extend([(row_id, many[row_id - 5_000]) for row_id in range(5_000, 5_040)])
    queries = embeddings(20, seed=3, dimension=64)
    assert np.array_equal(grown.shortlist(queries, 50).ids, index.shortlist(queries, 50).ids)


def test_damaged_blocks_are_noticed_when_all_is_read_and_short_ones_at_once(
    codec: Codec, codes: list[bytes], tmp_path: Path
) -> None:
    file = tmp_path / "index.npz"
    build(codec, codes).save(file)
    [blocks] = tmp_path.glob("*.blocks")
    content = bytearray(blocks.read_bytes())
    content[100] ^= 1
    blocks.write_bytes(content)
    index = Index.load(file, codec)
    assert index is not None
    assert not index.is_intact(file)
    blocks.write_bytes(content[:-1])
    assert Index.load(file, codec) is None
    blocks.unlink()
    assert Index.load(file, codec) is None


def test_a_fitted_layout_is_saved_with_the_index(tmp_path: Path) -> None:
    vectors = embeddings(300, seed=1)
    codec = fit_klt(vectors, NO_MAPS, bits=40, map_bits=0)
    index = build(codec, codec.encode_vectors(vectors))
    index.save(tmp_path / "index.npz")
    loaded = Index.load(tmp_path / "index.npz", codec)
    assert loaded is not None
    expected = index.shortlist(vectors[:5], 3).ids
    assert np.array_equal(loaded.shortlist(vectors[:5], 3).ids, expected)
    assert not loaded.needs_refit


def test_a_row_costs_its_code_and_little_more(rng: np.random.Generator, tmp_path: Path) -> None:
    codec = coclico(768)
    codes = rng.integers(0, 256, (20_000, 96), dtype=np.uint8)
    build(codec, [code.tobytes() for code in codes]).save(tmp_path / "index.npz")
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) / 20_000 < 99


@pytest.mark.parametrize("place", [0.05, 0.3, 0.6, 0.95])
def test_damage_anywhere_means_no_index(
    codec: Codec, codes: list[bytes], tmp_path: Path, place: float
) -> None:
    file = tmp_path / "index.npz"
    build(codec, codes).save(file)
    content = bytearray(file.read_bytes())
    content[int(len(content) * place)] ^= 0xFF
    file.write_bytes(content)
    damaged = Index.load(file, codec)
    assert damaged is None or len(damaged) == 300  # bytes that are not read do no harm
    file.write_bytes(content[: len(content) // 2])
    assert Index.load(file, codec) is None
    assert Index.load(tmp_path / "nothing.npz", codec) is None


def change(file: Path, **arrays: Any) -> None:
    """Replaces arrays of an index file; None removes one."""
    with np.load(file) as stored:
        changed = {name: stored[name] for name in stored.files} | arrays
    np.savez(file, **{name: array for name, array in changed.items() if array is not None})


def test_an_index_of_another_dimension_is_foreign(tmp_path: Path) -> None:
    Index(coclico(64), STAMP).save(tmp_path / "index.npz")
    assert Index.load(tmp_path / "index.npz", coclico(64)) is not None
    assert Index.load(tmp_path / "index.npz", coclico(32)) is None


def test_an_index_with_more_rows_than_its_stamp_says_is_foreign(
    codec: Codec, codes: list[bytes], tmp_path: Path
) -> None:
    file = tmp_path / "index.npz"
    index = build(codec, codes)
    index.extend([(999, codes[0])])
    index.save(file)
    assert Index.load(file, codec) is None


@pytest.mark.parametrize(
    "arrays",
    [
        {"stamp": np.array("not JSON")},
        {"stamp": np.array(json.dumps({"codec_id": 1, "surprise": 2}))},
        {"tail": np.zeros((1, 50), np.uint8)},
        {"blocks": np.array(json.dumps({"name": "../other.blocks", "count": 9, "crc32": 0}))},
        {"blocks": np.array(json.dumps({"name": "", "count": 7, "crc32": 0}))},
        {"runs": None},
    ],
    ids=["stamp", "foreign stamp", "tail", "blocks elsewhere", "fewer blocks", "runs"],
)
def test_a_file_of_another_shape_is_foreign(
    codec: Codec, codes: list[bytes], tmp_path: Path, arrays: dict[str, Any]
) -> None:
    file = tmp_path / "index.npz"
    build(codec, codes).save(file)
    change(file)
    assert Index.load(file, codec) is not None
    change(file, **arrays)
    assert Index.load(file, codec) is None


def test_a_layout_fitted_to_few_rows_is_refitted_once_and_not_again() -> None:
    codec = fit_klt(embeddings(500, seed=1), NO_MAPS, bits=40, map_bits=0)
    rows = list(enumerate(codec.encode_vectors(embeddings(6 * PAGE, seed=2))))
    index = Index(codec, STAMP)
    index.extend(rows[:100])
    index.extend(rows[100:399])
    too_early = index.needs_refit
    index.extend(rows[399:400])
    assert (too_early, index.needs_refit) == (False, True)
    refitted = Index(codec, STAMP)
    for start in range(0, len(rows), PAGE):
        refitted.extend(rows[start : start + PAGE])
    assert not refitted.needs_refit


def test_a_layout_without_a_fit_is_never_refitted(codec: Codec, codes: list[bytes]) -> None:
    index = build(codec, codes[:1])
    index.extend(list(enumerate(codes, start=2)))
    assert not index.needs_refit
