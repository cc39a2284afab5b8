"""Learning a dictionary (archive.codecs.coders.sparse) from a sample, at a number of bits.

1. K atoms from k-means, then ROUNDS times in turn: sparse codes of the sample (orthogonal matching
   pursuit), and the atoms of least squared error for them, D = (AᵀA)⁻¹AᵀX (method of optimal
   directions, Engan 1999)
2. each atom scaled to the root mean square of its coefficients, in integers up to ± ATOM_LIMIT
3. on rows held out of 1: λ by bisection, until a code takes the bits asked for, then weights,
   tables and levels from the codes, ITERATIONS times
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from archive.arrays import Vectors
from archive.codecs.coders import range_coder
from archive.codecs.coders.bisection import least_for_bits
from archive.codecs.coders.omp import Integers, OmpSolution, omp_solutions
from archive.codecs.coders.sparse import (
    BLOCK,
    COEFFICIENT_LIMIT,
    COEFFICIENT_UNIT,
    Dictionary,
    SparseCodes,
)

MIN_ATOMS = 16
ROWS_PER_ATOM = 64  # of the sample, at least: enough images must share an atom to pay for it
MAX_LEARNING_ROWS = 50_000  # that atoms are learned from
MAX_HELD_OUT = 4096  # rows, for tables and rate
HELD_OUT_SHARE = 5  # one row in five is held out, up to MAX_HELD_OUT
ATOM_LIMIT = 31  # 127 gives 0.005 more centered cosine and a state larger by 40 %
ATOM_RIDGE = 1e-3  # of the mean energy of the codes
WEIGHT_LIMIT = 65_535
ROUNDS = 12
ITERATIONS = 4
BISECTIONS = 10
CORRECTIONS = 3  # of the rate, by real messages
MIN_CENTROID_ROWS = 20  # coefficients; with fewer, a level keeps its centroid
SMOOTHING = 0.5  # added to counts


@dataclass(frozen=True)
class Shape:
    """Of a dictionary: K atoms, at most S of them per image, with A levels of coefficients."""

    atoms: int
    max_atoms: int
    levels: int


SHAPES = {  # bits per code → the shape with the best centered cosine of the grid (docs/smic.md)
    6: Shape(64, 1, 1),  # the paper's lowest rate: log₂ 64 bits, stored as a byte
    8: Shape(255, 1, 1),  # as many atoms as a byte can name
    16: Shape(256, 3, 3),
    24: Shape(512, 3, 3),
    32: Shape(512, 5, 4),
    48: Shape(512, 8, 3),
    56: Shape(512, 8, 4),
}


def atoms_for(vectors: Vectors) -> int:
    """How many atoms can be learned from a sample (N, D)."""
    return max(MIN_ATOMS, len(vectors) // ROWS_PER_ATOM)


def shape_for(bits: float) -> Shape:
    """The shape of the highest rate that is no more than `bits`."""
    return SHAPES[max((rate for rate in SHAPES if rate <= bits), default=min(SHAPES))]


def fit_dictionary(vectors: Vectors, bits: float, shape: Shape, *, seed: int = 0) -> Dictionary:
    """(N, d) → a dictionary of that shape whose codes take `bits` on average.

    It has fewer atoms than the shape where the sample is too small.
    """
    shape = replace(shape, atoms=min(shape.atoms, atoms_for(vectors)))
    order = np.random.default_rng(seed).permutation(len(vectors))
    held_out = min(MAX_HELD_OUT, len(vectors) // HELD_OUT_SHARE)
    learning_rows = order[held_out : held_out + MAX_LEARNING_ROWS]
    learned = learn_atoms(vectors[learning_rows], shape, seed=seed)
    return fit_rate(learned, vectors[order[:held_out]], bits, shape.levels)


def learn_atoms(vectors: Vectors, shape: Shape, *, seed: int = 0) -> Dictionary:
    """(N, d) → a dictionary with these atoms; all sets equally likely, all coefficients 1."""
    from sklearn.cluster import MiniBatchKMeans

    mean = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    centered = vectors - mean
    usual_atoms = shape.max_atoms // 2 + 1  # per image, while learning
    means = MiniBatchKMeans(shape.atoms, batch_size=4096, n_init=1, max_iter=30, random_state=seed)
    atoms = means.fit(centered).cluster_centers_.astype(np.float32)
    for _ in range(ROUNDS):
        atoms = _improve_atoms(atoms, centered, *_sparse_codes(atoms, centered, usual_atoms))
    picks, coefficients = _sparse_codes(atoms, centered, usual_atoms)
    atoms *= _usual_coefficients(len(atoms), picks, coefficients)[:, None]
    unit = float(np.abs(atoms).max()) / ATOM_LIMIT or 1.0
    return Dictionary(
        mean=mean,
        unit=np.array(unit),
        atoms=np.rint(atoms / unit).astype(np.int8),
        weights=np.ones(len(atoms), np.uint16),
        count_counts=range_coder.integer_counts(np.ones((1, shape.max_atoms))),
        level_counts=range_coder.integer_counts(np.ones((shape.max_atoms, 1))),
        centroids=_to_integers(np.ones((shape.max_atoms, 1))),
        slope=np.array(0.0),
    )


def fit_rate(learned: Dictionary, held_out: Vectors, bits: float, levels: int) -> Dictionary:
    """Learned atoms and held-out rows (N, d) → levels, tables and λ that spend `bits` per row."""
    solutions = list(learned.solutions(held_out))
    energy = float(((held_out - learned.mean) ** 2).sum(axis=1).mean()) or 1.0
    fitted = _initial_levels(learned, solutions, levels)
    for _ in range(ITERATIONS):
        fitted = _fit_lambda(fitted, solutions, bits, energy)
        fitted = _fit_tables(fitted, solutions, fitted.choose(solutions))
    excess = 0.0  # bits of messages over their estimates
    for _ in range(CORRECTIONS):
        fitted = _fit_lambda(fitted, solutions, bits - excess, energy)
        codes = fitted.choose(solutions)
        messages = (range_coder.encode(fitted.symbols(codes, row)) for row in range(len(held_out)))
        message_bits = 8 * sum(map(len, messages)) / len(held_out)
        excess = message_bits - float(codes.bits.mean())
    return fitted


def _sparse_codes(atoms: Vectors, centered: Vectors, count: int) -> tuple[Integers, Vectors]:
    """Atoms (K, d), rows (N, d) → picks (N, n) and coefficients (N, n), n = `count`."""
    gram = atoms @ atoms.T
    blocks = []
    for start in range(0, len(centered), BLOCK):
        correlations = centered[start : start + BLOCK] @ atoms.T
        *_, solution = omp_solutions(correlations, gram, count)
        blocks.append(solution)
    picks = np.concatenate([block.atoms for block in blocks])
    return picks, np.concatenate([block.coefficients for block in blocks])


def _improve_atoms(
    atoms: Vectors, centered: Vectors, picks: Integers, coefficients: Vectors
) -> Vectors:
    """(K, d) → (K, d): least squared error for these codes; atoms that none of them uses stay."""
    from scipy.sparse import csr_array

    rows, width = picks.shape
    ends = np.arange(0, rows * width + 1, width)
    values = coefficients.ravel().astype(np.float64)
    codes = csr_array((values, picks.ravel(), ends), (rows, len(atoms)))
    normal = (codes.T @ codes).toarray()
    ridge = ATOM_RIDGE * max(normal.diagonal().mean(), 1e-30)
    regularized = normal + ridge * np.eye(len(atoms))
    better: Vectors = np.linalg.solve(regularized, codes.T @ centered + ridge * atoms)
    return better.astype(np.float32)


def _usual_coefficients(atoms: int, picks: Integers, coefficients: Vectors) -> Vectors:
    """Picks and coefficients (N, n) → (K,) root mean square, with the sign of the mean; 1 for
    unused atoms."""
    used = np.bincount(picks.ravel(), minlength=atoms)
    total = np.bincount(picks.ravel(), coefficients.ravel(), atoms)
    squares = np.bincount(picks.ravel(), coefficients.ravel() ** 2, atoms)
    usual = np.sqrt(squares / np.maximum(used, 1)) * np.where(total < 0, -1, 1)
    return np.where(used > 0, usual, 1).astype(np.float32)


def _initial_levels(learned: Dictionary, solutions: list[OmpSolution], levels: int) -> Dictionary:
    """Levels at the quantiles of the coefficients, all equally likely."""
    quantiles = (np.arange(levels) + 0.5) / levels
    centroids = np.stack([np.quantile(solution.coefficients, quantiles) for solution in solutions])
    counts = range_coder.integer_counts(np.ones(centroids.shape))
    return replace(learned, centroids=_to_integers(centroids), level_counts=counts)


def _fit_lambda(
    fitted: Dictionary, solutions: list[OmpSolution], bits: float, energy: float
) -> Dictionary:
    """The least λ whose codes take no more than `bits` on average."""

    def with_slope(slope: float) -> Dictionary:
        return replace(fitted, slope=np.array(slope))

    def bits_at(slope: float) -> float:
        return float(with_slope(slope).choose(solutions).bits.mean())

    return with_slope(least_for_bits(bits_at, bits, (1e-6 * energy, energy), rounds=BISECTIONS))


def _fit_tables(fitted: Dictionary, solutions: list[OmpSolution], codes: SparseCodes) -> Dictionary:
    """Weights, tables and levels from the codes of the sample."""
    max_atoms, width = fitted.centroids.shape
    level_uses = np.zeros((max_atoms, width))
    totals = np.zeros((max_atoms, width))
    atom_uses = np.zeros(len(fitted.atoms))
    for count, solution in enumerate(solutions, 1):
        rows = codes.counts == count
        levels = codes.levels[rows, :count].ravel()
        level_uses[count - 1] = np.bincount(levels, minlength=width)
        totals[count - 1] = np.bincount(levels, solution.coefficients[rows].ravel(), width)
        atom_uses += np.bincount(codes.atoms[rows, :count].ravel(), minlength=len(atom_uses))
    count_uses = np.bincount(codes.counts - 1, minlength=max_atoms).astype(np.float64)[None]
    means = totals / np.maximum(level_uses, 1)
    old_centroids = fitted.centroids * COEFFICIENT_UNIT
    return replace(
        fitted,
        weights=_atom_weights(atom_uses, len(codes.counts), max_atoms),
        count_counts=range_coder.integer_counts(count_uses + SMOOTHING),
        level_counts=range_coder.integer_counts(level_uses + SMOOTHING),
        centroids=_to_integers(np.where(level_uses > MIN_CENTROID_ROWS, means, old_centroids)),
    )


def _atom_weights(
    uses: npt.NDArray[np.float64], rows: int, max_atoms: int
) -> npt.NDArray[np.uint16]:
    """How many of the rows use each atom (K,) → weights (K,), proportional to the odds.

    With one atom per row all weights are equal: one byte names it.
    """
    share = (uses + 1) / (rows + 2)
    odds = share / (1 - share) if max_atoms > 1 else np.ones(len(uses))
    weights = np.clip(np.rint(odds / odds.max() * WEIGHT_LIMIT), 1, WEIGHT_LIMIT)
    return np.asarray(weights, np.uint16)


def _to_integers(centroids: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.int32]:
    """Levels in COEFFICIENT_UNIT."""
    scaled = np.clip(np.rint(centroids / COEFFICIENT_UNIT), -COEFFICIENT_LIMIT, COEFFICIENT_LIMIT)
    return np.asarray(scaled, np.int32)
