"""A batch that was read, sorted by what becomes of each file; and its outcomes, once written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from archive.errors import Unreadable
from archive.ingest.encoding import Hashed, Prepared
from archive.ingest.inputs import Input
from archive.ingest.outcomes import (
    Archived,
    Duplicate,
    Forgotten,
    Moved,
    Outcome,
    Skipped,
    Unchanged,
)
from archive.ingest.reader import ReadBatch


@dataclass(frozen=True)
class SortedBatch:
    """Every file of a batch is in exactly one of these."""

    new: Sequence[Prepared]  # contents to encode
    sighted: Sequence[Hashed]  # their content has a row, or is that of one of `new`
    unread: Sequence[tuple[Input, Unreadable]]  # for the ledger

    @classmethod
    def of(cls, read: ReadBatch, archived: Mapping[bytes, int]) -> SortedBatch:
        """`archived`: image ids by digest, of contents that have a row by now."""
        new = [part for part in read.prepared if part.source.digest not in archived]
        sources = {part.source.digest: part.source for part in new}
        refused = {file.digest: error for file, error in read.failed}
        sighted = []
        unread = list(read.refused)
        for file in read.hashed:
            if file.digest in refused:
                unread.append((file.input, refused[file.digest]))
            elif sources.get(file.digest) is not file:
                sighted.append(file)
        return cls(new, sighted, unread)

    def outcomes(
        self,
        ids: Mapping[bytes, int],
        *,
        added: AbstractSet[bytes],
        moved: AbstractSet[bytes],
        known: AbstractSet[tuple[int, int, str]],
    ) -> list[Outcome]:
        """Of every file, once the batch is committed.

        `ids` by digest, of all but forgotten ones; `added`: digests that this process wrote, for
        another may have been faster; `moved`: digests whose places are vacant; `known`: (image id,
        volume id, path) before.
        """
        return [*self._of_new(ids, added), *self._of_sighted(ids, moved, known), *self._of_unread()]

    def _of_new(self, ids: Mapping[bytes, int], added: AbstractSet[bytes]) -> Iterator[Outcome]:
        for part in self.new:
            source = part.source
            if source.digest not in ids:
                yield Forgotten(source.path)
                continue
            kind = Archived if source.digest in added else Duplicate
            yield kind(source.path, ids[source.digest])

    def _of_sighted(
        self,
        ids: Mapping[bytes, int],
        moved: AbstractSet[bytes],
        known: AbstractSet[tuple[int, int, str]],
    ) -> Iterator[Outcome]:
        for file in self.sighted:
            if file.digest not in ids:
                yield Forgotten(file.path)
                continue
            image_id = ids[file.digest]
            place = (image_id, file.place.volume_id, file.place.path)
            if place in known and file.input.can_move:
                yield Unchanged(file.path)
            else:
                yield (Moved if file.digest in moved else Duplicate)(file.path, image_id)

    def _of_unread(self) -> Iterator[Outcome]:
        for source, error in self.unread:
            yield Skipped(source.path, error.reason, error.detail)
