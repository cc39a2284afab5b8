"""Images in: ingest, with pending codecs fitted as soon as enough rows are there, and the index
kept up to date.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from archive.imaging.memory import ImageInput
from archive.index.search import Search
from archive.ingest.outcomes import Added, Archived, Outcome
from archive.ingest.pipeline import Ingest, IsWhole, always
from archive.ingest.rules import ScanRules
from archive.ingest.scan import ALL, Paths
from archive.models.loader import ModelLoader
from archive.recode.codec_set import CodecSet
from archive.recode.recoder import Recoder
from archive.store import Store


@dataclass(frozen=True)
class IngestOptions:
    """What the user wants of an ingest."""

    keep_truncated: bool = False  # archive the readable part of damaged files
    rescan: bool = False  # read files again that seem unchanged, and fill in what rows lack
    rules: ScanRules = ALL
    is_whole: IsWhole = always  # whether a new or changed file is complete


@dataclass(frozen=True)
class IngestProgress:
    """How far a run is."""

    total: int | None = None  # files that it meets; None until all folders have been scanned
    seconds: float = 0.0  # spent on new files; loading the model is not counted
    described: int = 0  # rows whose camera or place a rescan filled in


class FittingIngest:
    """The part of an archive that adds rows."""

    def __init__(
        self, store: Store, codecs: CodecSet, models: ModelLoader, recoder: Recoder, search: Search
    ) -> None:
        self.progress = IngestProgress()
        self._store = store
        self._codecs = codecs
        self._models = models
        self._recoder = recoder
        self._search = search

    def run(self, paths: Paths, options: IngestOptions) -> Iterator[Outcome]:
        """Files and folders → one outcome per file, each once it is committed."""
        ingest = self._ingest(options)
        archived = 0
        until_fit = self._recoder.rows_until_fit()
        was_pending = bool(until_fit)
        for outcome in ingest.run(paths):
            archived += isinstance(outcome, Archived)
            self.progress = IngestProgress(ingest.total, ingest.seconds, ingest.described)
            yield outcome
            if until_fit and archived == until_fit and self._recoder.fit_pending():
                until_fit = 0
                ingest.use_codec(self._codecs.current_id, self._codecs.current)
        is_fitted = self._recoder.fit_pending() or (was_pending and not until_fit)
        if is_fitted or archived:
            self._search.refresh(thorough=is_fitted)

    def add_pictures(self, pictures: Mapping[str, ImageInput | Path]) -> dict[str, Added]:
        """Images without a file, or whose files will not stay, by name → their outcomes."""
        added = self._ingest().add_pictures(pictures)
        if any(isinstance(outcome, Archived) for outcome in added.values()):
            is_fitted = self._recoder.is_fit_due() and self._recoder.fit_pending()
            self._search.refresh(thorough=is_fitted)
        return added

    def _ingest(self, options: IngestOptions = IngestOptions()) -> Ingest:
        return Ingest(
            self._store,
            self._codecs.current_id,
            self._codecs.current,
            lambda: self._models.encoder,
            image_size=self._models.image_size,
            keep_truncated=options.keep_truncated,
            rescan=options.rescan,
            rules=options.rules,
            is_whole=options.is_whole,
        )
