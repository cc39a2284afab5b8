"""Sparse coding: every vector is the mean and a few atoms of a learned dictionary.

    x̂ = μ + Σ αₖ dₖ  over a set of n ≤ S of the K atoms        α: one of A levels, dₖ: an atom

The message is n, the set in rising order (archive.codecs.coders.atom_sets), then the levels in that
order. The encoder takes atoms by orthogonal matching pursuit, quantizes each coefficient given the
others, and of all n keeps the one of least  error² + λ · 8 · bytes.

Decoding is exact everywhere. Weights, atoms and levels are integers; the sums of products stay
below 2⁵³, so double precision adds them without rounding, in any order:

    |d| ≤ 2⁷,  |α| ≤ 2²⁴,  S ≤ 32   →   |Σ| ≤ 2³⁶
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import pairwise, product

import numpy as np
import numpy.typing as npt

from archive.arrays import Vectors
from archive.codecs.coders import range_coder
from archive.codecs.coders.atom_sets import AtomModels, model_or_none, set_weights
from archive.codecs.coders.omp import Integers, OmpSolution, omp_solutions
from archive.codecs.coders.state import FittedState

COEFFICIENT_UNIT = 2.0**-16
COEFFICIENT_LIMIT = 1 << 24
BLOCK = 2048  # rows coded at a time: K · S · BLOCK products are in memory
SWEEPS = 2  # over the coefficients of a row
WHOLE_BYTES = 8  # bits; the rate granularity of messages that stand alone
LAMBDA_SCALES = (
    0.3,
    1.0,
    3.0,
)  # times λ, to choose levels: a code may fill its last byte or save it


@dataclass(frozen=True)
class SparseCodes:
    """N rows, quantized; atoms and levels after a row's count are 0."""

    counts: Integers  # (N,)
    atoms: Integers  # (N, S), ascending
    levels: npt.NDArray[np.int32]  # (N, S)
    bits: Vectors  # (N,), estimated

    @classmethod
    def empty(cls, rows: int, max_atoms: int) -> SparseCodes:
        """N rows to be filled in."""
        atoms = np.zeros((rows, max_atoms), np.int64)
        levels = np.zeros((rows, max_atoms), np.int32)
        return cls(np.ones(rows, np.int64), atoms, levels, np.zeros(rows, np.float32))

    @classmethod
    def concatenate(cls, blocks: list[SparseCodes]) -> SparseCodes:
        """Blocks of rows, one after the other."""
        names = [field.name for field in fields(cls)]
        return cls(*(np.concatenate([getattr(block, name) for block in blocks]) for name in names))


