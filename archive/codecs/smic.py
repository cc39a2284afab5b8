"""`smic`: sparse codes over a learned dictionary (Bachard & Maugey, arXiv 2412.05035).

    clip_code     message of archive.codecs.coders.sparse: which atoms, and how much of each
    color_code    as in `klt`

The paper publishes no dictionary size, sparsity or quantizer; ours were found on a grid
(docs/smic.md). The dictionary is learned once from the collection
(archive.codecs.coders.sparse_fit) and stored in the codec row; later images are coded with it
unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archive.arrays import Pixels, Vectors
from archive.codecs.codec import Codec
from archive.codecs.coders.sparse import Dictionary
from archive.codecs.coders.sparse_fit import fit_dictionary, shape_for
from archive.codecs.fitted_coders import (
    VECTOR_PREFIX,
    FittedVectors,
    check_sample,
    fit_maps,
    open_maps,
)


def fit_smic(vectors: Vectors, maps: Pixels, *, bits: int, map_bits: int, seed: int = 0) -> Codec:
    """(N, D) float32 and (N, n, n, 3) uint8, n = 0 for no maps → a codec fitted to them.

    Raises UsageError for too few of them or too few bits.
    """
    check_sample(vectors, bits)
    coder = FittedVectors(fit_dictionary(vectors, bits, shape_for(bits), seed=seed), bits)
    return Codec("smic", coder, fit_maps(maps, map_bits, vectors, coder, seed=seed))


def open_smic(parameters: Mapping[str, Any], arrays: Mapping[str, Any]) -> Codec:
    """From a codec row. Raises KeyError where something is missing."""
    coder = FittedVectors(Dictionary.open(arrays, VECTOR_PREFIX), int(parameters["bits"]))
    return Codec("smic", coder, open_maps(parameters, arrays))
