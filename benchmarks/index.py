"""A million rows: what the index costs, how fast it answers, and what it misses.

The rows are real ones, in SQLite; their vectors are synthetic but shaped like CLIP's: a low-rank
part with a decaying spectrum, clusters, and noise. A codec that must be fitted is fitted to others
of them. Recall is measured after re-scoring, against exact search over all decoded vectors.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable

import numpy as np

from archive.codecs import Codec, CodecConfig, fit_codec
from archive.index.search import Search
from archive.records import Batch, CodecRecord, FileStamp, Flag, ModelRecord, NewImage, Place
from archive.settings import Settings
from archive.store import Store
from archive.store.clock import utc_now

BATCH = 20_000  # rows written in one transaction
RANK = 96  # of the low-rank part
CLUSTERS = 2000
NOISE = 0.15  # standard deviation
COUNT = 10  # neighbors
FIT_SAMPLE = 4096  # vectors that a codec is fitted to, as many as an archive waits for
MAP_BYTES = 8  # of a color code, for a codec that is fitted; its vectors alone are fitted here
QUERY_BATCH = 16  # queries answered together


def measure(
    rows: int, dimension: int, queries: int, threads: int, codec_name: str
) -> dict[str, object]:
    """→ the figures of an index of `rows` rows of a codec at its default rate."""
    import faiss

    faiss.omp_set_num_threads(threads)
    shape = VectorShape(dimension)
    codec = make_codec(codec_name, shape)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(folder)
        store = Store.create(settings)
        record = add_codec(store, codec)
        codes = fill(store, record.id, codec, shape, rows)
        search = Search(store, {record.id: record}, {record.id: codec}, settings.index_directory)
        build_seconds = _seconds(search.refresh)
        vectors = shape.draw(queries, seed=10**6)
        results, milliseconds = _timed(search, vectors)
        batch_seconds = _seconds(lambda: search.hits(vectors[:QUERY_BATCH], COUNT))
        return {
            "codec": codec_name,
            "rows": rows,
            "dimension": dimension,
            "threads": threads,
            "index_bytes_per_row": round(search.bytes_on_disk() / rows, 2),
            "database_bytes_per_row": round(store.bytes_on_disk() / rows, 1),
            "build_seconds": round(build_seconds, 2),
            "query_ms_median": round(float(np.median(milliseconds)), 2),
            "query_ms_p95": round(float(np.percentile(milliseconds, 95)), 2),
            "query_ms_in_batch_of_16": round(1000 * batch_seconds / min(QUERY_BATCH, queries), 2),
            "recall_at_10": round(_recall(results, codes, vectors, codec), 4),
        }


class VectorShape:
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
        centers = self._centers[rng.integers(CLUSTERS, size=count)]
        points = centers + 0.7 * rng.standard_normal((count, RANK), np.float32)
        noise = NOISE * rng.standard_normal((count, self._mean.size), np.float32)
        vectors: np.ndarray = 0.25 * points @ self._basis + self._mean + noise
        return vectors


def make_codec(name: str, shape: VectorShape) -> Codec:
    """A codec at its default rate; a fitted one has no color maps, for there are no pictures."""
    rate = CodecConfig(name).rate()
    sample = shape.draw(FIT_SAMPLE, seed=-1)
    side = 0 if CodecConfig(name).spec().is_fitted else rate.map_side
    maps = np.zeros((FIT_SAMPLE, side, side, 3), np.uint8)
    return fit_codec(name, sample, maps, bits=rate.bits, map_bits=rate.map_bits)


def add_codec(store: Store, codec: Codec) -> CodecRecord:
    """Adds it, and the model that an archive must have."""
    model = ModelRecord("synthetic", "none", "", "", codec.dimension, "0" * 64, {})
    model_id = store.models.add(model).id
    record = CodecRecord(model_id, codec.name, codec.parameters(), utc_now(), codec.state)
    return store.codecs.add(record)


def fill(store: Store, codec_id: int, codec: Codec, shape: VectorShape, rows: int) -> list[bytes]:
    """Writes the rows → their clip_codes, in the order of their ids."""
    map_bits = codec.maps.payload_bits
    color_code = bytes(map_bits // 8 if map_bits else MAP_BYTES)
    volume_id = store.volumes.see(marker="synthetic", label="", root="/")
    all_codes = []
    for start in range(0, rows, BATCH):
        count = min(BATCH, rows - start)
        codes = codec.encode_vectors(shape.draw(count, seed=start))
        images = [
            new_image(number, code, color_code, volume_id)
            for number, code in enumerate(codes, start)
        ]
        store.add_batch(codec_id, Batch(images))
        all_codes += codes
    return all_codes


def new_image(number: int, clip_code: bytes, color_code: bytes, volume_id: int) -> NewImage:
    """A row whose digest and path follow from its number."""
    path = f"photos/{number // 1000}/{number:08}.jpg"
    return NewImage(
        sha256=number.to_bytes(32),
        clip_code=clip_code,
        color_code=color_code,
        width=4000,
        height=3000,
        format="JPEG",
        flags=Flag.NONE,
        taken_at=None,
        place=Place(volume_id, path, FileStamp(3_000_000, number)),
    )


def _seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def _timed(search: Search, queries: np.ndarray) -> tuple[list[set[int]], list[float]]:
    """One query after the other, from vector to hits with their paths → ids, milliseconds."""
    results = []
    milliseconds = []
    search.hits(queries[:1], COUNT)
    for query in queries:
        started = time.perf_counter()
        [hits] = search.hits(query[None], COUNT)
        milliseconds.append(1000 * (time.perf_counter() - started))
        results.append({hit.id for hit in hits})
    return results, milliseconds


def _recall(
    results: list[set[int]], codes: list[bytes], queries: np.ndarray, codec: Codec
) -> float:
    """Share of the true neighbors that were found; ties at the border count as found."""
    pages = [codes[start : start + BATCH] for start in range(0, len(codes), BATCH)]
    scores = np.concatenate([_scores(codec, page, queries) for page in pages], axis=1)
    border = np.partition(scores, -COUNT, axis=1)[:, -COUNT]
    matches = [
        sum(scores[query, row_id - 1] >= border[query] for row_id in ids)
        for query, ids in enumerate(results)
    ]
    return float(np.sum(matches)) / (COUNT * len(results))


def _scores(codec: Codec, codes: list[bytes], queries: np.ndarray) -> np.ndarray:
    """Codes of rows and (N, D) queries → (N, rows), in the order of their cosines."""
    vectors_hat = codec.decode_vectors(codes)
    vectors_hat /= np.linalg.norm(vectors_hat, axis=1, keepdims=True)
    scores: np.ndarray = (vectors_hat @ queries.T).T
    return scores
