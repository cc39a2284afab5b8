"""Searches with filters that leave few, half or nearly all of the rows: milliseconds, and recall.

Rows are real ones in a real SQLite archive, dated, with cameras, places and folders; their vectors
are synthetic, those of benchmarks.index. A search is timed from the query's vector to hits with
their paths, filters included, after the archive was opened. Recall is against exact cosines of all
decoded vectors that pass. The best of those that pass are found where few do; else, the index's
shortlist is as good as without filters.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from archive.codecs import Codec
from archive.filters import Filters
from archive.filters.circles import POLE
from archive.index.search import Search
from archive.records import DEGREE, Batch, Capture, NewImage
from archive.selection import select_ids
from archive.settings import Settings
from archive.store import Store
from benchmarks.index import BATCH, COUNT, VectorShape, add_codec, make_codec, new_image

FIRST_DAY = datetime(2000, 1, 1)
CAMERAS = 40
FEW = 10  # rows of each rare thing
SUMMARIES = 5
FILTERS: Mapping[str, Filters] = {
    "none": Filters(),
    "date, 10 rows": Filters(since="1999-06-01", until="1999-06-01"),
    "camera, 10 rows": Filters(camera="leica m6"),
    "folder, 10 rows": Filters(under="/rare"),
    "place, 10 rows": Filters(near=(-17.0, 179.99, 30)),
    "date, half": Filters(until=FIRST_DAY + timedelta(days=5000, seconds=-1)),
    "camera, 1 in 40": Filters(camera="camera 7"),
    "nearly all": Filters(since="2000"),
}


def measure(
    rows: int, dimension: int, queries: int, codec_name: str
) -> Iterator[dict[str, object]]:
    """→ a line of figures for each of FILTERS, and one for a summary of all rows."""
    import faiss

    faiss.omp_set_num_threads(1)
    shape = VectorShape(dimension)
    codec = make_codec(codec_name, shape)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(folder)
        store = Store.create(settings)
        record = add_codec(store, codec)
        codes = _fill(store, record.id, codec, shape, rows)
        search = Search(store, {record.id: record}, {record.id: codec}, settings.index_directory)
        search.refresh()
        vectors = shape.draw(queries, seed=10**6)
        vectors_hat = codec.decode_vectors(codes)
        vectors_hat /= np.linalg.norm(vectors_hat, axis=1, keepdims=True)
        for name, filters in FILTERS.items():
            figures = _timed(store, search, vectors, vectors_hat, filters)
            yield {"filter": name, "codec": codec_name, "rows": rows, **figures}
        yield {"rows": rows, "summary_ms_median": _summary_ms(store)}
        store.close()


def _timed(
    store: Store, search: Search, vectors: np.ndarray, vectors_hat: np.ndarray, filters: Filters
) -> dict[str, object]:
    milliseconds = []
    recalls = []
    allowed: Sequence[int] = select_ids(store, filters)
    for query in vectors:
        started = time.perf_counter()
        only = None if filters.is_empty else select_ids(store, filters)
        search.refresh()
        [hits] = search.hits(query[None], COUNT, only=only)
        milliseconds.append(1000 * (time.perf_counter() - started))
        scores = vectors_hat @ query
        border = np.sort(scores[np.array(allowed) - 1])[-COUNT:][0]
        is_best = scores[[hit.id - 1 for hit in hits]] >= border
        recalls.append(float(np.count_nonzero(is_best)) / min(COUNT, len(allowed)))
    return {
        "pass": len(allowed),
        "ms_median": round(statistics.median(milliseconds), 1),
        "ms_worst": round(max(milliseconds), 1),
        "recall_at_10": round(statistics.fmean(recalls), 4),
    }


def _summary_ms(store: Store) -> float:
    """Of counting all rows by month, format, camera, folder and drive."""
    milliseconds = []
    for _ in range(SUMMARIES):
        started = time.perf_counter()
        store.summaries.make()
        milliseconds.append(1000 * (time.perf_counter() - started))
    return round(statistics.median(milliseconds), 1)


def _fill(store: Store, codec_id: int, codec: Codec, shape: VectorShape, rows: int) -> list[bytes]:
    """Writes the rows → their clip_codes, in the order of their ids."""
    volume_id = store.volumes.see(marker="synthetic", label="", root="/")
    all_codes: list[bytes] = []
    for start in range(0, rows, BATCH):
        count = min(BATCH, rows - start)
        codes = codec.encode_vectors(shape.draw(count, seed=start))
        numbers = range(start, start + count)
        images = [
            _described(new_image(number, code, bytes(8), volume_id), number, rows)
            for number, code in zip(numbers, codes, strict=True)
        ]
        store.add_batch(codec_id, Batch(images))
        all_codes += codes
    return all_codes


def _described(image: NewImage, number: int, rows: int) -> NewImage:
    """Dates over 10,000 days, cameras and places in turn; the last of the rows are rare ones."""
    taken_at = FIRST_DAY + timedelta(days=number % 10_000)
    place = (int(POLE * np.sin(number)), number * 7919 % (170 * DEGREE))
    capture = Capture(f"Camera {number % CAMERAS}", *place)
    image = replace(image, taken_at=taken_at, capture=capture)
    rank = (rows - 1 - number) // FEW
    if rank == 0:
        return replace(image, taken_at=datetime(1999, 6, 1, number % 24))
    if rank == 1:
        return replace(image, capture=replace(capture, camera="Leica M6"))
    if rank == 2:
        return replace(image, place=replace(image.place, path=f"rare/{number}.jpg"))
    if rank == 3:
        place = (-17 * DEGREE + number % FEW, number % FEW - 180 * DEGREE)
        return replace(image, capture=Capture(capture.camera, *place))
    return image
