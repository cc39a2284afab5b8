"""Moves an archive's rows between codecs, fitting codecs to them where that is needed.

A codec that must be fitted but does not ship fitted is *pending*: new rows wait at half precision
until FIT_SAMPLE of them are there; then the codec is fitted to them and they are recoded. `recode`
fits it to as many as there are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TypeVar

import numpy as np

from archive.codecs import (
    Codec,
    CodecConfig,
    resolve_codec,
    shipped_linear_decoder,
    with_linear_decoder,
)
from archive.errors import UsageError
from archive.models.loader import ModelLoader
from archive.originals import ReferenceSource
from archive.recode.codec_set import CodecSet
from archive.recode.fit import FIT_SAMPLE, fit_to_rows
from archive.recode.run import Recode, Recoded
from archive.records import Row
from archive.store import Store

T = TypeVar("T")
MAX_FIT_ROWS = 32_768  # pending rows that a codec is fitted to, at most


class Recoder:
    """The rows of one archive, and its codecs."""

    def __init__(self, store: Store, codecs: CodecSet, models: ModelLoader) -> None:
        self._store = store
        self._codecs = codecs
        self._models = models

    def use(self, config: CodecConfig) -> None:
        """New images are encoded with this codec from now on; existing rows keep theirs. Raises
        UsageError.
        """
        codec = self._resolve(config)
        self._codecs.reload()
        latest = self._codecs.current_id - 1
        same_state = config.file is not None
        if self._codecs.find(codec, same_state=same_state, after=latest) is None:
            self._codecs.add(codec, after=latest, same_state=same_state)

    def recode(
        self, config: CodecConfig | None, ids: Collection[int] | None, *, dry_run: bool = False
    ) -> Iterator[Recoded]:
        """Rows of these ids, or all → rows of another codec, fitted to them if need be; new images
        get it too.

        An equal codec that is already in use is taken, so an interrupted run resumes. None: scalar
        codes are kept, and decoded by least squares. Raises UsageError, BadCode.
        """
        if config is None:
            yield from self._add_linear_decoders(ids, dry_run=dry_run)
            return
        codec = self._resolve(config)
        target = self._codecs.find(codec, same_state=config.file is not None, is_final=True)
        others = (row for row in self._store.images.all() if row.codec_id != target)
        rows = [row.id for row in others if ids is None or row.id in ids]
        references = self.references()
        if target is not None:
            codec = self._codecs[target]
            if not dry_run:
                self._codecs.make_current(target)
        else:
            if codec.pending is not None:
                sample = list(self._store.images.stream(_spread(rows)))
                codec = fit_to_rows(codec.pending, references, sample, map_side=codec.map_side)
            target = -1 if dry_run else self._codecs.add(codec)
        run = Recode(self._store, references, target, codec)
        yield from run.run(self._store.images.stream(rows), dry_run=dry_run)

    def _add_linear_decoders(
        self, ids: Collection[int] | None, *, dry_run: bool
    ) -> Iterator[Recoded]:
        """Scalar codes, decoded by least squares that ship with the pair or are learned from the
        originals.
        """
        references = self.references()
        for codec_id, codec in list(self._codecs.items()):
            if not codec.supports_linear_decoder:
                continue
            rows = self._store.images.of_codec(codec_id)
            rows = [row for row in rows if ids is None or row.id in ids]
            if not rows:
                continue
            better = shipped_linear_decoder(codec, self._models.pair.codecs)
            if better is None:
                better = self._learn_linear_decoder(codec, references, _spread(rows))
            target = -1 if dry_run else self._codecs.add(better)
            run = Recode(self._store, references, target, better, same_codes=True)
            yield from run.run(rows, dry_run=dry_run)

    def rows_until_fit(self) -> int:
        """How many new rows the current codec still waits for; 0 if it is not pending."""
        if self._codecs.current.pending is None:
            return 0
        return max(1, FIT_SAMPLE - self._store.images.count(self._codecs.current_id))

    def is_fit_due(self) -> bool:
        """Whether the current codec is pending and has as many rows as it waits for."""
        if self._codecs.current.pending is None:
            return False
        return self._store.images.count(self._codecs.current_id) >= FIT_SAMPLE

    def fit_pending(self) -> bool:
        """Fits pending codecs that have enough rows, also those an interrupted run left → whether
        rows were recoded.
        """
        recoded = False
        self._codecs.reload()
        for codec_id, codec in list(self._codecs.items()):
            if codec.pending is None:
                continue
            rows = self._store.images.of_codec(codec_id)
            target = self._codecs.find(codec, after=codec_id)
            if not rows or (target is None and len(rows) < FIT_SAMPLE):
                continue
            references = ReferenceSource(self._codecs, None, image_size=self._models.image_size)
            if target is None:
                sample = rows[:MAX_FIT_ROWS]
                fitted = fit_to_rows(codec.pending, references, sample, map_side=codec.map_side)
                target = self._codecs.add_fitted(fitted, codec, after=codec_id)
            run = Recode(self._store, references, target, self._codecs[target])
            for _ in run.run(rows):
                recoded = True
        return recoded

    def _resolve(self, config: CodecConfig) -> Codec:
        pair = self._models.pair
        return resolve_codec(config, self._codecs.current.dimension, shipped=pair.codecs)

    def references(self) -> ReferenceSource:
        """The best known vectors and color maps of rows."""
        return ReferenceSource(
            self._codecs, lambda: self._models.encoder, image_size=self._models.image_size
        )

    def _learn_linear_decoder(
        self, codec: Codec, references: ReferenceSource, rows: Sequence[Row]
    ) -> Codec:
        vectors = [
            reference.vector
            for reference in references(rows, codec.map_side)
            if reference.from_original
        ]
        required = 2 * codec.dimension
        if len(vectors) < required:
            raise UsageError(
                f"learning least squares in {codec.dimension} dimensions takes at least "
                f"{required:,} originals, but only {len(vectors):,} can be seen; "
                "connect the drive they are on"
            )
        return with_linear_decoder(codec, np.stack(vectors))


def _spread(items: Sequence[T]) -> Sequence[T]:
    """At most FIT_SAMPLE of them, evenly spread."""
    return items[:: max(1, -(-len(items) // FIT_SAMPLE))]
