"""Learning a dictionary (archive.codecs.coders.sparse) from a sample, at a number of bits.

1. K atoms from k-means, then in turn, ROUNDS times: sparse codes of the sample (orthogonal matching pursuit), and the
   atoms of least squared error for them, D = (AᵀA)⁻¹AᵀX                     (method of optimal directions, Engan 1999)
2. each atom as long as its coefficients are on average (root mean square), in integers −ATOM_LIMIT … ATOM_LIMIT
3. on rows that were held out of 1: λ by bisection, until a code takes the bits asked for, then weights, tables and
   levels from the codes, ITERATIONS times
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from archive.arrays import Vectors
from archive.codecs.coders import range_coder
from archive.codecs.coders.omp import Integers, Pursuit, Rows, pursue
from archive.codecs.coders.sparse import (
    BLOCK,
    COEFFICIENT_LIMIT,
    COEFFICIENT_UNIT,
    WHOLE_BYTES,
    Dictionary,
    Sparse,
)

LEAST_ATOMS = 16
ROWS_AN_ATOM = (
    64  # of the sample, at least: an atom of d numbers is worth storing if enough pictures share it
)
LEARNED = 50_000  # rows that atoms are learned from, at most
# rows held out for tables and rate: so many, or one in five where there are fewer
HELD = 4096
HELD_SHARE = 5
ATOM_LIMIT = 31  # 127 gives 0.005 more centred cosine and a state larger by 40 %
ROUNDS = 12
ITERATIONS = 4
BISECTIONS = 10
CORRECTIONS = 3


@dataclass(frozen=True)
class Shape:
    """Of a dictionary: K atoms, of which a picture has S at most, with A levels of coefficients."""

    atoms: int
    most: int
    levels: int


RATES = {  # bits a code → the shape; of the grid's, the best centred cosine at those bits
    6: Shape(64, 1, 1),  # the paper's least: log₂ 64 bits, stored as a byte
    8: Shape(255, 1, 1),  # as many atoms as a byte can name
    16: Shape(256, 3, 3),
    24: Shape(512, 3, 3),
    32: Shape(512, 5, 4),
    48: Shape(512, 8, 3),
    56: Shape(512, 8, 4),
}


def atoms_for(vectors: Vectors) -> int:
    """How many atoms a sample (N, D) can teach."""
    return max(LEAST_ATOMS, len(vectors) // ROWS_AN_ATOM)


def shape_for(bits: float) -> Shape:
    """The best of RATES that codes so many bits."""
    return RATES[max((rate for rate in RATES if rate <= bits), default=min(RATES))]


def fit_dictionary(
    vectors: Vectors,
    bits: float,
    shape: Shape,
    *,
    rate_granularity: int = WHOLE_BYTES,
    seed: int = 0,
) -> Dictionary:
    """(N, d) → a dictionary of that shape whose codes take `bits` on average; `rate_granularity`: bits they are a multiple of.

    Atoms are as many as the shape says and the sample can teach.
    """
    shape = replace(shape, atoms=min(shape.atoms, atoms_for(vectors)))
    order = np.random.default_rng(seed).permutation(len(vectors))
    held = min(HELD, len(vectors) // HELD_SHARE)
    learned = learn(vectors[order[held : held + LEARNED]], shape, seed=seed)
    return settle(
        learned, vectors[order[:held]], bits, shape.levels, rate_granularity=rate_granularity
    )


def learn(vectors: Vectors, shape: Shape, *, seed: int = 0) -> Dictionary:
    """(N, d) → the atoms; all sets alike, a single level of 1 for all coefficients."""
    from sklearn.cluster import MiniBatchKMeans

    mean = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    # atoms a picture, while learning
    centred = vectors - mean
    usual = shape.most // 2 + 1
    means = MiniBatchKMeans(shape.atoms, batch_size=4096, n_init=1, max_iter=30, random_state=seed)
    atoms = means.fit(centred).cluster_centers_.astype(np.float32)
    for _ in range(ROUNDS):
        atoms = _improve(atoms, centred, *_codes(atoms, centred, usual))
    atoms *= _lengths(len(atoms), *_codes(atoms, centred, usual))[:, None]
    unit = float(np.abs(atoms).max()) / ATOM_LIMIT or 1.0
    return Dictionary(
        mean,
        np.array(unit),
        np.rint(atoms / unit).astype(np.int8),
        np.ones(len(atoms), np.uint16),
        range_coder.integer_counts(np.ones((1, shape.most))),
        range_coder.integer_counts(np.ones((shape.most, 1))),
        _fixed(np.ones((shape.most, 1))),
        np.array(0.0),
    )


def _codes(atoms: Rows, centred: Rows, usual: int) -> tuple[Integers, Rows]:
    """Atoms (K, d), rows (N, d) → picks (N, s) and coefficients (N, s)."""
    gram = atoms @ atoms.T
    found = []
    for start in range(0, len(centred), BLOCK):
        *_, last = pursue(centred[start : start + BLOCK] @ atoms.T, gram, usual)
        found.append(last)
    return np.concatenate([one.atoms for one in found]), np.concatenate(
        [one.coefficients for one in found]
    )


def _improve(atoms: Rows, centred: Rows, picks: Integers, coefficients: Rows) -> Rows:
    """(K, d) → (K, d): least squared error for these codes; atoms that none of them uses stay."""
    from scipy.sparse import csr_array

    rows, width = picks.shape
    ends = np.arange(0, rows * width + 1, width)
    codes = csr_array(
        (coefficients.ravel().astype(np.float64), picks.ravel(), ends), (rows, len(atoms))
    )
    normal = (codes.T @ codes).toarray()
    ridge = 1e-3 * max(normal.diagonal().mean(), 1e-30)
    better: Rows = np.linalg.solve(
        normal + ridge * np.eye(len(atoms)), codes.T @ centred + ridge * atoms
    )
    return better.astype(np.float32)


def _lengths(atoms: int, picks: Integers, coefficients: Rows) -> Rows:
    """Picks and coefficients (N, s) → (K,) root mean square, with the sign of the mean; 1 for unused atoms."""
    used = np.bincount(picks.ravel(), minlength=atoms)
    total = np.bincount(picks.ravel(), coefficients.ravel(), atoms)
    squares = np.bincount(picks.ravel(), coefficients.ravel() ** 2, atoms)
    lengths = np.sqrt(squares / np.maximum(used, 1)) * np.where(total < 0, -1, 1)
    return np.where(used > 0, lengths, 1).astype(np.float32)


def settle(
    learned: Dictionary,
    held: Vectors,
    bits: float,
    levels: int,
    *,
    rate_granularity: int = WHOLE_BYTES,
) -> Dictionary:
    """Learned atoms and other rows (N, d) → the coder that spends `bits` a row on average: levels, tables, λ."""
    pursuits = list(learned.pursue(held))
    energy = float(((held - learned.mean) ** 2).sum(axis=1).mean()) or 1.0
    ranks = (np.arange(levels) + 0.5) / levels
    centroids = np.stack([np.quantile(one.coefficients, ranks) for one in pursuits])
    counts = range_coder.integer_counts(np.ones(centroids.shape))
    fitted = replace(learned, centroids=_fixed(centroids), level_counts=counts)
    for _ in range(ITERATIONS):
        fitted = _steer(fitted, pursuits, bits, energy, rate_granularity)
        fitted = _tabulate(fitted, pursuits, fitted.choose(pursuits, rate_granularity))
    excess = 0.0  # of messages, over their prices
    for _ in range(CORRECTIONS if rate_granularity else 1):
        fitted = _steer(fitted, pursuits, bits - excess, energy, rate_granularity)
        coded = fitted.choose(pursuits, rate_granularity)
        messages = (range_coder.encode(fitted.symbols(coded, row)) for row in range(len(held)))
        excess = 8 * sum(map(len, messages)) / len(held) - float(coded.bits.mean())
    return fitted


def _steer(
    fitted: Dictionary, pursuits: list[Pursuit], bits: float, energy: float, rate_granularity: int
) -> Dictionary:
    """The least λ whose codes take no more than `bits` on average."""
    low = math.log(1e-6 * energy)
    high = math.log(energy)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        spent = (
            replace(fitted, slope=np.array(math.exp(middle)))
            .choose(pursuits, rate_granularity)
            .bits.mean()
        )
        low, high = (middle, high) if spent > bits else (low, middle)
    return replace(fitted, slope=np.array(math.exp(high)))


def _tabulate(fitted: Dictionary, pursuits: list[Pursuit], coded: Sparse) -> Dictionary:
    """Weights, tables and levels as the codes of the sample want them."""
    most, width = fitted.centroids.shape
    seen = np.zeros((most, width))
    total = np.zeros((most, width))
    used = np.zeros(len(fitted.atoms))
    for count, pursuit in enumerate(pursuits, 1):
        own = coded.counts == count
        levels = coded.levels[own, :count].ravel()
        seen[count - 1] = np.bincount(levels, minlength=width)
        total[count - 1] = np.bincount(levels, pursuit.coefficients[own].ravel(), width)
        used += np.bincount(coded.atoms[own, :count].ravel(), minlength=len(used))
    occurring = np.bincount(coded.counts - 1, minlength=most).astype(np.float64)[None]
    share = (used + 1) / (len(coded.counts) + 2)
    odds = (
        share / (1 - share) if most > 1 else np.ones(len(used))
    )  # one atom: one byte names it, all alike
    return replace(
        fitted,
        weights=np.clip(np.rint(odds / odds.max() * 65535), 1, 65535).astype(np.uint16),
        count_counts=range_coder.integer_counts(occurring + 0.5),
        level_counts=range_coder.integer_counts(seen + 0.5),
        centroids=_fixed(
            np.where(seen > 20, total / np.maximum(seen, 1), fitted.centroids * COEFFICIENT_UNIT)
        ),
    )


def _fixed(centroids: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.int32]:
    """Levels in COEFFICIENT_UNIT."""
    fixed = np.clip(np.rint(centroids / COEFFICIENT_UNIT), -COEFFICIENT_LIMIT, COEFFICIENT_LIMIT)
    return np.asarray(fixed, np.int32)
