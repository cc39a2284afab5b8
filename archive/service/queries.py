"""Words, pictures and rows, added and subtracted.

    query = Σ unit(word) + Σ unit(picture) + Σ unit(row) − Σ unit(word not meant)

where unit(v) = v / |v|, of vectors of the archive's encoder; rows are compared with it by cosine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from archive.archive import Archive
from archive.arrays import Pixels, Vectors
from archive.errors import UsageError

LEAST_LENGTH = 1e-4  # of a sum of units; a shorter one has no direction


@dataclass(frozen=True)
class Combination:
    """What is searched for."""

    words: Sequence[str] = ()
    rows: Sequence[int] = ()
    unwanted: Sequence[str] = ()
    picture: Pixels | None = None

    def vector(self, archive: Archive) -> Vectors:
        """→ (D,) float32. Raises UsageError, NotFound, BadCode, ModelMissing."""
        if not self.words and not self.rows and self.picture is None:
            raise UsageError("nothing to search for: give q, like or a picture")
        pictures = [] if self.picture is None else [self.picture]
        encoded = archive.encode([*self.words, *pictures])
        vectors_hat = [archive.decode(row)[0] for row in archive.rows(self.rows)]
        unwanted = archive.encode(self.unwanted)
        total = _units([*encoded, *vectors_hat]) - _units(unwanted)
        if np.linalg.norm(total) < LEAST_LENGTH:
            raise UsageError("what is wanted and what is not cancel out; search for something else")
        vector: Vectors = total.astype(np.float32)
        return vector


def _units(vectors: Sequence[Vectors] | Vectors) -> Vectors:
    """The sum of the vectors, each at length 1; 0 of none."""
    total: Vectors = np.zeros(1, np.float32)
    for vector in vectors:
        total = total + vector / max(float(np.linalg.norm(vector)), 1e-12)
    return total
