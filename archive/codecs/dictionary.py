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

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import pairwise, product

import numpy as np
import numpy.typing as npt

from archive.codecs import rangecoder

Rows = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
COEFFICIENT_UNIT = 2.0**-16
COEFFICIENT_LIMIT = 1 << 24
BLOCK = 2048  # rows coded at once: K · S · BLOCK products are held
SWEEPS = 2  # over the coefficients of a row
EAGERNESS = (0.3, 1.0, 3.0)  # times λ, when levels are chosen: a code may fill its last byte, or save it
RIDGE = 1e-5  # keeps atoms that are nearly parallel apart in the normal equations
TINY = 1e-20  # squared length of an atom that is zero


@dataclass(frozen=True)
class Pursuit:
    """N rows and their first n atoms, ascending, with what choosing levels needs."""

    atoms: Integers  # (N, n)
    coefficients: Rows  # (N, n), least squares
    correlations: Rows  # (N, n), xᵀd
    gram: Rows  # (N, n, n), dᵀd


@dataclass(frozen=True)
class Sparse:
    """N rows as they are coded; beyond a row's count, atoms and levels are 0."""

    counts: Integers  # (N,)
    atoms: Integers  # (N, S), ascending
    levels: npt.NDArray[np.int32]  # (N, S)
    bits: Rows  # (N,), stored: whole bytes


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
        blocks = (rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK))
        return [message for block in blocks for message in self.write(self.choose(list(self.pursue(block))))]

    def write(self, coded: Sparse) -> list[bytes]:
        """Rows as they are coded → N messages."""
        return list(map(self._message, coded.counts.tolist(), coded.atoms.tolist(), coded.levels))

    def decode(self, messages: list[bytes]) -> Rows:
        """N messages → (N, d) float32, the same bits on every machine. Raises BadCode for what cannot be a message."""
        counts = np.zeros(len(messages), np.int64)
        atoms = np.zeros((len(messages), len(self.centroids)), np.int64)
        levels = np.zeros(atoms.shape, np.int32)
        for row, message in enumerate(messages):
            count, own_atoms, own_levels = self._read(rangecoder.Reader(message))
            counts[row], atoms[row, :count], levels[row, :count] = count, own_atoms, own_levels
        return self.rebuild(counts, atoms, levels)

    def rebuild(self, counts: Integers, atoms: Integers, levels: npt.NDArray[np.int32]) -> Rows:
        """Counts (N,), atoms and levels (N, S) → (N, d) float32."""
        coefficients = self.centroids[counts[:, None] - 1, levels].astype(np.float64)
        exact = np.zeros((len(counts), len(self.mean)))
        for place in range(atoms.shape[1]):
            kept = np.flatnonzero(counts > place)
            exact[kept] += coefficients[kept, place, None] * self.atoms[atoms[kept, place]]
        rows: Rows = (self.mean + exact * (float(self.unit) * COEFFICIENT_UNIT)).astype(np.float32)
        return rows

    def pursue(self, rows: Rows) -> Iterator[Pursuit]:
        """(N, d) → the best n atoms of each row, for n = 1 … S."""
        correlations = np.asarray((rows - self.mean) @ self._floats.atoms.T, np.float32)
        return pursue(correlations, self._floats.gram, len(self.centroids))

    def choose(self, pursuits: list[Pursuit]) -> Sparse:
        """The atoms of N rows for every n → the n and the levels of least error² + λ · stored bits."""
        rows, slope = len(pursuits[0].atoms), float(self.slope)
        best, least = _nothing(rows, len(self.centroids)), np.full(rows, np.inf, np.float32)
        for count, eagerness in product(range(1, len(pursuits) + 1), EAGERNESS):
            atoms = pursuits[count - 1].atoms
            levels, error = self._levels(pursuits[count - 1], eagerness * slope)
            bits = self._bits(atoms, levels)
            price = error + np.float32(slope) * bits
            better = price < least
            least[better], best.counts[better], best.bits[better] = price[better], count, bits[better]
            best.atoms[better, :count], best.levels[better, :count] = atoms[better], levels[better]
        return best

    def _levels(self, pursuit: Pursuit, slope: float) -> tuple[npt.NDArray[np.int32], Rows]:
        """Levels (N, n), each the best while the others stay, and error² − ‖x − μ‖² (N,)."""
        count = pursuit.atoms.shape[1]
        centroids = (self.centroids[count - 1] * COEFFICIENT_UNIT).astype(np.float32)
        cost = np.float32(slope) * self._floats.level_bits[count - 1]
        kept, levels = pursuit.coefficients.copy(), np.zeros(pursuit.atoms.shape, np.int32)
        for place in list(range(count)) * SWEEPS:
            own = pursuit.gram[:, place, place]
            pull = pursuit.correlations[:, place] - (pursuit.gram[:, place] * kept).sum(axis=1) + own * kept[:, place]
            paid = own[:, None] * centroids**2 - 2 * pull[:, None] * centroids + cost
            levels[:, place] = paid.argmin(axis=1)
            kept[:, place] = centroids[levels[:, place]]
        error: Rows = (kept * ((kept[:, None] @ pursuit.gram)[:, 0] - 2 * pursuit.correlations)).sum(axis=1)
        return levels, error

    def _bits(self, atoms: Integers, levels: npt.NDArray[np.int32]) -> Rows:
        """Atoms and levels (N, n) → stored bits (N,)."""
        count, floats = atoms.shape[1], self._floats
        bits = floats.level_bits[count - 1][levels].sum(axis=1) + floats.atom_bits[atoms].sum(axis=1)
        stored: Rows = 8 * np.ceil((bits + floats.count_bits[count - 1]) / 8)
        return stored

    def _message(self, count: int, atoms: list[int], levels: npt.NDArray[np.int32]) -> bytes:
        parts = [(np.array([count - 1], np.int32), self._tables.counts)]
        for place, (last, atom) in enumerate(pairwise([-1, *atoms[:count]])):
            parts.append((np.array([atom - last - 1], np.int32), self._tables.next_atom(last, count - place)))
        parts.append((levels[:count], self._tables.levels[[count - 1] * count]))
        return rangecoder.encode([part for part in parts if part[1].shape[1] > 1])  # a sole choice needs no bits

    def _read(self, reader: rangecoder.Reader) -> tuple[int, list[int], npt.NDArray[np.int32]]:
        count, atoms, last = int(_read(reader, self._tables.counts)[0]) + 1, [], -1
        for left in range(count, 0, -1):
            last += 1 + int(_read(reader, self._tables.next_atom(last, left))[0])
            atoms.append(last)
        return count, atoms, _read(reader, self._tables.levels[[count - 1] * count])

    @cached_property
    def _tables(self) -> _Tables:
        return _Tables(self)

    @cached_property
    def _floats(self) -> _Floats:
        atoms = (self.atoms * float(self.unit)).astype(np.float32)
        sets = np.array([float(row.sum()) for row in set_weights(self.weights, len(self.centroids))])  # eₙ(w)
        return _Floats(
            atoms,
            atoms @ atoms.T,
            -np.log2(self.weights, dtype=np.float32),
            (np.log2(sets) - np.log2(rangecoder.probabilities(self.count_counts)[0])).astype(np.float32),
            -np.log2(rangecoder.probabilities(self.level_counts)),
        )

    def arrays(self, prefix: str) -> dict[str, npt.NDArray[np.generic]]:
        """Everything, by name, for the codec row."""
        return {f"{prefix}{field.name}": getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True)
