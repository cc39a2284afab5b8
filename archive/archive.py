"""class Archive: everything that changes an archive; the rest is in ArchiveReader."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from archive.archive_reader import ArchiveReader
from archive.codecs import CodecConfig
from archive.create_archive import create_archive
from archive.filters import Filters
from archive.filters.samples import parse_sample_size
from archive.fitting_ingest import FittingIngest, IngestOptions, IngestProgress
from archive.imaging.memory import ImageInput
from archive.ingest.idle import OthersLoad, always_idle
from archive.ingest.outcomes import Added, Outcome
from archive.ingest.pipeline import IsWhole
from archive.ingest.rules import ScanRules
from archive.ingest.scan import ALL, Paths, as_paths
from archive.ingest.watch import Watch
from archive.models.pairs import Pair
from archive.models.sampling import Sampling
from archive.preserve.forget import ForgottenRow, forget, lift
from archive.recode.recoder import Recoder
from archive.recode.run import Recoded
from archive.records import Row, TombstoneRecord
from archive.restore.detail_budget import run_within
from archive.restore.detail_run import DetailOutcome, DetailRun
from archive.restore.details import DetailWriter
from archive.restore.seed_choice import SeedChoice, SeedChosen
from archive.selection import select_ids
from archive.settings import Settings
from archive.watching import Watching


class Archive(ArchiveReader):
    """One archive: rows, codecs, a model pair and an index. A context manager.

    Finding, restoring and measuring: see ArchiveReader.
    """

    @classmethod
    def create(
        cls,
        location: str | Path | Settings = Settings(),
        model: str | Pair | None = None,
        *,
        decoder: str | None = None,
        codec: str | CodecConfig | None = None,
    ) -> Archive:
        """Creates an archive, or brings the tables of an existing one up to date and opens it.

        `model` is a pair (default: vit-l-14), `decoder` replaces its decoder, `codec` encodes
        images (default: klt). Raises ModelMissing, UsageError for other settings than it has.
        """
        settings = Settings.of(location)
        encoder = create_archive(settings, model, decoder=decoder, codec=codec)
        archive = cls(settings)
        if encoder is not None:
            archive._models.encoder = encoder
        return archive

    @cached_property
    def _recoder(self) -> Recoder:
        return Recoder(self._store, self._codecs, self._models)

    @cached_property
    def _ingest(self) -> FittingIngest:
        parts = (self._codecs, self._models, self._recoder, self._search)
        return FittingIngest(self._store, *parts)

    @property
    def ingest_progress(self) -> IngestProgress:
        """How many files the last ingest meets, and what it has spent on new ones."""
        return self._ingest.progress

    def ingest(
        self,
        paths: Paths,
        *,
        keep_truncated: bool = False,
        rescan: bool = False,
        rules: ScanRules = ALL,
    ) -> Iterator[Outcome]:
        """Files and folders → one outcome per file, once it is committed. Runs as it is iterated.

        Options: see IngestOptions. Raises UsageError, ModelMissing.
        """
        return self._ingest.run(paths, IngestOptions(keep_truncated, rescan, rules))

    def add_picture(self, image: ImageInput | Path, *, name: str) -> Added:
        """A Pillow image, (H, W, 3) uint8 array or encoded bytes → its outcome.

        A Path: an image file that will not stay, such as an upload.
        """
        return self.add_pictures({name: image})[name]

    def add_pictures(self, pictures: Mapping[str, ImageInput | Path]) -> dict[str, Added]:
        """As `add_picture`: images by name → outcomes by name, all in one transaction."""
        return self._ingest.add_pictures(pictures)

    def watch(
        self,
        folders: Paths,
        *,
        keep_truncated: bool = False,
        rules: ScanRules = ALL,
        wait_seconds: float = 5.0,
        rescan_minutes: float = 10.0,
        detail_bytes: int | None = None,
        audit: str | None = None,
        idle_only: bool = False,
    ) -> Watching:
        """Folders → what happens in them, without an end: outcomes of ingest as in `ingest`, and
        the events of archive.watching. Folders that are missing are waited for.

        A file is taken once it has not changed for `wait_seconds`; all is scanned again after
        `rescan_minutes`. Then rows get details of `detail_bytes`, and a sample of them is audited
        (`audit`: "1%", "200"); with `idle_only` while the machine has nothing else to do. Raises
        UsageError, ArchiveReadOnly.
        """
        self._store.database.check_writable()

        def ingest(paths: Paths, rules: ScanRules, is_whole: IsWhole) -> Iterator[Outcome]:
            self._codecs.reload()
            return self._ingest.run(paths, IngestOptions(keep_truncated, False, rules, is_whole))

        watch = Watch(
            ingest,
            as_paths(folders),
            rules=rules,
            wait_seconds=wait_seconds,
            rescan_seconds=60 * rescan_minutes,
            quiet_folder=self.settings.directory,
        )
        works: list[Callable[[], Iterator[object]]] = []
        if detail_bytes:
            max_bytes = detail_bytes
            works.append(lambda: self.write_details(self.select(), max_bytes=max_bytes, cut=False))
        if audit:
            size = parse_sample_size(audit)
            works.append(lambda: self.audit(size))
        is_idle = OthersLoad().is_low if idle_only else always_idle
        return Watching(self._store.watchers, watch, works, is_idle=is_idle)

    def write_details(
        self,
        rows: Iterable[Row],
        *,
        max_bytes: int = 100,
        psnr: float | None = None,
        budget: int | None = None,
        cut: bool = True,
        sampling: Sampling | None = None,
        dry_run: bool = False,
    ) -> Iterator[DetailOutcome]:
        """Rows → details of at most `max_bytes`, from the originals that can be seen; 0: none.

        `psnr`: in dB, in the decoder's frame, that ends a detail; `budget`: bytes of all
        these rows' details together, spent where they help most; then all are written anew. `cut`:
        longer ones, for good; `sampling`: what the details' scores are measured with; `dry_run`
        only tells. Raises UsageError, ModelMissing, ArchiveReadOnly.
        """
        if not dry_run:
            self._store.database.check_writable()
        chosen = sampling or self.sampling
        parts = (self._store, self._codecs, lambda: self._detail_writer(chosen))
        if budget is None:
            decoder = self._models.known_decoder
            run = DetailRun(*parts, decoder_sha256=decoder, until=psnr, cut=cut, dry_run=dry_run)
            yield from run.run(rows, max_bytes)
            return
        run = DetailRun(*parts, cut=False, rewrite=True, dry_run=dry_run)
        if dry_run:
            yield from run.run(rows, max_bytes)
        else:
            yield from run_within(self._store, run, rows, max_bytes, budget)

    def _detail_writer(self, sampling: Sampling) -> DetailWriter:
        native = replace(sampling, image_size=0, detail_bytes=0, candidates=1)
        hasty = replace(native, steps=1, clip_guidance=0.0)
        reconstructors = (self.reconstructor(native), self.reconstructor(hasty))
        return DetailWriter(*reconstructors, self.decoder, lambda: self.encoder)

    def choose_seeds(self, candidates: int) -> Iterator[SeedChosen]:
        """Selects the best of so many seeds (a power of two) for rows without a seed index.

        Rows that wait for their codec get theirs once they have it: new codes discard it.
        """
        sampling = replace(self.sampling, candidates=candidates, detail_bytes=0)
        reconstructor = self.reconstructor(sampling)
        rows = self._store.images.stream(self._unseeded())
        yield from SeedChoice(self._store, self._recoder.references(), reconstructor).run(rows)

    def unseeded(self) -> int:
        """How many rows have no seed index, and do not wait for their codec."""
        return len(self._unseeded())

    def _unseeded(self) -> list[int]:
        return self._store.images.without_seed(ignored_codecs=self._pending_codecs())

    def _pending_codecs(self) -> list[int]:
        return [codec_id for codec_id, codec in self._codecs.items() if codec.is_pending]

    def waiting(self) -> int:
        """How many rows wait as float16 for their codec to be fitted."""
        return sum(map(self._store.images.count, self._pending_codecs()))

    def rows_until_fit(self) -> int:
        """How many more images it takes until the codec of new rows is fitted; 0 once it is."""
        return self._recoder.rows_until_fit()

    def use_codec(self, config: CodecConfig) -> None:
        """New images are encoded with this codec; existing rows keep theirs. Raises UsageError."""
        self._recoder.use(config)

    def recode(
        self,
        codec: str | CodecConfig | None,
        *,
        filters: Filters = Filters(),
        dry_run: bool = False,
    ) -> Iterator[Recoded]:
        """Rows → rows of another codec, from originals where they can be seen; new ones get it too.

        None keeps the codes of coclico and clip rows, and decodes them by least squares. Raises
        UsageError, NotFound, BadCode.
        """
        config = None if codec is None else CodecConfig.of(codec)
        ids = None if filters.is_empty else set(select_ids(self._store, filters))
        if not dry_run:
            self._search.remove()
        yield from self._recoder.recode(config, ids, dry_run=dry_run)
        if not dry_run:
            self._search.refresh(thorough=True)

    def forget(self, ids: int | Iterable[int], *, tombstone: bool = True) -> list[ForgottenRow]:
        """Erases rows for good: no byte of them is left in the archive's files.

        `tombstone` keeps their SHA-256, so that the same files are not archived again. Restored
        pictures are files of the user's, and stay. Raises NotFound, ArchiveReadOnly.
        """
        named = [ids] if isinstance(ids, int) else list(dict.fromkeys(ids))
        rows = self._store.images.read(named)
        return forget(self._store, self._search, rows, tombstone=tombstone)

    def tombstones(self) -> list[TombstoneRecord]:
        """Files that were forgotten and are not archived again, the newest last."""
        return self._store.tombstones.all()

    def lift_tombstones(self, digests: Iterable[str]) -> None:
        """These files, by the SHA-256 of a tombstone in hexadecimal, may be archived again.

        Raises NotFound.
        """
        lift(self._store, list(digests))
