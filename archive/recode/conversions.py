"""The codecs of an archive: which are there, which new rows are written with, and rows moved from one to another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from archive.codecs import Codec, open_codec, with_least_squares
from archive.codecs.coclico import ScalarVectors
from archive.codecs.float16 import Float16Vectors
from archive.errors import UsageError
from archive.filters import RowFilter
from archive.index.search import Search
from archive.models.encoder import Encoder
from archive.models.pairs import Pair
from archive.recode.resolve import (
    ENOUGH,
    LEAST,
    fit_to_rows,
    is_file,
    resolve_codec,
    same_make,
    squares_for,
)
from archive.recode.run import Recode, Recoded, Reference, ReferenceSource
from archive.records import CodecRecord, ModelRecord
from archive.store import Store
from archive.store.clock import utc_now
from archive.store.images import PAGE

T = TypeVar("T")
MOST = 32_768  # waiting rows that a codec is fitted to, at most


class Conversions:
    """The half of an archive that has to do with its codecs."""

    store: Store
    model: ModelRecord
    records: dict[int, CodecRecord]
    codecs: dict[int, Codec]
    _search: Search

    if TYPE_CHECKING:  # the other half has them

        @property
        def encoder(self) -> Encoder: ...
        @property
        def pair(self) -> Pair: ...

    @property
    def codec_id(self) -> int:
        """Of what new rows are written with."""
        return max(self.codecs)

    @property
    def codec(self) -> Codec:
        """What new rows are written with."""
        return self.codecs[self.codec_id]

    def use_codec(self, name: str, parameters: Mapping[str, int] | None = None) -> None:
        """From now on new rows are written with this codec, or the one in this file; old rows keep theirs.

        Raises UsageError.
        """
        codec = resolve_codec(
            name, self.model.dimension, parameters or {}, shipped=self.pair.codecs
        )
        if not same_make(self.records[self.codec_id], codec, exactly=is_file(name)):
            self._add(codec)

    def freeze(
        self,
        name: str,
        parameters: Mapping[str, int] | None = None,
        *,
        where: RowFilter = lambda _: True,
        dry: bool = False,
    ) -> Iterator[Recoded]:
        """Rows → rows of another codec, fitted to them if need be, in batches; from now on new rows are of it too.

        A codec of the same make that is there already is taken, so that a stopped run goes on. Raises UsageError.
        """
        sources = ReferenceSource(self.codecs, lambda: self.encoder, side=self._side)
        wanted = resolve_codec(
            name, self.model.dimension, parameters or {}, shipped=self.pair.codecs
        )
        alike = {
            key
            for key, record in self.records.items()
            if same_make(record, wanted, exactly=is_file(name))
        }
        target = min(alike, default=None)
        rows = [row.id for row in self.store.images.all() if row.codec_id != target and where(row)]
        codec = self.codecs.get(target or -1, wanted)
        if target is None:
            if isinstance(wanted.vectors, Float16Vectors):
                sample = self.store.images.get(_spread(rows))
                codec = fit_to_rows(
                    wanted.vectors.pending, sources, sample, map_side=wanted.map_side
                )
            target = -1 if dry else self._add(codec)
        run = Recode(self.store, sources, target, codec)
        pages = (
            row
            for start in range(0, len(rows), PAGE)
            for row in self.store.images.get(rows[start : start + PAGE])
        )
        yield from run.run(pages, dry=dry)
        if not dry:
            self._search.refresh()

    def sharpen(self, *, dry: bool = False) -> Iterator[Recoded]:
        """Scalar rows → the same codes, decoded by least squares that the pair brings, or the originals teach.

        Raises UsageError.
        """
        sources = ReferenceSource(self.codecs, lambda: self.encoder, side=self._side)
        for old_id, old in list(self.codecs.items()):
            rows = self.store.images.of_codec(old_id)
            if (
                not rows
                or not isinstance(old.vectors, ScalarVectors)
                or old.vectors.squares is not None
            ):
                continue
            codec = squares_for(old, self.pair.codecs) or self._squared(
                old, sources(_spread(rows), old.map_side)
            )
            target = -1 if dry else self._add(codec)
            yield from Recode(self.store, sources, target, codec, same_codes=True).run(
                rows, dry=dry
            )
        if not dry:
            self._search.refresh()

    def _squared(self, old: Codec, known: Sequence[Reference]) -> Codec:
        seen = [one.vector for one in known if one.from_original]
        if len(seen) < 2 * old.dimension:
            raise UsageError(
                f"least squares in {old.dimension} dimensions are learned from at least {2 * old.dimension:,} "
                f"originals, {len(seen):,} can be seen; connect the drive they lie on"
            )
        return with_least_squares(old, np.stack(seen))

    @property
    def _side(self) -> int:
        """Pixels the encoder wants on a picture's short side."""
        side = self.model.preprocessing["size"]
        return side if isinstance(side, int) else max(side)

    def _open(self, record: CodecRecord) -> None:
        self.records[record.id] = record
        self.codecs[record.id] = open_codec(record.name, record.parameters, record.state)

    def _add(self, codec: Codec) -> int:
        record = CodecRecord(self.model.id, codec.name, codec.parameters(), utc_now(), codec.state)
        self._open(record := self.store.codecs.add(record))
        return record.id

    def _lacking(self) -> int:
        """How many new rows are still waited for; 0 if none are."""
        return (
            max(1, ENOUGH - self.store.images.count(self.codec_id))
            if isinstance(self.codec.vectors, Float16Vectors)
            else 0
        )

    def _settled(self) -> bool:
        """Whether rows that waited have been recoded now. Those that a killed run left waiting are taken along."""
        settled = False
        for waiting_id, waiting in list(self.codecs.items()):
            if isinstance(waiting.vectors, Float16Vectors) and (
                rows := self.store.images.of_codec(waiting_id)
            ):
                pending = waiting.vectors.pending
                sources = ReferenceSource(self.codecs, None, side=self._side)
                there = [
                    key
                    for key, one in self.records.items()
                    if key > waiting_id and same_make(one, waiting)
                ]
                if not there and len(rows) < LEAST:
                    continue
                fitted = (
                    fit_to_rows(pending, sources, rows[:MOST], map_side=waiting.map_side)
                    if not there
                    else None
                )
                target = there[0] if fitted is None else self._add(fitted)
                for _ in Recode(self.store, sources, target, self.codecs[target]).run(rows):
                    settled = True
        return settled


def _spread(rows: Sequence[T]) -> Sequence[T]:
    """At most ENOUGH of them, evenly spread."""
    return rows[:: max(1, -(-len(rows) // ENOUGH))]
