"""Rows that an index came up with, scored: from which the best become hits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from archive.arrays import Vectors, cosine
from archive.index.matches import Match, Matcher


@dataclass(frozen=True)
class Candidate:
    """A row and how near it is to a query."""

    score: float  # cosine
    id: int
    codec_id: int
    match: Match | None  # None without a matcher


def best_candidates(
    codec_id: int,
    ids: npt.NDArray[np.int64],
    vectors_hat: Vectors,
    query: Vectors,
    *,
    count: int,
    matcher: Matcher | None,
) -> list[Candidate]:
    """A codec's (k,) ids, (k, D) vectors_hat and a (D,) query → at most `count`, best first."""
    cosines = cosine(vectors_hat, query[None])
    best = np.argsort(-cosines, kind="stable")[:count]
    scores = cosines[best].tolist()
    matches: Sequence[Match | None] = [None] * len(best)
    if matcher is not None:
        matches = matcher(codec_id, vectors_hat[best])
    return [
        Candidate(score, row_id, codec_id, match)
        for score, row_id, match in zip(scores, ids[best].tolist(), matches, strict=True)
    ]


def in_rank(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The nearest first; of equal ones the newest row."""
    return sorted(candidates, key=lambda row: (row.score, row.id), reverse=True)
