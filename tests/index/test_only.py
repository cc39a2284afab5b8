"""With filters, the best of the rows that pass are found: never the best of all, filtered away."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.arrays import unit
from archive.codecs import Codec
from archive.codecs.coclico import coclico
from archive.codecs.klt import fit_klt
from archive.index import Index, IndexStamp
from archive.index.layouts import decode_or_zero
from archive.index.search import FEW, Search
from archive.records import Batch, CodecRecord, FileStamp, Flag, ModelRecord, NewImage, Place
from archive.settings import Settings
from archive.store import Store
from archive.store.clock import utc_now
from tests.support.vectors import NO_MAPS, embeddings

ROWS = 3000
DIMENSION = 64
CODECS: dict[str, Codec] = {
    "packed": coclico(DIMENSION, map_side=0),
    "axes": fit_klt(embeddings(600, seed=3), NO_MAPS, bits=60, map_bits=0),
}


@pytest.fixture(scope="module", params=CODECS)
def search(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Search, np.ndarray]:
    """Rows of two codecs with gaps between their ids; vectors_hat by id."""
    codec = CODECS[request.param]
    store = Store.create(Settings(str(tmp_path_factory.mktemp("only") / "archive")))
    model = ModelRecord("m", "e", "", "", codec.dimension, "f" * 64, {})
    model_id = store.models.add(model).id
    records = {}
    for number in (1, 2):
        parameters = {**codec.parameters(), "number": number}
        record = CodecRecord(model_id, codec.name, parameters, utc_now(), codec.state)
        records[number] = store.codecs.add(record)
    vectors = unit(embeddings(ROWS, seed=1, dimension=codec.dimension))
    codes = codec.encode_vectors(vectors)
    volume = store.volumes.see(marker="m", label="", root="/r")
    for start in range(0, ROWS, 500):
        images = [
            NewImage(
                sha256=number.to_bytes(32),
                clip_code=codes[number],
                color_code=b"",
                width=4,
                height=3,
                format="JPEG",
                flags=Flag.NONE,
                taken_at=None,
                place=Place(volume, f"{number}.jpg", FileStamp(1, 1)),
            )
            for number in range(start, start + 500)
        ]
        store.add_batch(1 + start // 500 % 2, Batch(images))
    folder = store.database.settings.index_directory
    opened = Search(store, records, dict.fromkeys(records, codec), folder)
    opened.refresh()
    vectors_hat = decode_or_zero(codec, codes)
    return opened, vectors_hat / np.linalg.norm(vectors_hat, axis=1, keepdims=True)


def best(vectors_hat: np.ndarray, query: np.ndarray, ids: list[int], count: int) -> list[float]:
    """The scores of the best of these rows, by comparing all of them."""
    scores = vectors_hat[np.array(ids) - 1] @ query / np.linalg.norm(query)
    return sorted(scores.tolist(), reverse=True)[:count]


@pytest.mark.parametrize("passing", [1, 3, 10, FEW, FEW + 1, ROWS // 2, ROWS - 1, ROWS])
@pytest.mark.parametrize("which", ["random", "first", "worst"])
def test_the_best_of_those_that_pass_are_found(
    search: tuple[Search, np.ndarray], passing: int, which: str, rng: np.random.Generator
) -> None:
    opened, vectors_hat = search
    query = embeddings(2, seed=5, dimension=vectors_hat.shape[1])
    order = {
        "random": rng.permutation(ROWS),
        "first": np.arange(ROWS),
        "worst": np.argsort(vectors_hat @ query[0]),
    }[which]
    ids = [int(place) + 1 for place in order[:passing]]
    for vector, hits in zip(query, opened.hits(query, 10, only=ids), strict=True):
        expected = best(vectors_hat, vector, ids, 10)
        assert {hit.id for hit in hits} <= set(ids)
        assert len(hits) == len(expected)
        missed = sum(hit.score < expected[-1] - 1e-4 for hit in hits)
        assert missed <= (0 if passing <= FEW else 1)  # as without filters


def test_ids_that_there_are_none_of_are_no_hits(search: tuple[Search, np.ndarray]) -> None:
    opened, vectors_hat = search
    query = embeddings(1, seed=5, dimension=vectors_hat.shape[1])
    assert opened.hits(query, 10, only=[]) == [[]]
    assert opened.hits(query, 10, only=[0, -7, ROWS + 1, 10**12]) == [[]]
    strange = [-7, 0, *range(1, 700), *range(ROWS + 1, ROWS + 700)]
    [hits] = opened.hits(query, 5, only=strange)
    assert len(hits) == 5
    assert {hit.id for hit in hits} <= set(range(1, 700))


@pytest.mark.parametrize("bits", [1, 2, 3, 4])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.95])
def test_a_filtered_scan_is_that_of_an_index_of_these_rows_alone(
    bits: int, share: float, rng: np.random.Generator
) -> None:
    codec = coclico(DIMENSION, bits=bits, map_side=0)
    codes = codec.encode_vectors(embeddings(ROWS, seed=1, dimension=DIMENSION))
    only = np.flatnonzero(rng.random(ROWS) < share)
    every = Index(codec, IndexStamp(1, "coclico"))
    every.extend(list(enumerate(codes)))
    alone = Index(codec, IndexStamp(1, "coclico"))
    alone.extend([(number, codes[number]) for number in only.tolist()])
    query = embeddings(3, seed=5, dimension=DIMENSION)
    filtered = every.shortlist(query, 10, only=only).vectors_hat
    expected = alone.shortlist(query, 10).vectors_hat
    assert filtered is not None
    assert expected is not None
    products = [np.sort(np.einsum("nd,nkd->nk", query, each)) for each in (filtered, expected)]
    assert products[0] == pytest.approx(products[1], abs=0.05)


@settings(max_examples=50, deadline=None)
@given(st.sets(st.integers(-3, 60)), st.lists(st.integers(1, 4), min_size=1, max_size=20))
def test_positions_are_those_of_the_ids(only: set[int], steps: list[int]) -> None:
    codec = CODECS["packed"]
    ids = np.cumsum(steps).tolist()
    index = Index(codec, IndexStamp(1, "coclico"))
    codes = codec.encode_vectors(embeddings(len(ids), seed=2, dimension=64))
    index.extend(list(zip(ids, codes, strict=True)))
    allowed = np.array(sorted(only), np.int64)
    shortlist = index.shortlist(np.ones((1, 64), np.float32), 60, only=allowed)
    assert sorted(shortlist.ids[0].tolist()) == sorted(only & set(ids))
