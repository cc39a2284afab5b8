"""Best of N: which of N consecutive seeds gives a row's best image, chosen while the original can
still be seen.

    N = 2ᵇ candidates ─► the one that fits the original best ─► its index, b bits in the row

Only rows whose originals are where they were last seen get a choice; a row that has one keeps it,
so an interrupted run resumes. The choice holds for the decoder and the sampling it was made with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from archive.originals import ReferenceSource
from archive.records import Row
from archive.restore.reconstruct import SCORE_SIDE, SEEDS, Reconstructor
from archive.store import Store


@dataclass(frozen=True)
class SeedChosen:
    """A row and its candidate, 0 … N − 1; None where the original cannot be seen."""

    id: int
    candidate: int | None


class SeedChoice:
    """One run over some rows."""

    def __init__(
        self, store: Store, references: ReferenceSource, reconstructor: Reconstructor
    ) -> None:
        """`reconstructor` samples N candidates, a power of two."""
        self._store = store
        self._references = references
        self._reconstructor = reconstructor

    def run(self, rows: Iterable[Row]) -> Iterator[SeedChosen]:
        """Every row → its choice, once it is committed. Raises BadCode."""
        for row in rows:
            [reference] = self._references([row], SCORE_SIDE)
            if not reference.from_original:
                yield SeedChosen(row.id, None)
                continue
            first = self._reconstructor.seed(row)
            [best] = self._reconstructor.reconstruct([row], [first], references=[reference])
            candidate = (best.seed - first) % SEEDS
            self._store.images.set_seed(row, self._reconstructor.sampling.candidates + candidate)
            yield SeedChosen(row.id, candidate)
