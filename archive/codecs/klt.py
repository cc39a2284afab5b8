"""`klt`: ours. Embedding and colour map by transform coding, each at a chosen number of bits.

    clip_code     message of archive.codecs.coders.layered for the embedding
    color_code    message of archive.codecs.coders.transform for the 1.5 n² samples of the map, less what the
                  decoded embedding tells of them (archive.codecs.coders.map_prediction)

Codes have no header and vary in length; their ends are the ends of their fields. The fitted state (means, atoms, bases,
tables of counts, centroids) is kept once, in the codec row. One number a part sets the rate: `bits` and `map_bits` are
what a code takes on average over the sample it was fitted to, in whole bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archive.arrays import Pixels, Vectors
from archive.codecs.codec import Codec
from archive.codecs.coders.layered import Layered, fit_layered
from archive.codecs.fitted_coders import FittedVectors, check_sample, fit_maps, open_maps


def fit_klt(
    vectors: Vectors, maps: Pixels, *, bits: int = 120, map_bits: int = 40, seed: int = 0
) -> Codec:
    """(N, D) float32 and (N, n, n, 3) uint8 (n = 0: no maps) → a codec fitted to them. Raises UsageError if too few."""
    check_sample(vectors, bits)
    fitted = FittedVectors(fit_layered(vectors, bits, seed=seed), bits)
    return Codec("klt", fitted, fit_maps(maps, map_bits, vectors, fitted, seed=seed))


def open_klt(parameters: Mapping[str, Any], arrays: Mapping[str, Any]) -> Codec:
    """From a codec row. Raises KeyError where something is missing."""
    vectors = FittedVectors(Layered.open(arrays, "vector_"), int(parameters["bits"]))
    return Codec("klt", vectors, open_maps(parameters, arrays))
