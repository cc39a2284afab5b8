"""A learned dictionary: every vector is the mean and a few atoms (sparse coding).

    x̂ = μ + Σ αₖ dₖ  over a set of n ≤ S of the K atoms        α: one of A levels, d: an atom at its usual size

The message is n, the set in rising order, then the levels in that order. The order costs nothing: atom k has a weight
wₖ, a set the probability Π wₖ / eₙ(w), eₙ the elementary symmetric polynomial (with equal weights: log₂ C(K, n) bits).
One after the other, when r atoms are still to come and i was the last,

    P(next = j) = Wᵣ[j] / Σ_{j' > i} Wᵣ[j']      Wᵣ[j] = wⱼ · eᵣ₋₁(wⱼ₊₁, wⱼ₊₂, …)

The encoder takes atoms by orthogonal matching pursuit, quantises each coefficient against the others, and keeps of all
n the one of least  error² + λ · 8 · bytes.

Decoding is exact everywhere. Weights, atoms and levels are integers; Wᵣ is computed with integers of any size, and the
sums of products stay below 2⁵³, so double precision adds them without rounding, in any order:

    |d| ≤ 2⁷,  |α| ≤ 2²⁴,  S ≤ 32   →   |Σ| ≤ 2³⁶
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import pairwise, product
from typing import Any

import numpy as np
import numpy.typing as npt

from archive.codecs.coders import range_coder
from archive.codecs.coders.omp import Integers, Pursuit, Rows, pursue

COEFFICIENT_UNIT = 2.0**-16
COEFFICIENT_LIMIT = 1 << 24
BLOCK = 2048  # rows coded at once: K · S · BLOCK products are held
SWEEPS = 2  # over the coefficients of a row
WHOLE_BYTES = 8  # bits
LAMBDA_SCALES = (
    0.3,
    1.0,
    3.0,
)  # times λ, when levels are chosen: a code may fill its last byte, or save it


@dataclass(frozen=True)
class Sparse:
    """N rows as they are coded; beyond a row's count, atoms and levels are 0."""

    counts: Integers  # (N,)
    atoms: Integers  # (N, S), ascending
    levels: npt.NDArray[np.int32]  # (N, S)
    bits: Rows  # (N,), as they were priced


