"""Exact probabilities of sets of atoms, for the range coder.

Atom k has a weight wₖ, a set of n atoms the probability Π wₖ / eₙ(w), eₙ the elementary symmetric
polynomial (with equal weights: log₂ C(K, n) bits, the order costs nothing). One atom after the
other, when r atoms are still to come and i was the last,

    P(next = j) = Wᵣ[j] / Σ_{j' > i} Wᵣ[j']      Wᵣ[j] = wⱼ · eᵣ₋₁(wⱼ₊₁, wⱼ₊₂, …)

Wᵣ is computed with Python's integers, which have any size.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from archive.codecs.coders import range_coder

BigIntegers = npt.NDArray[np.object_]  # Python's integers


def set_weights(weights: npt.NDArray[np.uint16], max_atoms: int) -> list[BigIntegers]:
    """w (K,) → Wᵣ (K,) for r = 1 … S."""
    exact_weights = weights.astype(object)
    following = np.ones(len(exact_weights), object)  # eᵣ₋₁ of the weights after j
    sets = []
    for _ in range(max_atoms):
        sets.append(exact_weights * following)
        following = np.append(np.cumsum(sets[-1][::-1])[::-1][1:], 0)
    return sets


class AtomModels:
    """Models of the next atom of a set; each is made when it is first needed."""

    def __init__(self, weights: npt.NDArray[np.uint16], max_atoms: int) -> None:
        self._sets = set_weights(weights, max_atoms)
        self._models: dict[tuple[int, int], range_coder.Model | None] = {}

    def next_atom(self, last: int, remaining: int) -> range_coder.Model | None:
        """The model of the next atom − last − 1, when `remaining` atoms are still to come.

        None where there is only one choice, which costs no bits.
        """
        key = last, remaining
        if key not in self._models:
            weights = self._sets[remaining - 1]
            candidates = weights[last + 1 : len(weights) - remaining + 1]
            self._models[key] = model_or_none(_counts(candidates))
        return self._models[key]


def model_or_none(counts: range_coder.Counts) -> range_coder.Model | None:
    """(A,) counts → their model; None for a single symbol, which costs no bits."""
    return range_coder.model(range_coder.probabilities(counts)) if len(counts) > 1 else None


def _counts(weights: BigIntegers) -> range_coder.Counts:
    """(A,) integers → (A,) counts ≥ 1 that sum to TOTAL, by integer arithmetic."""
    spare = range_coder.TOTAL - len(weights)
    counts = np.array(1 + weights * spare // int(weights.sum()), np.uint32)
    counts[counts.argmax()] += range_coder.TOTAL - counts.sum()
    return counts
