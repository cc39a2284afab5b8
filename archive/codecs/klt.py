"""`klt`: our own. Embedding and color map by transform coding, each at a chosen number of bits.

    clip_code     message of archive.codecs.coders.additive for the embedding; before that, of
                  archive.codecs.coders.layered
    color_code    message of archive.codecs.coders.transform for the 1.5 n² samples of the map,
                  minus their prediction from the decoded embedding
                  (archive.codecs.coders.map_prediction)

Codes have no header and vary in length; they end where their fields end. The fitted state (books,
atoms, bases, tables of counts, centroids) is stored once, in the codec row. `bits` and `map_bits`
are what a code takes on average over the sample it was fitted to, in whole bytes. An embedding
takes at most a quarter more, whatever it is like.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archive.arrays import Pixels, Vectors
from archive.codecs.codec import Codec
from archive.codecs.coders.additive import Additive
from archive.codecs.coders.additive_fit import fit_additive
from archive.codecs.coders.layered import Layered
from archive.codecs.fitted_coders import (
    VECTOR_PREFIX,
    FittedVectors,
    check_sample,
    fit_maps,
    open_maps,
)


def fit_klt(vectors: Vectors, maps: Pixels, *, bits: int, map_bits: int, seed: int = 0) -> Codec:
    """(N, D) float32 and (N, n, n, 3) uint8, n = 0 for no maps → a codec fitted to them.

    Raises UsageError for too few of them or too few bits.
    """
    check_sample(vectors, bits)
    coder = FittedVectors(fit_additive(vectors, bits, seed=seed), bits)
    return Codec("klt", coder, fit_maps(maps, map_bits, vectors, coder, seed=seed))


def open_klt(parameters: Mapping[str, Any], arrays: Mapping[str, Any]) -> Codec:
    """From a codec row. Raises KeyError where something is missing."""
    layout = Additive if f"{VECTOR_PREFIX}books_entries" in arrays else Layered
    coder = FittedVectors(layout.open(arrays, VECTOR_PREFIX), int(parameters["bits"]))
    return Codec("klt", coder, open_maps(parameters, arrays))
