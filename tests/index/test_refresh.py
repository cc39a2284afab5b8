"""Search keeps one index per codec in step with the rows; rows win."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import delete, event

from archive.arrays import Vectors, cosine
from archive.codecs import Codec
from archive.codecs.coclico import coclico
from archive.codecs.klt import fit_klt
from archive.index import Index
from archive.index.hits import Hit
from archive.index.search import Search
from archive.records import Batch, CodecRecord, NewCodes
from archive.settings import Settings
from archive.store import Store, schema
from archive.store.clock import utc_now
from tests.support.rows import MODEL, digest, new_image
from tests.support.vectors import NO_MAPS, embeddings

DIMENSION = 32
VECTORS = embeddings(60, seed=1, dimension=DIMENSION)
QUERIES = embeddings(4, seed=2, dimension=DIMENSION)
SCALAR = coclico(DIMENSION)


class Rows:
    """A store to be filled, and the codecs that its rows have."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store.create(Settings(str(folder / "archive")))
        self.records: dict[int, CodecRecord] = {}
        self.codecs: dict[int, Codec] = {}
        self.volume_id = self.store.volumes.see(marker="m", label="", root="/r")

    def add_codec(self, codec: Codec) -> int:
        model_id = self.store.models.add(MODEL).id
        parameters = codec.parameters()
        record = CodecRecord(model_id, codec.name, parameters, utc_now(), codec.state)
        record = self.store.codecs.add(record)
        self.records[record.id] = record
        self.codecs[record.id] = codec
        return record.id

    def add(self, codec_id: int, vectors: Vectors, *, name: str = "row") -> list[int]:
        """Rows of these vectors → their ids."""
        codes = self.codecs[codec_id].encode_vectors(vectors)
        images = [
            replace(new_image(f"{name} {number}", self.volume_id), clip_code=code)
            for number, code in enumerate(codes)
        ]
        ids = self.store.add_batch(codec_id, Batch(images))
        return [ids[image.sha256] for image in images]

    def search(self) -> Search:
        """As the archive makes it when it is opened."""
        return Search(self.store, self.records, self.codecs, self.folder / "index")

    def cosines(self, query: Vectors) -> dict[int, float]:
        """Id → cosine of (D,) query and vector_hat, of every row."""
        rows = list(self.store.images.all())
        codes = [(self.codecs[row.codec_id], row.clip_code) for row in rows]
        vectors_hat = np.concatenate([codec.decode_vectors([code]) for codec, code in codes])
        scores = cosine(vectors_hat, query[None]).tolist()
        return {row.id: score for row, score in zip(rows, scores, strict=True)}


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[Rows]:
    opened = Rows(tmp_path)
    yield opened
    opened.store.close()


def check(rows: Rows, search: Search, count: int = 5) -> None:
    """The hits are those that comparing all rows gives; equal ones in any order."""
    search.refresh()
    for query, hits in zip(QUERIES, search.hits(QUERIES, count), strict=True):
        cosines = rows.cosines(query)
        scores = [hit.score for hit in hits]
        assert scores == pytest.approx(sorted(cosines.values(), reverse=True)[:count], abs=2e-6)
        assert scores == pytest.approx([cosines[hit.id] for hit in hits], abs=2e-6)
        assert len({hit.id for hit in hits}) == len(hits)


def files(search: Search) -> list[str]:
    """Names of the index files."""
    return sorted(path.name for path in search.file(0).parent.glob("*"))


def test_a_hit_says_where_the_image_was_found_and_what_it_was(rows: Rows) -> None:
    [row_id] = rows.add(rows.add_codec(SCALAR), VECTORS[:1])
    search = rows.search()
    search.refresh()
    [hit] = search.hits(VECTORS[:1], 3)[0]
    [row] = rows.store.images.get([row_id])
    assert hit == Hit.of(row, hit.score)
    assert (hit.id, hit.path, hit.digest) == (row_id, "/r/row 0.jpg", digest("row 0").hex())
    assert hit.score == round(hit.score, 6)
    assert hit.score > 0.5


