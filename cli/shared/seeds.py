"""Selecting seeds after an ingest: which of several candidates restores each image best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cli.shared.output import plural
from cli.shared.progress import progress

if TYPE_CHECKING:
    from archive.archive import Archive


@dataclass(frozen=True)
class SeedCounts:
    """Rows that got a seed, rows whose original cannot be read, bits per seed index, and rows that
    wait for their codec.
    """

    selected: int
    unreadable: int
    bits: int
    waiting: int = 0

    def summary(self) -> dict[str, int]:
        """The fields of the JSON summary."""
        return {
            "chosen": self.selected,
            "unseen": self.unreadable,
            "choice_bits": self.bits,
            "waiting": self.waiting,
        }

    def __str__(self) -> str:
        rate = plural(self.bits, "bit")
        text = f"selected seeds for {plural(self.selected, 'image')}, {rate} each"
        if self.unreadable:
            text += f"; {self.unreadable:,} without, their originals cannot be read"
        if self.waiting:
            text += f"; {self.waiting:,} without until their codec is fitted"
        return text


def select_seeds(archive: Archive, candidates: int, *, silent: bool) -> SeedCounts:
    """Selects the best of so many seeds, a power of two, for every row that has none."""
    selected = 0
    unreadable = 0
    with progress("selecting seeds", archive.unseeded(), silent=silent) as show:
        for choice in archive.choose_seeds(candidates):
            if choice.candidate is None:
                unreadable += 1
            else:
                selected += 1
            show(selected + unreadable)
    return SeedCounts(selected, unreadable, candidates.bit_length() - 1, archive.waiting())
