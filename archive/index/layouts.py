"""How rows lie in a FAISS fast-scan index: four bits a group, searched with SIMD tables.

PackedCodeLayout: for codes that are packed scalar levels. A scalar quantiser *is* a product quantiser. With b bits a dimension,
4 / b neighbouring dimensions share four bits of the packed code, so an index whose 16 centroids a group are the
quantiser's own reconstruction values holds the dequantised vectors without loss, in the bytes of `clip_code` itself:

    b        group             bytes a row          lossless
    1        4 dimensions      D / 8                yes
    2        2 dimensions      D / 4                yes
    3, 4     1 dimension       D / 2                yes
    5 … 8    1 dimension       D / 2                no: the upper four bits

FAISS puts the first group of a byte into its low nibble, we write the most significant bit first: instead of turning
every code, the query's groups are swapped in pairs.

PcaLayout: for all other codes. Decoded vectors, of norm 1, are rotated to the first DIRECTIONS principal axes of a
sample, and each axis is quantised to four bits fitted to it: 32 bytes a row. On 40,000 Chinese-CLIP vectors a short
list of 100 holds 97–98 % of the true ten neighbours, whatever the rate of the codes; product quantisers of the same
size on the unrotated vectors hold 78–85 %.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from archive.codecs import Codec
from archive.codecs.coders.scalar import dequantize, pack, packed_bytes, unpack

Vectors = npt.NDArray[np.float32]
DIRECTIONS = 64
SAMPLE = 4096  # rows a PcaLayout is fitted to, at most: one page of the store, since it is fitted to the first


class Layout(Protocol):
    """Codes and queries ⇄ what FAISS holds."""

    @property
    def shortlist_size(self) -> tuple[int, int]:
        """A short list is at least so long, and so many times what is asked for."""

    @property
    def width(self) -> int:
        """Dimensions in the index."""

    @property
    def lossless(self) -> bool: ...
    @property
    def fitted_to(self) -> int:
        """Rows the layout was fitted to; 0 if it needs none."""

    def arrays(self) -> Mapping[str, npt.NDArray[Any]]: ...
    def build(self, codes: Sequence[bytes]) -> Any: ...
    def query(self, vectors: Vectors) -> Vectors: ...
    def reconstruct(self, rotated: Vectors) -> Vectors: ...


class PackedCodeLayout:
    """Packed scalar levels, as they are."""

    fitted_to = 0

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._bits = codec.vectors.scan_bits or 1
        self._kept = min(self._bits, 4)  # bits of a level that are scanned
        self._level = self._bits if self._bits in (1, 2) else 4  # bits a level takes in the index
        self._group = 4 // self._level  # dimensions that share a centroid
        self._bytes = packed_bytes(codec.dimension, self._level)
        self.width = (
            self._bytes * 8 // self._level
        )  # dimensions, with those that fill the last byte

    @property
    def lossless(self) -> bool:
        return self._bits == self._kept and self._codec.vectors.linear_decoder is None

    @property
    def shortlist_size(self) -> tuple[int, int]:
        """With one bit all norms are equal; else the scan, by dot product, errs."""
        return (
            (20, 2) if self._bits == 1 and self._codec.vectors.linear_decoder is None else (240, 2)
        )

    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        return {}

    def build(self, codes: Sequence[bytes]) -> Any:
        """N clip_codes → a FAISS index of these rows."""
        import faiss

        plain = faiss.IndexPQ(self.width, self.width // self._group, 4, faiss.METRIC_INNER_PRODUCT)
        faiss.copy_array_to_vector(self._centroids(), plain.pq.centroids)
        plain.is_trained = True
        if codes:
            plain.add_sa_codes(np.ascontiguousarray(self._rows(codes)))
        return faiss.IndexPQFastScan(plain)  # type: ignore[arg-type]  # its stubs know one constructor of three

    def query(self, vectors: Vectors) -> Vectors:
        """(N, D) → (N, width): zeros for what only fills up, groups swapped in pairs."""
        filled = np.zeros((len(vectors), self.width), np.float32)
        decoder = self._codec.vectors.linear_decoder
        filled[:, : self._codec.dimension] = decoder.query(vectors) if decoder else vectors
        pairs = filled.reshape(len(vectors), -1, 2, self._group)
        return np.ascontiguousarray(pairs[:, :, ::-1]).reshape(len(vectors), -1)

    def reconstruct(self, rotated: Vectors) -> Vectors:
        """(n, width) as FAISS reconstructs them → (n, D), the groups rotated back."""
        pairs = rotated.reshape(len(rotated), -1, 2, self._group)[:, :, ::-1]
        return pairs.reshape(len(rotated), -1)[:, : self._codec.dimension]

    def _rows(self, codes: Sequence[bytes]) -> npt.NDArray[np.uint8]:
        rows = np.frombuffer(b"".join(codes), np.uint8).reshape(len(codes), -1)
        if self._bits == self._level:
            return rows
        levels = unpack(rows, self._bits, self._codec.dimension) >> np.uint8(
            self._bits - self._kept
        )
        return pack(levels, self._level)

    def _centroids(self) -> Vectors:
        """What the sixteen patterns of every group decode to, flat."""
        patterns = (16 * np.arange(16)).astype(np.uint8)[:, None]
        levels = np.minimum(
            unpack(patterns, self._level, self._group), np.uint8((1 << self._kept) - 1)
        )
        return np.tile(dequantize(levels, self._kept).ravel(), self.width // self._group)


class PcaLayout:
    """Decoded vectors, rotated and coarsely quantised."""

    lossless = False
    shortlist_size = (100, 10)

    def __init__(self, codec: Codec, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        self._codec = codec
        self._axes = arrays["axes"]
        self._levels = arrays["levels"]
        self.fitted_to = int(arrays["fitted_to"])
        self.width = self._axes.shape[1]

    @classmethod
    def fit(cls, codec: Codec, codes: Sequence[bytes]) -> PcaLayout:
        """Axes and levels from a sample of codes."""
        import faiss

        sample = _unit(codec.decode_vectors(list(codes[:SAMPLE])))
        _, basis = np.linalg.eigh(
            np.cov(sample.T.astype(np.float64)) if len(sample) > 1 else np.eye(codec.dimension)
        )
        axes = np.ascontiguousarray(basis[:, ::-1][:, :DIRECTIONS]).astype(np.float32)
        quantizer = faiss.ProductQuantizer(axes.shape[1], axes.shape[1], 4)
        quantizer.cp.min_points_per_centroid = 1  # it would talk on stderr
        padded = np.resize(sample @ axes, (max(16, len(sample)), axes.shape[1]))
        quantizer.train(np.ascontiguousarray(padded))
        levels = faiss.vector_to_array(quantizer.centroids)
        return cls(codec, {"axes": axes, "levels": levels, "fitted_to": np.array(len(sample))})

    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        return {"axes": self._axes, "levels": self._levels, "fitted_to": np.array(self.fitted_to)}

    def build(self, codes: Sequence[bytes]) -> Any:
        """N clip_codes → a FAISS index of these rows."""
        import faiss

        plain = faiss.IndexPQ(self.width, self.width, 4, faiss.METRIC_INNER_PRODUCT)
        faiss.copy_array_to_vector(self._levels, plain.pq.centroids)
        plain.is_trained = True
        if codes:
            plain.add(self.query(_unit(self._codec.decode_vectors(list(codes)))))
        return faiss.IndexPQFastScan(plain)  # type: ignore[arg-type]

    def query(self, vectors: Vectors) -> Vectors:
        """(N, D) → (N, width)."""
        return np.ascontiguousarray(vectors @ self._axes)

    def reconstruct(self, rotated: Vectors) -> Vectors:
        raise NotImplementedError("a PcaLayout does not hold the decoded vectors")


def _unit(vectors: Vectors) -> Vectors:
    unit: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return unit
