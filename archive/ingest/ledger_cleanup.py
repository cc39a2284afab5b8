"""Lines of the ledger go when their cause is gone, at the end of a complete scan.

A line goes if its volume is here and nothing is at its path any more, or if its folder was scanned
and the file was not skipped again: it is excluded now, or the folder can be read again. Lines below
a folder that could not be read stay. (The line of a file that is archived goes with its batch.)
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from archive.ingest.outcomes import Outcome, Skipped
from archive.ingest.volumes import Places, is_gone
from archive.store import Store


class LedgerCleanup:
    """What one run has seen of the ledger's lines."""

    def __init__(self, store: Store, places: Places) -> None:
        self._store = store
        self._places = places
        self._skipped: set[str] = set()  # paths, absolute

    def see(self, outcome: Outcome) -> None:
        """Remembers what was skipped again."""
        if isinstance(outcome, Skipped):
            self._skipped.add(outcome.path)

    def run(self, scanned: Sequence[str]) -> None:
        """Removes lines; `scanned` are the folders that were walked, absolute and real."""
        obsolete = []
        for volume_id, name in self._store.ledger.places(self._places.met):
            path = os.path.join(self._places.root_of(volume_id) or "", name)
            if is_gone(path) or self._is_settled(path, scanned):
                obsolete.append((volume_id, name))
        if obsolete:
            self._store.ledger.forget(obsolete)

    def _is_settled(self, path: str, scanned: Sequence[str]) -> bool:
        above = {path}
        while os.path.dirname(path) != path:
            path = os.path.dirname(path)
            above.add(path)
        return not above.isdisjoint(scanned) and above.isdisjoint(self._skipped)
