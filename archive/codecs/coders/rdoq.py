"""Rate-distortion optimized quantization: symbols of least  error² + λ · bits,  λ = LAMBDA · Δ².

Coefficients zᵢ have classes; a class has centroids r and bits of its A symbols, whose middle one is
level 0. Messages are whole bytes, so a short one is chosen from what several λ lead to, by least
error² + λ · 8 · bytes.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from archive.arrays import Vectors

Classes = npt.NDArray[np.uint8]
Symbols = npt.NDArray[np.int32]
LAMBDA = 0.15  # λ / Δ²; of 0.05 … 0.25 the least error at equal bits, at all rates
LAMBDA_SCALES = (0.4, 0.6, 1.5, 2.5)  # times λ, tried for short messages
SHORT_MESSAGE = 96  # bits; longer messages gain too little by filling their last byte


def choose_symbols(
    z: Vectors, classes: Classes, centroids: Vectors, bits: Vectors, step: float
) -> Symbols:
    """z (N, n), classes (N, n), centroids and bits (C, A), Δ → symbols (N, n).

    Each is the best of the nearest level, the next smaller one, and zero.
    """
    width = centroids.shape[1]
    middle = width // 2
    nearest = np.clip(np.rint(z * np.float32(1 / step)), -middle, middle).astype(np.int32)
    zero_place = classes.astype(np.int32) * width + middle  # of level 0, in the flat tables
    flat_centroids = centroids.ravel()
    flat_costs = (np.float32(LAMBDA * step**2) * bits).ravel()

    def cost(place: Symbols) -> Vectors:
        costs: Vectors = flat_centroids.take(place)
        np.square(np.subtract(z, costs, out=costs), out=costs)
        costs += flat_costs.take(place)
        return costs

    best = zero_place.copy()
    least = cost(best)
    for level in (nearest - np.sign(nearest), nearest):
        place = zero_place + level
        costs = cost(place)
        better = costs < least
        np.copyto(best, place, where=better)
        np.copyto(least, costs, where=better)
    return np.asarray(best - zero_place + np.int32(middle), np.int32)


def choose_symbols_for_bytes(
    z: Vectors,
    classes: Classes,
    centroids: Vectors,
    bits: Vectors,
    step: float,
    *,
    bits_before: Vectors,
) -> Symbols:
    """As choose_symbols, for messages of whole bytes; `bits_before` (N,) are in them already."""
    symbols = choose_symbols(z, classes, centroids, bits, step)
    symbol_bits = bits[classes, symbols].sum(axis=1)
    if (bits_before + symbol_bits).mean() > SHORT_MESSAGE:
        return symbols
    lambda_ = np.float32(LAMBDA * float(step) ** 2)

    def cost(tried: Symbols) -> Vectors:
        error = np.square(z - centroids[classes, tried]).sum(axis=1)
        stored = 8 * np.ceil((bits_before + bits[classes, tried].sum(axis=1)) / 8)
        costs: Vectors = error + lambda_ * stored
        return costs

    least = cost(symbols)
    for scale in LAMBDA_SCALES:
        tried = choose_symbols(z, classes, centroids, np.float32(scale) * bits, step)
        costs = cost(tried)
        better = costs < least
        symbols[better] = tried[better]
        least[better] = costs[better]
    return symbols