@dataclass(frozen=True)
class Dictionary:
    """The fitted state. d: dimensions, K: atoms, S: atoms of a row at most, A: levels."""

    mean: npt.NDArray[np.float32]  # (d,)
    unit: npt.NDArray[np.float64]  # (), of the atoms
    atoms: npt.NDArray[np.int8]  # (K, d)
    weights: npt.NDArray[np.uint16]  # (K,), ≥ 1
    count_counts: npt.NDArray[np.uint32]  # (1, S): how many rows have n = 1 … S
    level_counts: npt.NDArray[np.uint32]  # (S, A), row n − 1 for rows of n atoms
    centroids: npt.NDArray[np.int32]  # (S, A), in COEFFICIENT_UNIT
    slope: npt.NDArray[np.float64]  # (), λ

    def encode(self, rows: Rows) -> list[bytes]:
        """(N, d) float32 → N messages."""
        coded = self.code(rows)
        return [range_coder.encode(self.symbols(coded, row)) for row in range(len(rows))]

    def decode(self, messages: list[bytes]) -> Rows:
        """N messages → (N, d) float32, the same bits on every machine. Raises BadCode for what cannot be a message."""
        return self.reconstruct(self.read([range_coder.Reader(message) for message in messages]))

    def code(self, rows: Rows, *, rate_granularity: int = WHOLE_BYTES) -> Sparse:
        """(N, d) → what is coded of them; messages are priced in multiples of `rate_granularity` bits, 0: to the bit."""
        blocks = [
            self.choose(list(self.pursue(rows[at : at + BLOCK])), rate_granularity)
            for at in range(0, len(rows), BLOCK)
        ]
        return joined(blocks) if blocks else _nothing(0, len(self.centroids))

    def symbols(self, coded: Sparse, row: int) -> list[range_coder.Part]:
        """The symbols of one row's message, with their tables."""
        count = int(coded.counts[row])
        atoms = coded.atoms[row].tolist()
        told: list[tuple[range_coder.Symbols | int, range_coder.Model | None]] = [
            (count - 1, self._models.counts)
        ]
        for place, (last, atom) in enumerate(pairwise([-1, *atoms[:count]])):
            told.append((atom - last - 1, self._models.next_atom(last, count - place)))
        told.append((coded.levels[row, :count], self._models.levels[count - 1]))
        return [(symbols, own) for symbols, own in told if own is not None]

    def read(self, readers: list[range_coder.Reader]) -> Sparse:
        """The mirror of parts, from N messages. Raises BadCode."""
        coded = _nothing(len(readers), len(self.centroids))
        models = self._models
        for row, reader in enumerate(readers):
            count = 1 + int(_read(reader, models.counts, 1)[0])
            last = -1
            for place in range(count):
                last += 1 + int(_read(reader, models.next_atom(last, count - place), 1)[0])
                coded.atoms[row, place] = last
            coded.counts[row] = count
            coded.levels[row, :count] = _read(reader, models.levels[count - 1], count)
        return coded

    def reconstruct(self, coded: Sparse) -> Rows:
        """What is coded → (N, d) float32."""
        from scipy.sparse import csr_array

        used = np.arange(coded.atoms.shape[1]) < coded.counts[:, None]
        coefficients = self.centroids[coded.counts[:, None] - 1, coded.levels][used].astype(
            np.float64
        )
        ends = np.concatenate([[0], np.cumsum(coded.counts)])
        codes = csr_array(
            (coefficients, coded.atoms[used], ends), (len(coded.counts), len(self.atoms))
        )
        exact = codes @ self._floats.exact
        rows: Rows = (self.mean + exact * (float(self.unit) * COEFFICIENT_UNIT)).astype(np.float32)
        return rows

    def pursue(self, rows: Rows) -> Iterator[Pursuit]:
        """(N, d) → the best n atoms of each row, for n = 1 … S."""
        correlations = np.asarray((rows - self.mean) @ self._floats.atoms.T, np.float32)
        return pursue(correlations, self._floats.gram, len(self.centroids))

    def choose(self, pursuits: list[Pursuit], rate_granularity: int = WHOLE_BYTES) -> Sparse:
        """The atoms of N rows for every n → the n and the levels of least error² + λ · bits, multiples of `rate_granularity`."""
        rows = len(pursuits[0].atoms)
        slope = float(self.slope)
        best = _nothing(rows, len(self.centroids))
        least = np.full(rows, np.inf, np.float32)
        for count, eagerness in product(range(1, len(pursuits) + 1), LAMBDA_SCALES):
            atoms = pursuits[count - 1].atoms
            levels, error = self._levels(pursuits[count - 1], eagerness * slope)
            bits = self._bits(atoms, levels, rate_granularity)
            price = error + np.float32(slope) * bits
            better = price < least
            least[better] = price[better]
            best.counts[better] = count
            best.bits[better] = bits[better]
            best.atoms[better, :count] = atoms[better]
            best.levels[better, :count] = levels[better]
        return best

    def _levels(self, pursuit: Pursuit, slope: float) -> tuple[npt.NDArray[np.int32], Rows]:
        """Levels (N, n), each the best while the others stay, and error² − ‖x − μ‖² (N,)."""
        count = pursuit.atoms.shape[1]
        centroids = (self.centroids[count - 1] * COEFFICIENT_UNIT).astype(np.float32)
        cost = np.float32(slope) * self._floats.level_bits[count - 1]
        kept = pursuit.coefficients.copy()
        levels = np.zeros(pursuit.atoms.shape, np.int32)
        for place in list(range(count)) * SWEEPS:
            own = pursuit.gram[:, place, place]
            pull = (
                pursuit.correlations[:, place]
                - (pursuit.gram[:, place] * kept).sum(axis=1)
                + own * kept[:, place]
            )
            paid = own[:, None] * centroids**2 - 2 * pull[:, None] * centroids + cost
            levels[:, place] = paid.argmin(axis=1)
            kept[:, place] = centroids[levels[:, place]]
        error: Rows = (
            kept * ((kept[:, None] @ pursuit.gram)[:, 0] - 2 * pursuit.correlations)
        ).sum(axis=1)
        return levels, error

    def _bits(self, atoms: Integers, levels: npt.NDArray[np.int32], rate_granularity: int) -> Rows:
        """Atoms and levels (N, n) → bits (N,)."""
        count = atoms.shape[1]
        floats = self._floats
        bits = floats.level_bits[count - 1][levels].sum(axis=1) + floats.atom_bits[atoms].sum(
            axis=1
        )
        bits += floats.count_bits[count - 1]
        stored: Rows = (
            rate_granularity * np.ceil(bits / rate_granularity) if rate_granularity else bits
        )
        return stored

    @cached_property
    def _models(self) -> _Models:
        return _Models(self)

    @cached_property
    def _floats(self) -> _Floats:
        atoms = (self.atoms * float(self.unit)).astype(np.float32)
        sets = np.array(
            [float(row.sum()) for row in set_weights(self.weights, len(self.centroids))]
        )  # eₙ(w)
        return _Floats(
            atoms,
            self.atoms.astype(np.float64),
            atoms @ atoms.T,
            -np.log2(self.weights, dtype=np.float32),
            (np.log2(sets) - np.log2(range_coder.probabilities(self.count_counts)[0])).astype(
                np.float32
            ),
            -np.log2(range_coder.probabilities(self.level_counts)),
        )

    def arrays(self, prefix: str) -> dict[str, npt.NDArray[np.generic]]:
        """Everything, by name, for the codec row."""
        return {f"{prefix}{field.name}": getattr(self, field.name) for field in fields(self)}

    @classmethod
    def open(cls, arrays: Mapping[str, Any], prefix: str) -> Dictionary:
        """The mirror of arrays. Raises KeyError where something is missing."""
        return cls(**{field.name: arrays[prefix + field.name] for field in fields(cls)})


