"""A million rows: what the index costs, how fast it answers, and what it misses.

The rows are real ones, in SQLite; their vectors are synthetic but shaped like CLIP's: a low-rank part with a decaying
spectrum, clusters, and noise. Recall is measured after re-scoring, against exact search over all dequantised vectors.
"""

from __future__ import annotations

import tempfile
import time

import numpy as np

from archive.codecs import Codec
from archive.codecs.coclico import coclico
from archive.index.search import Search
from archive.records import Batch, CodecRecord, FileStamp, Flag, ModelRecord, NewImage, Place
from archive.settings import Settings
from archive.store import Store
from archive.store.clock import utc_now

BATCH = 20_000
RANK = 96
CLUSTERS = 2000
NOISE = 0.15
COUNT = 10  # neighbours


def measure(rows: int, dimension: int, queries: int, threads: int) -> dict[str, object]:
    """→ the figures."""
    import faiss

    faiss.omp_set_num_threads(threads)
    codec = coclico(dimension)
    shape = _Shape(dimension)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(folder)
        store = Store.create(settings)
        record = _codec_record(store, codec)
        codes = _fill(store, record.id, codec, shape, rows)
        search = Search(store, {record.id: record}, {record.id: codec}, settings.index_directory)
        started = time.perf_counter()
        search.refresh()
        build = time.perf_counter() - started
        asked = shape.draw(queries, seed=10**6)
        found, milliseconds = _timed(search, asked)
        batch = time.perf_counter()
        search.hits(asked[:16], COUNT)
        batch = (time.perf_counter() - batch) / min(16, queries)
        return {
            "rows": rows,
            "dimension": dimension,
            "threads": threads,
            "index_bytes_per_row": round(search.bytes_on_disk() / rows, 2),
            "database_bytes_per_row": round(store.bytes_on_disk() / rows, 1),
            "build_seconds": round(build, 2),
            "query_ms_median": round(float(np.median(milliseconds)), 2),
            "query_ms_p95": round(float(np.percentile(milliseconds, 95)), 2),
            "query_ms_in_batch_of_16": round(batch * 1000, 2),
            "recall_at_10": round(_recall(found, codes, asked, codec), 4),
        }


class _Shape:
    """Vectors like CLIP's: clusters in a low-rank space with a decaying spectrum, and noise."""

    def __init__(self, dimension: int) -> None:
        rng = np.random.default_rng(0)
        spectrum = np.arange(1, RANK + 1, dtype=np.float32) ** -0.5
        self._basis = (rng.normal(size=(RANK, dimension)) * spectrum[:, None]).astype(np.float32)
        self._centers = rng.normal(size=(CLUSTERS, RANK)).astype(np.float32)
        self._mean = rng.normal(0, 0.3, dimension).astype(np.float32)

    def draw(self, count: int, *, seed: int) -> np.ndarray:
        """→ (count, D) float32."""
        rng = np.random.default_rng(seed + 1)
        place = self._centers[rng.integers(CLUSTERS, size=count)] + 0.7 * rng.standard_normal(
            (count, RANK), np.float32
        )
        noise = NOISE * rng.standard_normal((count, self._mean.size), np.float32)
        vectors: np.ndarray = 0.25 * place @ self._basis + self._mean + noise
        return vectors


def _codec_record(store: Store, codec: Codec) -> CodecRecord:
    model = store.models.add(
        ModelRecord("synthetic", "none", "", "", codec.dimension, "0" * 64, {})
    )
    return store.codecs.add(CodecRecord(model.id, codec.name, dict(codec.parameters()), utc_now()))


def _fill(store: Store, codec_id: int, codec: Codec, shape: _Shape, rows: int) -> np.ndarray:
    """Writes the rows → (rows, bytes) uint8, in the order of their ids."""
    volume = store.volumes.see(marker="synthetic", label="", root="/")
    everything = []
    for start in range(0, rows, BATCH):
        count = min(BATCH, rows - start)
        codes = codec.encode_vectors(shape.draw(count, seed=start))
        images = [_image(start + offset, code, volume) for offset, code in enumerate(codes)]
        store.add_batch(codec_id, Batch(images))
        everything.append(np.frombuffer(b"".join(codes), np.uint8).reshape(count, -1))
    return np.concatenate(everything)


def _image(number: int, code: bytes, volume: int) -> NewImage:
    place = Place(volume, f"photos/{number // 1000}/{number:08}.jpg", FileStamp(3_000_000, number))
    return NewImage(
        number.to_bytes(32), code, bytes(24), 4000, 3000, "JPEG", Flag.NONE, None, place
    )


def _timed(search: Search, queries: np.ndarray) -> tuple[list[set[int]], list[float]]:
    """One query after the other, from vector to hits with their paths."""
    found = []
    milliseconds = []
    search.hits(queries[:1], COUNT)
    for query in queries:
        started = time.perf_counter()
        [hits] = search.hits(query[None], COUNT)
        milliseconds.append(1000 * (time.perf_counter() - started))
        found.append({hit.id for hit in hits})
    return found, milliseconds


def _recall(found: list[set[int]], codes: np.ndarray, queries: np.ndarray, codec: Codec) -> float:
    """Share of the true neighbours that were found; ties at the border count as found."""
    scores = np.concatenate(
        [
            (
                codec.decode_vectors([row.tobytes() for row in codes[start : start + BATCH]])
                @ queries.T
            ).T
            for start in range(0, len(codes), BATCH)
        ],
        axis=1,
    )
    border = np.partition(scores, -COUNT, axis=1)[:, -COUNT]
    hits = [
        sum(scores[query, row_id - 1] >= border[query] for row_id in ids)
        for query, ids in enumerate(found)
    ]
    return float(np.sum(hits)) / (COUNT * len(found))