def test_rows_of_several_codecs_are_ranked_together(rows: Rows) -> None:
    for number, codec in enumerate((SCALAR, coclico(DIMENSION, bits=6), coclico(DIMENSION))):
        vectors = VECTORS[number::3]
        rows.add(rows.add_codec(codec), vectors, name=f"codec {number}")
    search = rows.search()
    check(rows, search)
    check(rows, search, count=60)
    assert [name for name in files(search) if name.endswith(".npz")] == [
        "codec-1.npz",
        "codec-2.npz",
        "codec-3.npz",
    ]
    sizes = [path.stat().st_size for path in search.file(1).parent.iterdir()]
    assert search.bytes_on_disk() == sum(sizes)


def test_rows_added_since_are_found_and_a_saved_index_is_extended(rows: Rows) -> None:
    codec_id = rows.add_codec(SCALAR)
    search = rows.search()
    search.refresh()
    assert search.hits(QUERIES[:1], 5) == [[]]
    assert files(search) == []  # an empty index is not saved
    assert search.bytes_on_disk() == 0
    rows.add(codec_id, VECTORS[:30], name="first")
    check(rows, search)
    rows.add(codec_id, VECTORS[30:], name="second")
    check(rows, search)
    rows.add(codec_id, -VECTORS[:9], name="third")
    reopened = rows.search()
    check(rows, reopened)
    index = Index.load(reopened.file(codec_id), SCALAR)
    assert index is not None
    assert (len(index), index.stamp.count, index.stamp.last_id) == (69, 69, 69)
    assert index.stamp.last_digest == digest("third 8").hex()


def test_an_index_in_step_is_not_written_again(rows: Rows) -> None:
    rows.add(rows.add_codec(SCALAR), VECTORS)
    search = rows.search()
    search.refresh()
    before = search.file(1).stat().st_mtime_ns
    search.refresh()
    rows.search().refresh()
    assert search.file(1).stat().st_mtime_ns == before


def test_a_codec_added_later_is_searched_too(rows: Rows) -> None:
    rows.add(rows.add_codec(SCALAR), VECTORS[:30], name="first")
    search = rows.search()
    check(rows, search)
    rows.add(rows.add_codec(coclico(DIMENSION, bits=3)), VECTORS[30:], name="second")
    check(rows, search)


def test_recoded_rows_leave_one_index_for_another(rows: Rows) -> None:
    ids = rows.add(rows.add_codec(SCALAR), VECTORS)
    search = rows.search()
    check(rows, search)
    finer = coclico(DIMENSION, bits=4)
    finer_id = rows.add_codec(finer)
    codes = finer.encode_vectors(VECTORS[:20])
    read = rows.store.images.get(ids[:20])
    new_codes = [NewCodes(row, code, b"") for row, code in zip(read, codes, strict=True)]
    rows.store.images.recode(finer_id, new_codes)
    assert "does not agree" in search.disagreement()
    check(rows, rows.search())  # a process that knows nothing of it
    search.refresh(thorough=True)
    assert search.disagreement() == ""
    check(rows, search)


def test_rows_that_come_back_to_an_older_codec_are_found(rows: Rows) -> None:
    codec_id = rows.add_codec(SCALAR)
    finer = coclico(DIMENSION, bits=4)
    finer_id = rows.add_codec(finer)
    ids = rows.add(finer_id, VECTORS[:30], name="first")
    rows.add(codec_id, VECTORS[30:], name="second")
    search = rows.search()
    other = rows.search()
    check(rows, search)
    check(rows, other)
    search.remove()
    codes = SCALAR.encode_vectors(VECTORS[:30])
    read = rows.store.images.get(ids)
    new_codes = [NewCodes(row, code, b"") for row, code in zip(read, codes, strict=True)]
    rows.store.images.recode(codec_id, new_codes)
    check(rows, other, count=60)  # its indexes in memory are as old as the files that are gone
    check(rows, search, count=60)


