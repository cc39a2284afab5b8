"""How good is a codec: its rate, and what it keeps of vectors that it was not fitted to.

    bits                mean of 8 · bytes of a stored code
    side_bits           8 · bytes of the fitted state, once per archive
    cosine              cos(σ, σ̂)
    centered_cosine     cos(σ − μ, σ̂ − μ)            μ: mean of the vectors the codec was fitted to
    relative_error      Σ (σ − σ̂)² / Σ (σ − mean)²
    neighbors_kept      of the ten nearest neighbors among the vectors, the share that is also among
                        the ten nearest when all are decoded
    neighbors_found     the same share when only the rows are decoded and the query is as it was:
                        what search does
    bound_bits          Gaussian reverse water-filling at the same squared error
                        (Cover & Thomas, theorem 10.3.3)

The bound takes the eigenvalues λ of the sample's covariance:

    Σ min(θ, λᵢ) = error   →   ½ Σ log2 max(1, λᵢ / θ)
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from archive.arrays import Vectors, cosine, unit

NEIGHBORS = 10
MIN_EIGENVALUE = 1e-15
QUERIES = 2000  # rows whose neighbors are compared
BISECTIONS = 100
T = TypeVar("T")


@dataclass(frozen=True)
class RatePoint:
    """One point of a rate–distortion curve."""

    codec: str
    bits: float
    side_bits: int
    rows: int
    cosine: float
    centered_cosine: float
    relative_error: float
    bound_bits: float
    neighbors_kept: float
    neighbors_found: float
    encode_per_second: float
    decode_per_second: float


class VectorCodec(Protocol):
    """What is measured: a codec, or a quantizer beside it."""

    @property
    def name(self) -> str:
        """What its points are called."""
        ...

    @property
    def state(self) -> bytes:
        """What is stored once per archive."""
        ...

    def encode_vectors(self, vectors: Vectors) -> list[bytes]:
        """(N, D) float32 → N codes."""
        ...

    def decode_vectors(self, codes: list[bytes]) -> Vectors:
        """N codes → (N, D) float32."""
        ...


@dataclass(frozen=True)
class GaussianBound:
    """The rate–distortion function of a Gaussian with a sample's covariance: eigenvalues λ (D,)."""

    spectrum: npt.NDArray[np.float64]

    @classmethod
    def of(cls, vectors: Vectors) -> GaussianBound:
        """(N, D) sample → its bound."""
        covariance = np.cov(vectors.T.astype(np.float64))
        return cls(np.maximum(np.linalg.eigvalsh(covariance), MIN_EIGENVALUE))

    def bits(self, squared_error: float) -> float:
        """Bits per row at a squared error summed over the dimensions."""
        if squared_error >= self.spectrum.sum():
            return 0.0
        return self._rate(self._water_level(lambda level: self._error(level) > squared_error))

    def centered_cosine(self, bits: float) -> float:
        """√(1 − relative error) at a rate."""
        level = self._water_level(lambda level: self._rate(level) < bits)
        return float(np.sqrt(1 - self._error(level) / self.spectrum.sum()))

    def _error(self, level: float) -> float:
        return float(np.minimum(self.spectrum, level).sum())

    def _rate(self, level: float) -> float:
        return float(0.5 * np.log2(np.maximum(1, self.spectrum / level)).sum())

    def _water_level(self, too_high: Callable[[float], bool]) -> float:
        """θ, by bisection."""
        low = MIN_EIGENVALUE
        high = float(self.spectrum.max())
        for _ in range(BISECTIONS):
            middle = (low * high) ** 0.5
            if too_high(middle):
                high = middle
            else:
                low = middle
        return low


@dataclass(frozen=True)
class EvaluationSample:
    """(N, D) vectors to measure on, and the mean (D,) of those that a codec was fitted to."""

    vectors: Vectors
    mean: Vectors

    @cached_property
    def bound(self) -> GaussianBound:
        """The bound of these vectors."""
        return GaussianBound.of(self.vectors)

    @cached_property
    def neighbors(self) -> npt.NDArray[np.int64]:
        """(QUERIES, NEIGHBORS) positions of the nearest vectors."""
        return _nearest(self.vectors, self.vectors)


def measure(codec: VectorCodec, sample: EvaluationSample) -> tuple[RatePoint, Vectors]:
    """A codec on a sample → its point, and the decoded vectors (N, D)."""
    vectors = sample.vectors
    codes, encode_seconds = _timed(lambda: codec.encode_vectors(vectors))
    vectors_hat, decode_seconds = _timed(lambda: codec.decode_vectors(codes))
    centered_cosine = cosine(vectors - sample.mean, vectors_hat - sample.mean)
    error = float(((vectors - vectors_hat) ** 2).sum(axis=1).mean())
    point = RatePoint(
        codec=codec.name,
        bits=round(8 * sum(map(len, codes)) / len(vectors), 2),
        side_bits=8 * len(codec.state),
        rows=len(vectors),
        cosine=round(float(cosine(vectors, vectors_hat).mean()), 5),
        centered_cosine=round(float(centered_cosine.mean()), 5),
        relative_error=round(error / float(vectors.var(axis=0).sum()), 5),
        bound_bits=round(sample.bound.bits(error), 2),
        neighbors_kept=round(_kept(sample.neighbors, vectors_hat, vectors_hat), 4),
        neighbors_found=round(_kept(sample.neighbors, vectors, vectors_hat), 4),
        encode_per_second=round(len(vectors) / encode_seconds),
        decode_per_second=round(len(vectors) / decode_seconds),
    )
    return point, vectors_hat


def text_to_image(
    texts: Vectors, image_of_text: npt.NDArray[np.int64], vectors_hat: Vectors
) -> dict[str, float]:
    """(T, D) texts, the row each describes → R@1 and R@10 of it among the decoded vectors."""
    scores = unit(texts) @ unit(vectors_hat).T
    true_scores = scores[np.arange(len(image_of_text)), image_of_text][:, None]
    rank = (scores > true_scores).sum(axis=1)
    return {
        "text_R1": round(float((rank < 1).mean()), 4),
        "text_R10": round(float((rank < 10).mean()), 4),
    }


def zero_shot_agreement(labels: Vectors, vectors: Vectors, vectors_hat: Vectors) -> float:
    """Share of rows whose nearest of the (L, D) label vectors is the same after coding."""
    before = (unit(vectors) @ unit(labels).T).argmax(axis=1)
    after = (unit(vectors_hat) @ unit(labels).T).argmax(axis=1)
    return round(float((before == after).mean()), 4)


def _kept(true_neighbors: npt.NDArray[np.int64], queries: Vectors, vectors_hat: Vectors) -> float:
    """Share of the true nearest neighbors that are the queries' nearest decoded vectors."""
    pairs = zip(true_neighbors, _nearest(queries, vectors_hat), strict=True)
    return float(np.mean([len(set(before) & set(after)) for before, after in pairs]) / NEIGHBORS)


def _nearest(queries: Vectors, vectors: Vectors) -> npt.NDArray[np.int64]:
    """The nearest vectors by cosine to the first QUERIES of as many queries, each row's own
    excluded → (QUERIES, NEIGHBORS) positions."""
    scores = unit(queries[:QUERIES]) @ unit(vectors).T
    scores[np.arange(len(scores)), np.arange(len(scores))] = -np.inf
    nearest: npt.NDArray[np.int64] = np.argpartition(-scores, NEIGHBORS, axis=1)[:, :NEIGHBORS]
    return nearest


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    started = time.perf_counter()
    return work(), time.perf_counter() - started