@dataclass(frozen=True)
class _Floats:
    """What is computed with; only `exact` need be exact."""

    atoms: Rows  # (K, d)
    exact: npt.NDArray[np.float64]  # (K, d), in units
    gram: Rows  # (K, K), dᵀd
    atom_bits: Rows  # (K,), −log₂ w
    count_bits: Rows  # (S,), of n and of all sets of n: log₂ eₙ(w) − log₂ P(n)
    level_bits: Rows  # (S, A)


class _Models:
    """Exact probabilities, made into models; None for a sole choice, which needs no bits."""

    def __init__(self, dictionary: Dictionary) -> None:
        self.counts = _model(dictionary.count_counts[0])
        self.levels = [_model(counts) for counts in dictionary.level_counts]
        self._sets = set_weights(dictionary.weights, len(dictionary.centroids))
        self._made: dict[tuple[int, int], range_coder.Model | None] = {}

    def next_atom(self, last: int, left: int) -> range_coder.Model | None:
        """Of the K − last − left atoms last + 1 … K − left, when `left` are to come; made when first asked for."""
        if (last, left) not in self._made:
            weights = self._sets[left - 1]
            self._made[last, left] = _model(_share(weights[last + 1 : len(weights) - left + 1]))
        return self._made[last, left]


def _model(counts: npt.NDArray[np.uint32]) -> range_coder.Model | None:
    """(A,) counts → their model."""
    return range_coder.model(range_coder.probabilities(counts)) if len(counts) > 1 else None


def set_weights(weights: npt.NDArray[np.uint16], most: int) -> list[npt.NDArray[np.object_]]:
    """(K,) → Wᵣ (K,) of Python's integers, for r = 1 … S."""
    own = weights.astype(object)
    # rest: eᵣ₋₁ of the weights behind j
    rest = np.ones(len(own), object)
    found = []
    for _ in range(most):
        found.append(own * rest)
        rest = np.append(np.cumsum(found[-1][::-1])[::-1][1:], 0)
    return found


def _share(weights: npt.NDArray[np.object_]) -> npt.NDArray[np.uint32]:
    """(A,) integers → (A,) counts ≥ 1 that sum to TOTAL, by integer arithmetic."""
    counts = np.array(
        1 + weights * (range_coder.TOTAL - len(weights)) // int(weights.sum()), np.uint32
    )
    counts[counts.argmax()] += range_coder.TOTAL - counts.sum()
    return counts


def joined(blocks: list[Sparse]) -> Sparse:
    """Blocks of rows, one after the other."""
    return Sparse(
        *(
            np.concatenate([getattr(block, field.name) for block in blocks])
            for field in fields(Sparse)
        )
    )


def _nothing(rows: int, most: int) -> Sparse:
    """N rows, before any is coded."""
    places = np.zeros((rows, most), np.int64)
    return Sparse(
        np.ones(rows, np.int64), places, places.astype(np.int32), np.zeros(rows, np.float32)
    )


def _read(
    reader: range_coder.Reader, own: range_coder.Model | None, count: int
) -> npt.NDArray[np.int32]:
    return np.zeros(count, np.int32) if own is None else reader.read_alike(own, count)
