"""What a search of `klt` rows finds, beside FAISS' one-bit RaBitQ, on real vectors.

Recall is against exact search over the vectors as they were, before any coding. Both are fitted to
the same vectors, RaBitQ behind a rotation; the rest are rows, but for the last QUERIES.
Coldframe's index keeps 32 bytes a row and scores its shortlist anew from the rows' codes; RaBitQ
keeps what `bytes` says.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from archive.arrays import Vectors, unit
from archive.codecs import fit_codec
from archive.evaluate.codec_bench import load_vectors
from archive.evaluate.faiss_quantizers import RABITQ_FACTORS, train_faiss
from archive.index.layouts import PcaLayout

NEIGHBORS = 10
QUERIES = 1000
NO_MAPS = (0, 0, 3)
BITS = (120, 250)
Positions = npt.NDArray[np.int64]


def measure(path: Path, fitted: int) -> Iterator[dict[str, object]]:
    """An .npy file of (N, D) vectors and how many to fit to → a line for each method."""
    vectors = load_vectors(path)
    vectors = vectors[np.random.default_rng(0).permutation(len(vectors))]
    sample, rows, queries = np.split(vectors, [fitted, len(vectors) - QUERIES])
    true = np.argsort(-(queries @ unit(rows).T), axis=1)[:, :NEIGHBORS]
    for bits in BITS:
        yield {"method": f"klt {bits}", **_klt(sample, rows, queries, true, bits)}
    yield {"method": "rabitq", **_rabitq(unit(sample), unit(rows), unit(queries), true)}


def _klt(
    sample: Vectors, rows: Vectors, queries: Vectors, true: Positions, bits: int
) -> dict[str, object]:
    maps = np.zeros((len(sample), *NO_MAPS), np.uint8)
    codec = fit_codec("klt", sample, maps, bits=bits, map_bits=0)
    codes = codec.encode_vectors(rows)
    layout = PcaLayout.fit(codec, codes)
    index = layout.build(codes)
    _, shortlists = index.search(layout.query(queries), layout.shortlist_size(NEIGHBORS))
    vectors_hat = unit(codec.decode_vectors(codes))
    nearest = [
        shortlist[np.argsort(-(vectors_hat[shortlist] @ query))[:NEIGHBORS]]
        for query, shortlist in zip(queries, shortlists, strict=True)
    ]
    code_bytes = float(np.mean([len(code) for code in codes]))
    return {
        "rows": len(rows),
        "index_bytes": int(index.code_size),
        "row_bytes": round(code_bytes, 1),
        "recall_at_10": round(_recall(true, np.stack(nearest)), 4),
    }


def _rabitq(sample: Vectors, rows: Vectors, queries: Vectors, true: Positions) -> dict[str, object]:
    bits = rows.shape[1] + RABITQ_FACTORS
    quantizer = train_faiss("rabitq", sample, bits)
    assert quantizer is not None
    index = quantizer.index  # by L2, which orders unit vectors as cosine does
    index.add(rows - quantizer.mean)
    _, nearest = index.search(queries - quantizer.mean, NEIGHBORS)
    return {
        "rows": len(rows),
        "index_bytes": bits // 8,
        "recall_at_10": round(_recall(true, nearest), 4),
    }


def _recall(true: Positions, nearest: Positions) -> float:
    pairs = zip(true.tolist(), nearest.tolist(), strict=True)
    return float(np.mean([len(set(before) & set(after)) for before, after in pairs]) / NEIGHBORS)
