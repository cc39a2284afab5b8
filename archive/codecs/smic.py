"""`smic`: sparse codes over a dictionary learned from the collection (Bachard & Maugey, arXiv 2412.05035).

    clip_code     message of archive.codecs.coders.sparse: which atoms, and how much of each
    color_code    as in `klt`

The paper publishes no dictionary size, sparsity or quantiser; ours were found on a grid (docs/smic.md). The dictionary
is learned once (archive.codecs.coders.sparse_fit) and stored in the codec row; pictures that come later are coded with it as it
stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archive.arrays import Pixels, Vectors
from archive.codecs.codec import Codec
from archive.codecs.coders.sparse import Dictionary
from archive.codecs.coders.sparse_fit import fit_dictionary, shape_for
from archive.codecs.fitted_coders import FittedVectors, check_sample, fit_maps, open_maps


def fit_smic(
    vectors: Vectors, maps: Pixels, *, bits: int = 48, map_bits: int = 20, seed: int = 0
) -> Codec:
    """(N, D) float32 and (N, n, n, 3) uint8 (n = 0: no maps) → a codec fitted to them. Raises UsageError if too few."""
    check_sample(vectors, bits)
    fitted = FittedVectors(fit_dictionary(vectors, bits, shape_for(bits), seed=seed), bits)
    return Codec("smic", fitted, fit_maps(maps, map_bits, vectors, fitted, seed=seed))


def open_smic(parameters: Mapping[str, Any], arrays: Mapping[str, Any]) -> Codec:
    """From a codec row. Raises KeyError where something is missing."""
    dictionary = Dictionary.open(arrays, "vector_")
    return Codec(
        "smic", FittedVectors(dictionary, int(parameters["bits"])), open_maps(parameters, arrays)
    )
