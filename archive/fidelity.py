"""How good is a codec: rate and what is kept of the vectors, on a sample that it was not fitted to.

    bits                8 · bytes of the codes as stored, a row on average
    side_bits           8 · bytes of the fitted state, once an archive
    cosine              cos(σ, σ̂)
    centred_cosine      cos(σ − μ, σ̂ − μ)            μ: mean of the vectors the codec was fitted to
    relative_error      Σ (σ − σ̂)² / Σ (σ − mean)², a row on average
    neighbours_kept     of the ten nearest neighbours among the vectors, those that are also among the ten nearest
                        among the decoded vectors
    bound_bits          Gaussian reverse water-filling at the same squared error   (Cover & Thomas, theorem 10.3.3)

The bound takes the eigenvalues λ of the sample's covariance:   Σ min(θ, λᵢ) = error   →   ½ Σ log2 max(1, λᵢ / θ)
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from archive.codecs import Codec

Vectors = npt.NDArray[np.float32]
NEIGHBOURS = 10
QUERIES = 2000  # rows whose neighbours are looked at
T = TypeVar("T")


@dataclass(frozen=True)
class Fidelity:
    """One point of a rate–fidelity curve."""

    codec: str
    bits: float
    side_bits: int
    rows: int
    cosine: float
    centred_cosine: float
    relative_error: float
    bound_bits: float
    neighbours_kept: float
    encode_per_second: float
    decode_per_second: float


def measure(codec: Codec, test: Vectors, mean: Vectors) -> tuple[Fidelity, Vectors]:
    """A codec on (N, D) test vectors → its point, and the decoded vectors."""
    codes, encoding = _timed(lambda: codec.encode_vectors(test))
    vectors_hat, decoding = _timed(lambda: codec.decode_vectors(codes))
    error = float(((test - vectors_hat) ** 2).sum(axis=1).mean())
    point = Fidelity(
        codec=codec.name,
        bits=round(8 * sum(map(len, codes)) / len(test), 2),
        side_bits=8 * len(codec.state),
        rows=len(test),
        cosine=round(float(_cosines(test, vectors_hat).mean()), 5),
        centred_cosine=round(float(_cosines(test - mean, vectors_hat - mean).mean()), 5),
        relative_error=round(error / float(test.var(axis=0).sum()), 5),
        bound_bits=round(rate_bound(test, error), 2),
        neighbours_kept=round(neighbours_kept(test, vectors_hat), 4),
        encode_per_second=round(len(test) / encoding),
        decode_per_second=round(len(test) / decoding),
    )
    return point, vectors_hat


def rate_bound(vectors: Vectors, squared_error: float) -> float:
    """Bits of the Gaussian with this sample's covariance at a squared error (summed over dimensions)."""
    spectrum = np.linalg.eigvalsh(np.cov(vectors.T.astype(np.float64)))
    if squared_error >= spectrum.sum():
        return 0.0
    low, high = 1e-15, float(spectrum.max())
    for _ in range(100):
        level = (low * high) ** 0.5
        low, high = (low, level) if np.minimum(spectrum, level).sum() > squared_error else (level, high)
    return float(0.5 * np.log2(np.maximum(1, spectrum / low)).sum())


def neighbours_kept(vectors: Vectors, vectors_hat: Vectors) -> float:
    """Share of the NEIGHBOURS nearest by cosine, itself left out, that decoding keeps; of the first QUERIES rows."""
    true, found = _nearest(vectors), _nearest(vectors_hat)
    return float(np.mean([len(set(a) & set(b)) for a, b in zip(true, found, strict=True)]) / NEIGHBOURS)


def text_to_image(texts: Vectors, owner: npt.NDArray[np.int64], vectors_hat: Vectors) -> dict[str, float]:
    """(T, D) texts and the row each is about → R@1 and R@10 of that row among the decoded vectors."""
    scores = _unit(texts) @ _unit(vectors_hat).T
    rank = (scores > scores[np.arange(len(owner)), owner][:, None]).sum(axis=1)
    return {"text_R1": round(float((rank < 1).mean()), 4), "text_R10": round(float((rank < 10).mean()), 4)}


def zero_shot_agreement(labels: Vectors, vectors: Vectors, vectors_hat: Vectors) -> float:
    """Share of rows whose nearest of (L, D) label vectors is the same before and after."""
    before, after = ((_unit(one) @ _unit(labels).T).argmax(axis=1) for one in (vectors, vectors_hat))
    return round(float((before == after).mean()), 4)


def _nearest(vectors: Vectors) -> npt.NDArray[np.int64]:
    unit = _unit(vectors)
    scores = unit[:QUERIES] @ unit.T
    scores[np.arange(len(scores)), np.arange(len(scores))] = -np.inf
    nearest: npt.NDArray[np.int64] = np.argpartition(-scores, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
    return nearest


def _cosines(one: Vectors, other: Vectors) -> Vectors:
    cosines: Vectors = (_unit(one) * _unit(other)).sum(axis=1)
    return cosines


def _unit(vectors: Vectors) -> Vectors:
    unit: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return unit


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    started = time.perf_counter()
    return work(), time.perf_counter() - started


def bound_curve(vectors: Vectors, rates: list[float]) -> list[float]:
    """Rates in bits → the centred cosine √(1 − error) of the Gaussian bound at each."""
    spectrum = np.maximum(np.linalg.eigvalsh(np.cov(vectors.T.astype(np.float64))), 1e-15)
    cosines = []
    for rate in rates:
        low, high = 1e-15, float(spectrum.max())
        for _ in range(100):
            level = (low * high) ** 0.5
            spent = 0.5 * np.log2(np.maximum(1, spectrum / level)).sum()
            low, high = (level, high) if spent > rate else (low, level)
        cosines.append(float(np.sqrt(1 - np.minimum(spectrum, low).sum() / spectrum.sum())))
    return cosines
