"""Trellis-coded quantization: the dependent quantizer of VVC (Schwarz et al. 2019), with 8 states.

Two quantizers share the multiples of Δ; a level k means

    Q0:  2k · Δ                  Q1:  (2k − sgn k) · Δ

Odd states use Q1, and the parity of each level drives the next state:

    s' = (s >> 1) ⊕ 5·(s & 1) ⊕ 2·(k & 1)        from state 0

So the points of a row are packed as by a lattice of twice the step, and the encoder finds the path
of least cost by Viterbi's algorithm. A branch is 2 · quantizer + parity, 0 … 3.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from archive.arrays import Vectors

Branches = npt.NDArray[np.int64]
STATES = 8
BRANCHES = 4
NEXT = np.array(  # (STATES, 2): by state and parity
    [[(state >> 1) ^ 5 * (state & 1) ^ 2 * parity for parity in (0, 1)] for state in range(STATES)]
)
ARRIVALS = [np.argwhere(target == NEXT) for target in range(STATES)]  # two (state, parity) each
FROM = np.array([[arrivals[way, 0] for arrivals in ARRIVALS] for way in (0, 1)])  # (2, STATES)
BY = np.array(  # (2, STATES): the branches that arrive
    [[2 * (arrivals[way, 0] & 1) + arrivals[way, 1] for arrivals in ARRIVALS] for way in (0, 1)]
)


def points(levels: npt.NDArray[np.int64], quantizer: int) -> npt.NDArray[np.int64]:
    """Levels → what they mean under Q0 or Q1, in Δ."""
    return 2 * levels - (np.sign(levels) if quantizer else 0)


def best_path(costs: Vectors) -> Branches:
    """(n, BRANCHES, N): what each branch costs for n levels of N rows → (n, N) branches of the
    cheapest path."""
    length, _, rows = costs.shape
    total = np.full((STATES, rows), np.inf, np.float32)
    total[0] = 0
    second_is_less = np.empty((length, STATES, rows), np.bool_)
    for place, cost in enumerate(costs):
        first = total[FROM[0]] + cost[BY[0]]
        second = total[FROM[1]] + cost[BY[1]]
        np.less(second, first, out=second_is_less[place])
        total = np.minimum(first, second, out=first)
    return _walk_back(total.argmin(axis=0), second_is_less)


def _walk_back(state: Branches, second_is_less: npt.NDArray[np.bool_]) -> Branches:
    """Last states (N,) and which arrival was cheaper (n, STATES, N) → (n, N) branches."""
    branches = np.empty((len(second_is_less), len(state)), np.int64)
    rows = np.arange(len(state))
    for place in range(len(second_is_less) - 1, -1, -1):
        way = second_is_less[place, state, rows].astype(np.int64)
        branches[place] = BY[way, state]
        state = FROM[way, state]
    return branches
