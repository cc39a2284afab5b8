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
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from archive.codecs import Codec

Vectors = npt.NDArray[np.float32]
NEIGHBOURS = 10
FLOOR = 1e-15  # of eigenvalues
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


@dataclass(frozen=True)
class Bound:
    """The Gaussian with a sample's covariance: eigenvalues λ (D,)."""

    spectrum: npt.NDArray[np.float64]

    @classmethod
    def of(cls, vectors: Vectors) -> Bound:
        """(N, D) sample → its bound."""
        return cls(np.maximum(np.linalg.eigvalsh(np.cov(vectors.T.astype(np.float64))), FLOOR))

    def bits(self, squared_error: float) -> float:
        """Bits a row at a squared error, summed over dimensions."""
        if squared_error >= self.spectrum.sum():
            return 0.0
        return self._spent(self._level(lambda level: self._error(level) > squared_error))

    def centred_cosine(self, bits: float) -> float:
        """√(1 − error) at a rate."""
        level = self._level(lambda level: self._spent(level) < bits)
        return float(np.sqrt(1 - self._error(level) / self.spectrum.sum()))

    def _error(self, level: float) -> float:
        return float(np.minimum(self.spectrum, level).sum())

    def _spent(self, level: float) -> float:
        return float(0.5 * np.log2(np.maximum(1, self.spectrum / level)).sum())

    def _level(self, too_high: Callable[[float], bool]) -> float:
        """The water level θ, by bisection."""
        low = FLOOR
        high = float(self.spectrum.max())
        for _ in range(100):
            middle = (low * high) ** 0.5
            low, high = (low, middle) if too_high(middle) else (middle, high)
        return low


@dataclass(frozen=True)
class Sample:
    """(N, D) vectors to measure on, the mean (D,) of those a codec was fitted to, and what every measurement needs."""

    vectors: Vectors
    mean: Vectors

    @cached_property
    def bound(self) -> Bound:
        return Bound.of(self.vectors)

    @cached_property
    def nearest(self) -> npt.NDArray[np.int64]:
        """(QUERIES, NEIGHBOURS)."""
        return _nearest(self.vectors)


def measure(codec: Codec, sample: Sample) -> tuple[Fidelity, Vectors]:
    """A codec on a sample → its point, and the decoded vectors."""
    test = sample.vectors
    mean = sample.mean
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
        bound_bits=round(sample.bound.bits(error), 2),
        neighbours_kept=round(neighbours_kept(sample.nearest, vectors_hat), 4),
        encode_per_second=round(len(test) / encoding),
        decode_per_second=round(len(test) / decoding),
    )
    return point, vectors_hat


def neighbours_kept(true: npt.NDArray[np.int64], vectors_hat: Vectors) -> float:
    """Share of the NEIGHBOURS nearest by cosine, itself left out, that decoding keeps; of the first QUERIES rows."""
    pairs = zip(true, _nearest(vectors_hat), strict=True)
    return float(np.mean([len(set(a) & set(b)) for a, b in pairs]) / NEIGHBOURS)


def text_to_image(
    texts: Vectors, owner: npt.NDArray[np.int64], vectors_hat: Vectors
) -> dict[str, float]:
    """(T, D) texts and the row each is about → R@1 and R@10 of that row among the decoded vectors."""
    scores = _unit(texts) @ _unit(vectors_hat).T
    rank = (scores > scores[np.arange(len(owner)), owner][:, None]).sum(axis=1)
    return {
        "text_R1": round(float((rank < 1).mean()), 4),
        "text_R10": round(float((rank < 10).mean()), 4),
    }


def zero_shot_agreement(labels: Vectors, vectors: Vectors, vectors_hat: Vectors) -> float:
    """Share of rows whose nearest of (L, D) label vectors is the same before and after."""
    before, after = (
        (_unit(one) @ _unit(labels).T).argmax(axis=1) for one in (vectors, vectors_hat)
    )
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
