"""FAISS' trained quantizers, to measure codecs beside: the same sample, the same bits.

    pq       product quantizer                             (Jégou, Douze & Schmid 2011)
    opq      PQ after a learned rotation                    (Ge et al. 2013)
    rq       residual quantizer, beam search                (Chen, Guan & Wang 2010)
    lsq      local-search quantizer                         (Martinez et al. 2018)
    rabitq   a bit per principal component and two floats   (Gao & Long 2024)

All but rabitq spend one byte per book of 256 entries. Vectors are centered before they are coded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from archive.arrays import Vectors

ENTRY_BITS = 8  # of an index: books have 256 entries
RQ_BEAM = 16
LSQ_ITERATIONS = 25
RABITQ_FACTORS = 64  # bits of the two floats that each code carries


@dataclass(frozen=True)
class FaissQuantizer:
    """A trained quantizer, with what the bench asks of a codec."""

    name: str
    mean: Vectors  # (D,), of the sample
    index: Any

    @property
    def state(self) -> bytes:
        """Everything that was trained."""
        import faiss

        serialized: bytes = faiss.serialize_index(self.index).tobytes()
        return serialized

    def encode_vectors(self, vectors: Vectors) -> list[bytes]:
        """(N, D) float32 → N codes."""
        centered = np.ascontiguousarray(vectors - self.mean)
        return [code.tobytes() for code in self.index.sa_encode(centered)]

    def decode_vectors(self, codes: list[bytes]) -> Vectors:
        """N codes → (N, D) float32."""
        stacked = np.frombuffer(b"".join(codes), np.uint8).reshape(len(codes), -1)
        vectors: Vectors = self.index.sa_decode(stacked) + self.mean
        return vectors


def train_faiss(name: str, vectors: Vectors, bits: int) -> FaissQuantizer | None:
    """(N, D) sample → one of FAISS_QUANTIZERS, trained; None where it has no point at these bits
    or the sample is smaller than a book."""
    index = FAISS_QUANTIZERS[name](vectors.shape[1], bits)
    if index is None or len(vectors) < 1 << ENTRY_BITS:
        return None
    mean = vectors.mean(axis=0)
    index.train(np.ascontiguousarray(vectors - mean))
    return FaissQuantizer(name, mean, index)


def _books(bits: int) -> int:
    """How many books take these bits; 0 where they do not divide into bytes."""
    books, remainder = divmod(bits, ENTRY_BITS)
    return 0 if remainder else books


def _pq(dimension: int, bits: int) -> Any:
    import faiss

    books = _books(bits)
    return faiss.IndexPQ(dimension, books, ENTRY_BITS) if _divides(books, dimension) else None


def _opq(dimension: int, bits: int) -> Any:
    import faiss

    books = _books(bits)
    if not _divides(books, dimension):
        return None
    quantizer = faiss.IndexPQ(dimension, books, ENTRY_BITS)
    return faiss.IndexPreTransform(faiss.OPQMatrix(dimension, books), quantizer)


def _divides(books: int, dimension: int) -> bool:
    return books > 0 and dimension % books == 0


def _rq(dimension: int, bits: int) -> Any:
    index = _additive("IndexResidualQuantizer", dimension, bits)
    if index is not None:
        index.rq.max_beam_size = RQ_BEAM
    return index


def _lsq(dimension: int, bits: int) -> Any:
    index = _additive("IndexLocalSearchQuantizer", dimension, bits)
    if index is not None:
        index.lsq.train_iters = LSQ_ITERATIONS
    return index


def _additive(kind: str, dimension: int, bits: int) -> Any:
    import faiss

    books = _books(bits)
    return getattr(faiss, kind)(dimension, books, ENTRY_BITS) if books else None


def _rabitq(dimension: int, bits: int) -> Any:
    import faiss

    components = bits - RABITQ_FACTORS
    if not 0 < components <= dimension:
        return None
    rotation = faiss.PCAMatrix(dimension, components, 0, True)  # and then at random
    return faiss.IndexPreTransform(rotation, faiss.IndexRaBitQ(components))


FAISS_QUANTIZERS: dict[str, Callable[[int, int], Any]] = {
    "pq": _pq,
    "opq": _opq,
    "rq": _rq,
    "lsq": _lsq,
    "rabitq": _rabitq,
}
