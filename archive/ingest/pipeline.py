"""Files → rows, in batches.

    candidate ─same size and time?─► digest ─archived?─► picture ─► vector, color map ─► codes
              ─► one transaction per batch

A batch is as many new files as took BATCH_SECONDS last time, and the next one is read meanwhile, so
a killed run loses no more than twice that. Each file ends as exactly one outcome, which is yielded
after its transaction. No model is loaded unless there is a new image.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path

from archive.codecs import Codec
from archive.errors import Unreadable, UsageError
from archive.imaging.memory import ImageInput
from archive.imaging.workers import Workers
from archive.ingest.encoding import Hashed, Prepared, RowEncoder
from archive.ingest.inputs import FileInput, Input, MemoryInput, UploadInput
from archive.ingest.ledger_cleanup import LedgerCleanup
from archive.ingest.outcomes import (
    Added,
    Ignored,
    Linked,
    Outcome,
    Skipped,
    Unchanged,
)
from archive.ingest.read_ahead import Page, ReadAhead
from archive.ingest.reader import ReadBatch, Reader
from archive.ingest.rules import ScanRules
from archive.ingest.scan import ALL, Candidate, Paths, as_paths, require_exists
from archive.ingest.sorted_batch import SortedBatch
from archive.ingest.volumes import Places
from archive.models.encoder import Encoder
from archive.records import Batch, Capture, FileStamp, Place, SkippedFile
from archive.store import Store

BATCH_SECONDS = 2.0
FIRST_BATCH = 16  # files
LARGEST_BATCH = 256  # files
LEAST_SECONDS = 1e-3  # a batch counts as no faster than this
UNREADABLE_FOLDER = "unreadable"  # its reason in the ledger
IsWhole = Callable[[str, FileStamp], bool]


def always(_path: str, _stamp: FileStamp) -> bool:
    """For ingests that nobody writes files for at the same time: every file is whole."""
    return True


class Ingest:
    """Archives files and images in memory with one codec at a time."""

    def __init__(
        self,
        store: Store,
        codec_id: int,
        codec: Codec,
        encoder: Callable[[], Encoder],
        *,
        image_size: int,
        keep_truncated: bool = False,
        rescan: bool = False,
        rules: ScanRules = ALL,
        is_whole: IsWhole = always,
    ) -> None:
        """`encoder` opens the encoder; `image_size`: pixels it needs on an image's short side;
        `rescan` reads files again that seem unchanged, and fills in what their rows lack;
        `is_whole`: whether a new or changed file, by its path and stamp, is complete. One that is
        not is passed over, and has no outcome.
        """
        rules.check()
        self._is_whole = is_whole
        self._rescan = rescan
        self._rules = rules
        self._store = store
        self._codec_id = codec_id
        self._codec = codec
        self._rows = RowEncoder(encoder)
        self._image_size = image_size
        self._keep_truncated = keep_truncated
        self._places = Places(store.volumes)
        self._batch_size = FIRST_BATCH
        self._scan: ReadAhead | None = None
        self.described = 0  # rows whose camera or place was filled in
        self.seconds = 0.0  # spent on new files; loading the model is not counted

    @property
    def total(self) -> int | None:
        """How many files this run meets; None until all folders have been scanned."""
        return None if self._scan is None else self._scan.total

    def use_codec(self, codec_id: int, codec: Codec) -> None:
        """Rows are written with this codec, from the next batch on. Its maps have the same side."""
        self._codec_id = codec_id
        self._codec = codec

    def run(self, paths: Paths) -> Iterator[Outcome]:
        """Every file at or below the paths → its outcome, once it is committed.

        Raises UsageError before anything is archived if one of the paths does not exist.
        """
        names = as_paths(paths)
        for name in names:
            require_exists(name)
        folders = [os.path.realpath(name) for name in names if os.path.isdir(name)]
        self._places.meet(folders)
        cleanup = LedgerCleanup(self._store, self._places)
        for outcome in self._outcomes(names):
            cleanup.see(outcome)
            yield outcome
        if self._rules.only is None:
            cleanup.run(folders)

    def _outcomes(self, names: Sequence[str]) -> Iterator[Outcome]:
        with ReadAhead(names, self._rules) as scan, self._reader() as reader:
            self._scan = scan
            ahead: Future[ReadBatch] | None = None
            for page in scan:
                files, decided = self._decide(page)
                yield from decided
                for batch in self._batches(files):
                    read = reader.submit(batch, self._store.decided)
                    if ahead is not None:
                        yield from self._archive_ahead(ahead)
                    ahead = read
            if ahead is not None:
                yield from self._archive_ahead(ahead)

    def add_picture(self, image: ImageInput | Path, *, name: str) -> Added:
        """As `add_pictures`, of one."""
        return self.add_pictures({name: image})[name]

    def add_pictures(self, pictures: Mapping[str, ImageInput | Path]) -> dict[str, Added]:
        """Images without a file, or whose files will not stay, by name → their outcomes, once they
        are committed.

        An image: the bytes of an image file, an (H, W, 3) uint8 sRGB array, or a Pillow image; a
        Path is decoded in a process of its own, as files are. The digest is that of the bytes, or
        of the pixels as a binary PPM file (imaging/memory.py), so that an image that is archived
        already, under any name or as a file, is a Duplicate.

        A row's source is its name on a volume that is never mounted: `row.path` is "memory:/NAME",
        which is not a path of the file system. A name stands for the image that was last added
        under it. Raises UsageError for an empty or absolute name.
        """
        sources = [self._in_memory(image, name) for name, image in pictures.items()]
        names = dict(zip((source.path for source in sources), pictures, strict=True))
        with self._reader() as reader:
            outcomes = self._archive(reader.read(sources, self._store.decided))
        added: dict[str, Added] = {}
        for outcome in outcomes:
            assert isinstance(outcome, Added)
            added[names[outcome.path]] = outcome
        return added

    def _in_memory(self, image: ImageInput | Path, name: str) -> Input:
        if not name or os.path.isabs(name):
            raise UsageError(f"name an image in memory with a relative path, not {name!r}")
        place = self._places.in_memory(name)
        return UploadInput(image, place) if isinstance(image, Path) else MemoryInput(image, place)

    def _decide(self, page: Page) -> tuple[list[Input], list[Outcome]]:
        """Candidates → files to read, and the outcomes of all others."""
        files = [self._input(candidate) for candidate in page if candidate.may_be_image]
        unchanged = self._unchanged(files)
        decided: list[Outcome] = []
        for candidate in page:
            if candidate.path in unchanged:
                decided.append(Unchanged(candidate.path))
            elif candidate.is_linked_folder:
                decided.append(Linked(candidate.path))
            elif not (candidate.may_be_image or candidate.error):
                decided.append(Ignored(candidate.path))
        decided += self._skip_folders([candidate for candidate in page if candidate.error])
        changed = [file for file in files if file.path not in unchanged]
        return [file for file in changed if self._is_whole(file.path, file.place.stamp)], decided

    def _batches(self, files: Sequence[Input]) -> Iterator[Sequence[Input]]:
        """Files in batches of the size of the moment."""
        start = 0
        while start < len(files):
            batch = files[start : start + self._batch_size]
            start += len(batch)
            yield batch

    def _archive_ahead(self, ahead: Future[ReadBatch]) -> list[Outcome]:
        """A batch that is being read → outcomes; times it."""
        started = time.monotonic() - self._rows.loading_seconds
        read = ahead.result()
        outcomes = self._archive(read)
        self._pace(len(outcomes), time.monotonic() - self._rows.loading_seconds - started)
        return outcomes

    def _input(self, candidate: Candidate) -> FileInput:
        place = self._places.of_file(candidate.path, candidate.stamp)
        return FileInput(candidate.path, place, keep_truncated=self._keep_truncated)

    def _unchanged(self, files: Sequence[Input]) -> set[str]:
        """Paths of those files that surely are as they were when they were archived."""
        unchanged: set[str] = set()
        if self._rescan:
            return unchanged
        for volume_id in {file.place.volume_id for file in files}:
            on_volume = [file for file in files if file.place.volume_id == volume_id]
            stamps = self._store.sources.stamps(volume_id, [file.place.path for file in on_volume])
            same = [
                file
                for file in on_volume
                if file.place.path in stamps
                and stamps[file.place.path].is_unchanged(file.place.stamp)
            ]
            self._store.sources.see_again(volume_id, [file.place.path for file in same])
            unchanged.update(file.path for file in same)
        return unchanged

    def _archive(self, read: ReadBatch) -> list[Outcome]:
        """A batch → outcomes, in one transaction."""
        archived = self._store.images.ids([file.digest for file in read.hashed])
        sorted_batch = SortedBatch.of(read, archived)
        vacant = {
            file.digest: self._vacant_places(archived[file.digest])
            for file in sorted_batch.sighted
            if file.digest in archived and file.input.can_move
        }
        batch = Batch(
            images=self._rows.encode(sorted_batch.new, self._codec),
            sightings=[(file.digest, file.place) for file in sorted_batch.sighted],
            removed=[place for places in vacant.values() for place in places],
            skipped=[_skipped_file(source.place, error) for source, error in sorted_batch.unread],
            captures=read.captures,
        )
        known = self._store.sources.holding(set(archived.values()))
        ids, added = self._store.write_batch(self._codec_id, batch)
        self.described += len(read.captures)
        moved = {digest for digest, places in vacant.items() if places}
        return sorted_batch.outcomes(ids, added=added, moved=moved, known=known)

    def _reader(self) -> Reader:
        if not self._rescan:
            return Reader(self._load, self._load_capture)
        return Reader(self._load, self._load_capture, self._store.images.without_capture)

    def _load_capture(self, file: Hashed, workers: Workers) -> Capture:
        return file.input.load(file.stamp, workers, at_least=1).capture

    def _load(self, file: Hashed, workers: Workers) -> Prepared:
        picture = file.input.load(file.stamp, workers, at_least=self._image_size)
        return self._rows.prepare(file, picture, self._codec.map_side)

    def _vacant_places(self, image_id: int) -> list[Place]:
        """Places that no longer hold the image, as far as this run can tell."""
        places = self._store.sources.places(image_id)
        return [place for place in places if self._places.is_vacant(place)]

    def _pace(self, files: int, seconds: float) -> None:
        """Sizes the next batch to take about BATCH_SECONDS."""
        self.seconds += seconds
        size = int(files * BATCH_SECONDS / max(seconds, LEAST_SECONDS))
        self._batch_size = min(LARGEST_BATCH, max(1, size))

    def _skip_folders(self, folders: Sequence[Candidate]) -> Iterator[Outcome]:
        """Folders that could not be read → the ledger."""
        if not folders:
            return
        errors = [Unreadable(UNREADABLE_FOLDER, folder.error) for folder in folders]
        places = [self._places.of_file(folder.path, folder.stamp) for folder in folders]
        skipped = [_skipped_file(*entry) for entry in zip(places, errors, strict=True)]
        self._store.add_batch(self._codec_id, Batch(skipped=skipped))
        for folder in folders:
            yield Skipped(folder.path, UNREADABLE_FOLDER, folder.error)


def _skipped_file(place: Place, error: Unreadable) -> SkippedFile:
    return SkippedFile(place.volume_id, place.path, error.reason, error.detail)