def test_a_search_counts_no_rows(rows: Rows) -> None:
    rows.add(rows.add_codec(SCALAR), VECTORS)
    rows.search().refresh()
    statements: list[str] = []

    def listen(*arguments: Any) -> None:
        statements.append(arguments[2])

    event.listen(rows.store.database.engine, "before_cursor_execute", listen)
    search = rows.search()
    search.refresh()
    search.hits(QUERIES, 5)
    assert len(statements) >= 3
    assert not [statement for statement in statements if "count(" in statement.lower()]


def forget(rows: Rows, row_id: int) -> None:
    with rows.store.database.writing() as connection:
        connection.execute(delete(schema.Source).where(schema.Source.image_id == row_id))
        connection.execute(delete(schema.Image).where(schema.Image.id == row_id))


@pytest.mark.parametrize("position", [0, 30, 59])
def test_a_deleted_row_is_no_longer_found(rows: Rows, position: int) -> None:
    ids = rows.add(rows.add_codec(SCALAR), VECTORS)
    search = rows.search()
    search.refresh()
    forget(rows, ids[position])
    assert "does not agree" in search.disagreement()
    assert len(search.hits(QUERIES, 60)[0]) == 59  # the index meets the row that is gone
    assert search.disagreement() == ""
    check(rows, search, count=60)


def test_a_deleted_row_of_fitted_codes_is_no_longer_found(rows: Rows) -> None:
    many = embeddings(300, seed=3, dimension=DIMENSION)
    ids = rows.add(rows.add_codec(fit_klt(many, NO_MAPS, bits=80, map_bits=0)), many)
    search = rows.search()
    search.refresh()
    forget(rows, ids[7])
    check(rows, search)


def test_another_archives_index_is_rebuilt(rows: Rows) -> None:
    rows.add(rows.add_codec(SCALAR), VECTORS)
    search = rows.search()
    search.refresh()
    records = {
        1: replace(rows.records[1], created_at=rows.records[1].created_at.replace(year=1999))
    }
    foreign = Search(rows.store, records, rows.codecs, rows.folder / "index")
    assert "does not agree" in foreign.disagreement()
    foreign.refresh()
    assert foreign.disagreement() == ""
    assert "does not agree" in rows.search().disagreement()


def test_a_missing_index_is_no_damage_and_a_broken_one_is(rows: Rows) -> None:
    rows.add(rows.add_codec(SCALAR), VECTORS[:30], name="first")
    rows.add(rows.add_codec(coclico(DIMENSION, bits=2)), VECTORS[30:], name="second")
    search = rows.search()
    assert search.disagreement() == ""
    search.refresh()
    assert search.disagreement() == ""
    search.file(1).unlink()
    search.file(2).write_bytes(b"PK")
    assert search.disagreement() == (f"{search.file(2)} is damaged; the next search rebuilds it")
    check(rows, rows.search())
    assert search.disagreement() == ""


def test_an_index_of_fitted_codes_is_scored_from_the_rows_and_refitted_as_they_grow(
    rows: Rows,
) -> None:
    many = embeddings(500, seed=3, dimension=DIMENSION)
    codec = fit_klt(many, NO_MAPS, bits=80, map_bits=0)
    codec_id = rows.add_codec(codec)
    search = rows.search()
    rows.add(codec_id, many[:70], name="first")
    check(rows, search)
    rows.add(codec_id, many[70:], name="second")
    check(rows, search)
    index = Index.load(search.file(codec_id), codec)
    assert index is not None
    assert len(index) == 500
    assert not index.needs_refit
    with np.load(search.file(codec_id)) as arrays:
        assert int(arrays["fitted_to"]) == 500


def test_a_query_without_a_direction_scores_nothing(rows: Rows) -> None:
    rows.add(rows.add_codec(SCALAR), VECTORS[:3])
    search = rows.search()
    search.refresh()
    [hits] = search.hits(np.zeros((1, DIMENSION), np.float32), 3)
    assert [hit.score for hit in hits] == [0, 0, 0]