class _Floats:
    """What the encoder computes with; it need not be exact."""

    atoms: Rows  # (K, d)
    gram: Rows  # (K, K), dᵀd
    atom_bits: Rows  # (K,), −log₂ w
    count_bits: Rows  # (S,), of n and of all sets of n: log₂ eₙ(w) − log₂ P(n)
    level_bits: Rows  # (S, A)


class _Tables:
    """Probabilities, exact; those of the next atom are made when first asked for."""

    def __init__(self, dictionary: Dictionary) -> None:
        self.counts = rangecoder.probabilities(dictionary.count_counts)
        self.levels = rangecoder.probabilities(dictionary.level_counts)
        self._sets = set_weights(dictionary.weights, len(dictionary.centroids))
        self._made: dict[tuple[int, int], rangecoder.Probabilities] = {}

    def next_atom(self, last: int, left: int) -> rangecoder.Probabilities:
        """(1, K − last − left): of the atoms last + 1 … K − left, when `left` are to come."""
        if (last, left) not in self._made:
            weights = self._sets[left - 1]
            self._made[last, left] = rangecoder.probabilities(_share(weights[last + 1 : len(weights) - left + 1]))
        return self._made[last, left]


def set_weights(weights: npt.NDArray[np.uint16], most: int) -> list[npt.NDArray[np.object_]]:
    """(K,) → Wᵣ (K,) of Python's integers, for r = 1 … S."""
    own = weights.astype(object)
    rest, found = np.ones(len(own), object), []  # rest: eᵣ₋₁ of the weights behind j
    for _ in range(most):
        found.append(own * rest)
        rest = np.append(np.cumsum(found[-1][::-1])[::-1][1:], 0)
    return found


def _share(weights: npt.NDArray[np.object_]) -> npt.NDArray[np.uint32]:
    """(A,) integers → (1, A) counts ≥ 1 that sum to TOTAL, by integer arithmetic."""
    counts = np.array(1 + weights * (rangecoder.TOTAL - len(weights)) // int(weights.sum()), np.uint32)
    counts[counts.argmax()] += rangecoder.TOTAL - counts.sum()
    return counts[None]


def _nothing(rows: int, most: int) -> Sparse:
    """N rows, before any is coded."""
    places = np.zeros((rows, most), np.int64)
    return Sparse(np.ones(rows, np.int64), places, places.astype(np.int32), np.zeros(rows, np.float32))


def _read(reader: rangecoder.Reader, tables: rangecoder.Probabilities) -> npt.NDArray[np.int32]:
    return reader.read(tables) if tables.shape[1] > 1 else np.zeros(len(tables), np.int32)


def pursue(correlations: Rows, gram: Rows, most: int) -> Iterator[Pursuit]:
    """xᵀd (N, K) and dᵀd (K, K) → the atoms after 1, 2 … `most` steps of orthogonal matching pursuit."""
    rows, scale = np.arange(len(correlations))[:, None], 1 / np.sqrt(np.maximum(np.diag(gram), TINY))
    picks, rest = np.zeros((len(rows), 0), np.int64), correlations
    for _ in range(most):
        gain = np.abs(rest * scale)
        gain[rows, picks] = -1
        picks = np.sort(np.column_stack([picks, gain.argmax(axis=1)]), axis=1)
        own = np.take_along_axis(correlations, picks, axis=1)
        inner = gram[picks[:, :, None], picks[:, None, :]]
        ridge = RIDGE * inner.diagonal(axis1=1, axis2=2) + np.float32(TINY)
        ridged = inner + ridge[..., None] * np.eye(picks.shape[1], dtype=np.float32)
        coefficients: Rows = np.linalg.solve(ridged, own[..., None])[..., 0]
        rest = correlations - (coefficients[:, None] @ gram[picks])[:, 0]
        yield Pursuit(picks, coefficients, own, inner)
