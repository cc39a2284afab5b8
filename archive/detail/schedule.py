"""The schedule of a detail: the coded steps of the reverse diffusion, and their codewords.

Step i goes from timestep t_i to t_{i+1} < t_i and chooses `codewords[i]` codewords, two bytes each,
so a position in a code is a codeword of a step: no headers, and every prefix is a picture. Bits are
spent where the row leaves the picture open: a step gets as many as

    KL_i = ‖μ_q − μ_p‖² / (2 σ² ln 2)

on average over some originals, the cost of reverse channel coding (Theis et al. 2022, arXiv
2206.08889). μ_q and μ_p are the means of p(z_{t_{i+1}} | z_{t_i}, z₀) for the true z₀ and for the
decoder's estimate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from archive.detail.codewords import BITS

CODEWORD_BYTES = BITS // 8


@dataclass(frozen=True)
class DetailSchedule:
    """Steps and their codewords. Never changes once a detail was written with it."""

    timesteps: tuple[int, ...]
    """(n + 1,), descending; training timesteps of the decoder."""
    codewords: tuple[int, ...]
    """(n,), ≥ 1."""

    @property
    def max_bytes(self) -> int:
        """Length of a code that goes all the way."""
        return CODEWORD_BYTES * sum(self.codewords)

    @property
    def parameters(self) -> dict[str, Any]:
        """What is stored of it."""
        return {"timesteps": list(self.timesteps), "codewords": list(self.codewords)}

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> DetailSchedule:
        """The schedule that was stored."""
        return cls(tuple(parameters["timesteps"]), tuple(parameters["codewords"]))

    def prefix(self, code_bytes: int) -> tuple[int, ...]:
        """The timesteps that a code of so many bytes goes through; () for less than a codeword."""
        starts = accumulate(self.codewords[:-1], initial=0)
        steps = sum(start < code_bytes // CODEWORD_BYTES for start in starts)
        return self.timesteps[: steps + 1] if steps else ()


def fit_schedule(timesteps: Sequence[int], bits: Sequence[float]) -> DetailSchedule:
    """A fine grid of timesteps (n + 1,) and the mean KL of its steps (n,) → the schedule.

    Steps of less than a codeword are merged: a step ends where its bits amount to whole codewords.
    Where all of them together do not, there is one codeword.
    """
    merged, codewords = [timesteps[0]], []
    rest = 0.0
    for below, cost in zip(timesteps[1:], bits, strict=True):
        rest += cost
        count = round(rest / BITS)
        if count:
            merged.append(below)
            codewords.append(count)
            rest -= count * BITS
    if not codewords:
        return DetailSchedule((timesteps[0], timesteps[-1]), (1,))
    return DetailSchedule(tuple(merged), tuple(codewords))
