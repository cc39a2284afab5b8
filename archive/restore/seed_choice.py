"""Which of several pictures a row gives back: chosen while the original can still be seen, and kept in the row.

    N = 2ᵇ candidates, of seeds that follow the row's own ─► the one that fits the original best ─► b bits more

Only rows whose originals lie where they were seen are chosen for; a row that has its choice keeps it, so that a stopped
run goes on. The choice is one of seeds: it holds for the decoder and the sampling it was made with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from archive.recode.run import ReferenceSource
from archive.records import Row
from archive.restore.reconstruct import SCORE_SIDE, SEEDS, Reconstructor
from archive.store import Store


@dataclass(frozen=True)
class SeedChosen:
    """A row, and the candidate it asks for from now on; None where the original cannot be seen."""

    id: int
    candidate: int | None


class SeedChoice:
    """One run over some rows."""

    def __init__(
        self, store: Store, sources: ReferenceSource, reconstructor: Reconstructor
    ) -> None:
        """`reconstructor` draws as many candidates as there is to be chosen among, a power of two."""
        self._store = store
        self._sources = sources
        self._reconstructor = reconstructor

    def run(self, rows: Iterable[Row]) -> Iterator[SeedChosen]:
        """Every row → what was chosen, once it is committed. Raises BadCode."""
        for row in rows:
            [known] = self._sources([row], SCORE_SIDE)
            if not known.from_original:
                yield SeedChosen(row.id, None)
                continue
            first = self._reconstructor.seed(row)
            [best] = self._reconstructor.reconstruct(
                [row], [first], truth=[(known.vector, known.map)]
            )
            candidate = (best.seed - first) % SEEDS
            self._store.images.set_seed(row, self._reconstructor.sampling.candidates + candidate)
            yield SeedChosen(row.id, candidate)