@dataclass(frozen=True)
class Dictionary(FittedState):
    """The fitted state. d: dimensions, K: atoms, S: atoms per row at most, A: levels."""

    mean: npt.NDArray[np.float32]  # (d,)
    unit: npt.NDArray[np.float64]  # (), of the atoms
    atoms: npt.NDArray[np.int8]  # (K, d)
    weights: npt.NDArray[np.uint16]  # (K,), ≥ 1
    count_counts: npt.NDArray[np.uint32]  # (1, S): how many rows have n = 1 … S
    level_counts: npt.NDArray[np.uint32]  # (S, A), row n − 1 for rows of n atoms
    centroids: npt.NDArray[np.int32]  # (S, A), in COEFFICIENT_UNIT
    slope: npt.NDArray[np.float64]  # (), λ

    @property
    def max_atoms(self) -> int:
        """S."""
        return len(self.centroids)

    def encode(self, rows: Vectors) -> list[bytes]:
        """(N, d) float32 → N messages."""
        codes = self.quantize(rows)
        return [range_coder.encode(self.symbols(codes, row)) for row in range(len(rows))]

    def decode(self, messages: list[bytes]) -> Vectors:
        """N messages → (N, d) float32, the same bits on every machine. Raises BadCode."""
        return self.reconstruct(self.read([range_coder.Reader(message) for message in messages]))

    def quantize(self, rows: Vectors, *, rate_granularity: int = WHOLE_BYTES) -> SparseCodes:
        """(N, d) → the codes of least cost.

        Messages are priced in multiples of `rate_granularity` bits; 0: to the fraction of a bit.
        """
        blocks = [
            self.choose(list(self.solutions(rows[start : start + BLOCK])), rate_granularity)
            for start in range(0, len(rows), BLOCK)
        ]
        return SparseCodes.concatenate(blocks) if blocks else SparseCodes.empty(0, self.max_atoms)

    def symbols(self, codes: SparseCodes, row: int) -> list[range_coder.Segment]:
        """One row's message: its symbols with their models."""
        count = int(codes.counts[row])
        atoms = codes.atoms[row, :count].tolist()
        models = self._models
        message: list[tuple[range_coder.Symbols | int, range_coder.Model | None]] = [
            (count - 1, models.counts)
        ]
        for position, (last, atom) in enumerate(pairwise([-1, *atoms])):
            message.append((atom - last - 1, models.atoms.next_atom(last, count - position)))
        message.append((codes.levels[row, :count], models.levels[count - 1]))
        return [(symbols, model) for symbols, model in message if model is not None]

    def read(self, readers: list[range_coder.Reader]) -> SparseCodes:
        """The mirror of symbols, from N messages. Raises BadCode."""
        codes = SparseCodes.empty(len(readers), self.max_atoms)
        models = self._models
        for row, reader in enumerate(readers):
            count = 1 + int(_read(reader, models.counts, 1)[0])
            atom = -1
            for position in range(count):
                model = models.atoms.next_atom(atom, count - position)
                atom += 1 + int(_read(reader, model, 1)[0])
                codes.atoms[row, position] = atom
            codes.counts[row] = count
            codes.levels[row, :count] = _read(reader, models.levels[count - 1], count)
        return codes

    def reconstruct(self, codes: SparseCodes) -> Vectors:
        """The mirror of quantize → (N, d) float32."""
        from scipy.sparse import csr_array

        used = np.arange(codes.atoms.shape[1]) < codes.counts[:, None]
        coefficients = self.centroids[codes.counts[:, None] - 1, codes.levels][used]
        ends = np.concatenate([[0], np.cumsum(codes.counts)])
        shape = len(codes.counts), len(self.atoms)
        matrix = csr_array((coefficients.astype(np.float64), codes.atoms[used], ends), shape)
        exact = matrix @ self._floats.exact_atoms
        scale = float(self.unit) * COEFFICIENT_UNIT
        rows: Vectors = (self.mean + exact * scale).astype(np.float32)
        return rows

    def solutions(self, rows: Vectors) -> Iterator[OmpSolution]:
        """(N, d) → the best n atoms of each row, for n = 1 … S."""
        correlations = np.asarray((rows - self.mean) @ self._floats.atoms.T, np.float32)
        return omp_solutions(correlations, self._floats.gram, self.max_atoms)

    def choose(
        self, solutions: list[OmpSolution], rate_granularity: int = WHOLE_BYTES
    ) -> SparseCodes:
        """The solutions of N rows for every n → the n and the levels of least error² + λ · bits."""
        rows = len(solutions[0].atoms)
        lambda_ = float(self.slope)
        best = SparseCodes.empty(rows, self.max_atoms)
        least = np.full(rows, np.inf, np.float32)
        for solution, scale in product(solutions, LAMBDA_SCALES):
            count = solution.atoms.shape[1]
            levels, error = self._choose_levels(solution, scale * lambda_)
            bits = self._bits(solution.atoms, levels, rate_granularity)
            cost = error + np.float32(lambda_) * bits
            better = cost < least
            least[better] = cost[better]
            best.counts[better] = count
            best.bits[better] = bits[better]
            best.atoms[better, :count] = solution.atoms[better]
            best.levels[better, :count] = levels[better]
        return best

    def _choose_levels(
        self, solution: OmpSolution, lambda_: float
    ) -> tuple[npt.NDArray[np.int32], Vectors]:
        """Levels (N, n), each the best given the others, and error² − ‖x − μ‖² (N,)."""
        count = solution.atoms.shape[1]
        centroids = (self.centroids[count - 1] * COEFFICIENT_UNIT).astype(np.float32)
        rate_cost = np.float32(lambda_) * self._floats.level_bits[count - 1]
        quantized = solution.coefficients.copy()
        levels = np.zeros(solution.atoms.shape, np.int32)
        for position in list(range(count)) * SWEEPS:
            energy = solution.gram[:, position, position]
            pull = (
                solution.correlations[:, position]
                - (solution.gram[:, position] * quantized).sum(axis=1)
                + energy * quantized[:, position]
            )
            cost = energy[:, None] * centroids**2 - 2 * pull[:, None] * centroids + rate_cost
            levels[:, position] = cost.argmin(axis=1)
            quantized[:, position] = centroids[levels[:, position]]
        products = (quantized[:, None] @ solution.gram)[:, 0]
        error: Vectors = (quantized * (products - 2 * solution.correlations)).sum(axis=1)
        return levels, error

    def _bits(
        self, atoms: Integers, levels: npt.NDArray[np.int32], rate_granularity: int
    ) -> Vectors:
        """Atoms and levels (N, n) → bits (N,)."""
        count = atoms.shape[1]
        floats = self._floats
        level_bits = floats.level_bits[count - 1][levels].sum(axis=1)
        bits: Vectors = level_bits + floats.atom_bits[atoms].sum(axis=1)
        bits += floats.count_bits[count - 1]
        if not rate_granularity:
            return bits
        stored: Vectors = rate_granularity * np.ceil(bits / rate_granularity)
        return stored

    @cached_property
    def _models(self) -> _Models:
        return _Models(
            counts=model_or_none(self.count_counts[0]),
            atoms=AtomModels(self.weights, self.max_atoms),
            levels=[model_or_none(counts) for counts in self.level_counts],
        )

    @cached_property
    def _floats(self) -> _Floats:
        atoms = (self.atoms * float(self.unit)).astype(np.float32)
        sums = [float(row.sum()) for row in set_weights(self.weights, self.max_atoms)]  # eₙ(w)
        counts = range_coder.probabilities(self.count_counts)[0]
        return _Floats(
            atoms=atoms,
            exact_atoms=self.atoms.astype(np.float64),
            gram=atoms @ atoms.T,
            atom_bits=-np.log2(self.weights, dtype=np.float32),
            count_bits=(np.log2(np.array(sums)) - np.log2(counts)).astype(np.float32),
            level_bits=-np.log2(range_coder.probabilities(self.level_counts)),
        )


@dataclass(frozen=True)
class _Floats:
    """What is computed with; only `exact_atoms` must be exact."""

    atoms: Vectors  # (K, d)
    exact_atoms: npt.NDArray[np.float64]  # (K, d), in units
    gram: Vectors  # (K, K), dᵀd
    atom_bits: Vectors  # (K,), −log₂ w
    count_bits: Vectors  # (S,), of n and of all sets of n: log₂ eₙ(w) − log₂ P(n)
    level_bits: Vectors  # (S, A)


@dataclass(frozen=True)
class _Models:
    """Exact probabilities; None for a single choice, which costs no bits."""

    counts: range_coder.Model | None
    atoms: AtomModels
    levels: list[range_coder.Model | None]  # row n − 1 for rows of n atoms


def _read(
    reader: range_coder.Reader, model: range_coder.Model | None, count: int
) -> npt.NDArray[np.int32]:
    return np.zeros(count, np.int32) if model is None else reader.read_shared(model, count)
