"""The codecs of an archive: which are there, which new rows are written with, and rows moved from one to another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from archive.codecs import (
    MIN_SAMPLE,
    Codec,
    CodecConfig,
    is_same_codec,
    open_codec,
    resolve_codec,
    shipped_linear_decoder,
    with_linear_decoder,
)
from archive.errors import UsageError
from archive.filters import RowFilter
from archive.index.search import Search
from archive.models.encoder import Encoder
from archive.models.pairs import Pair
from archive.recode.fit import FIT_SAMPLE, fit_to_rows
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

    def use_codec(self, codec: str | CodecConfig) -> None:
        """From now on new rows are written with this codec, or the one in this file; old rows keep theirs.

        Raises UsageError.
        """
        config = CodecConfig.of(codec)
        resolved = resolve_codec(config, self.model.dimension, shipped=self.pair.codecs)
        same_state = config.file is not None
        if not is_same_codec(self.records[self.codec_id], resolved, same_state=same_state):
            self._add(resolved)

    def freeze(
        self,
        codec: str | CodecConfig,
        *,
        where: RowFilter = lambda _: True,
        dry: bool = False,
    ) -> Iterator[Recoded]:
        """Rows → rows of another codec, fitted to them if need be, in batches; from now on new rows are of it too.

        A codec of the same make that is there already is taken, so that a stopped run goes on. Raises UsageError.
        """
        sources = ReferenceSource(self.codecs, lambda: self.encoder, side=self._side)
        config = CodecConfig.of(codec)
        resolved = resolve_codec(config, self.model.dimension, shipped=self.pair.codecs)
        same_state = config.file is not None
        same = [
            codec_id
            for codec_id, record in self.records.items()
            if is_same_codec(record, resolved, same_state=same_state)
        ]
        target = min(same, default=None)
        rows = [row.id for row in self.store.images.all() if row.codec_id != target and where(row)]
        fitted = self.codecs.get(target or -1, resolved)
        if target is None:
            if resolved.pending is not None:
                sample = self.store.images.get(_spread(rows))
                fitted = fit_to_rows(resolved.pending, sources, sample, map_side=resolved.map_side)
            target = -1 if dry else self._add(fitted)
        run = Recode(self.store, sources, target, fitted)
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
            if not rows or not old.supports_linear_decoder:
                continue
            codec = shipped_linear_decoder(old, self.pair.codecs) or self._squared(
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
        return with_linear_decoder(old, np.stack(seen))

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
        if not self.codec.is_pending:
            return 0
        return max(1, FIT_SAMPLE - self.store.images.count(self.codec_id))

    def _settled(self) -> bool:
        """Whether rows that waited have been recoded now. Those that a killed run left waiting are taken along."""
        settled = False
        for waiting_id, waiting in list(self.codecs.items()):
            pending = waiting.pending
            if pending is not None and (rows := self.store.images.of_codec(waiting_id)):
                sources = ReferenceSource(self.codecs, None, side=self._side)
                there = [
                    key
                    for key, one in self.records.items()
                    if key > waiting_id and is_same_codec(one, waiting)
                ]
                if not there and len(rows) < MIN_SAMPLE:
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
    """At most FIT_SAMPLE of them, evenly spread."""
    return rows[:: max(1, -(-len(rows) // FIT_SAMPLE))]
