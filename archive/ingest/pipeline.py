"""Files → rows, in batches.

    candidate ─same size and time?─► digest ─archived?─► picture ─► vector, color map ─► codes
              ─► one transaction per batch

A batch is as many new files as took BATCH_SECONDS last time, so a killed run loses no more than
that. Each file ends as exactly one outcome, which is yielded after its transaction. No model is
loaded unless there is a new image.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from archive.codecs import Codec
from archive.errors import Unreadable, UsageError
from archive.imaging.decode import Picture
from archive.imaging.memory import ImageInput
from archive.ingest.encoding import Hashed, RowEncoder
from archive.ingest.inputs import FileInput, Input, MemoryInput
from archive.ingest.outcomes import Archived, Duplicate, Ignored, Moved, Outcome, Skipped, Unchanged
from archive.ingest.read_ahead import Page, ReadAhead
from archive.ingest.scan import Candidate, Paths, as_paths, require_exists
from archive.ingest.volumes import Places
from archive.models.encoder import Encoder
from archive.records import Batch, Place, SkippedFile
from archive.store import Store

BATCH_SECONDS = 2.0
FIRST_BATCH = 16  # files
LARGEST_BATCH = 256  # files
LEAST_SECONDS = 1e-3  # a batch counts as no faster than this
UNREADABLE_FOLDER = "unreadable"  # its reason in the ledger
In = TypeVar("In")
Out = TypeVar("Out")


@dataclass(frozen=True)
class _ReadBatch:
    """A batch once its files have been read."""

    pictures: Sequence[tuple[Hashed, Picture]]  # to encode
    repeated: Sequence[Hashed]  # their content has a row, or is that of one of the pictures
    refused: Sequence[tuple[Input, Unreadable]]
    archived: Mapping[bytes, int]  # image ids by digest, before this batch


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
    ) -> None:
        """`encoder` opens the encoder; `image_size`: pixels it needs on an image's short side."""
        self._store = store
        self._codec_id = codec_id
        self._codec = codec
        self._rows = RowEncoder(encoder)
        self._image_size = image_size
        self._keep_truncated = keep_truncated
        self._places = Places(store.volumes)
        self._batch_size = FIRST_BATCH
        self._scan: ReadAhead | None = None
        self.seconds = 0.0  # spent on new files; loading the model is not counted

    @property
    def total(self) -> int | None:
        """How many files this run meets; None until all folders have been scanned."""
        return None if self._scan is None else self._scan.total

    def use_codec(self, codec_id: int, codec: Codec) -> None:
        """Rows are written with this codec, from the next batch on."""
        self._codec_id = codec_id
        self._codec = codec

    def run(self, paths: Paths) -> Iterator[Outcome]:
        """Every file at or below the paths → its outcome, once it is committed.

        Raises UsageError before anything is archived if one of the paths does not exist.
        """
        names = as_paths(paths)
        for name in names:
            require_exists(name)
        with ReadAhead(names) as scan, ThreadPoolExecutor(os.cpu_count()) as pool:
            self._scan = scan
            for page in scan:
                yield from self._archive_page(page, pool)

    def add_picture(self, image: ImageInput, *, name: str) -> Archived | Duplicate | Skipped:
        """An image without a file → its outcome, once it is committed.

        `image`: the bytes of an image file, an (H, W, 3) uint8 sRGB array, or a Pillow image. The
        digest is that of the bytes, or of the pixels as a binary PPM file (imaging/memory.py), so
        that an image that is archived already, under any name or as a file, is a Duplicate.

        The row's source is `name` on a volume that is never mounted: `row.path` is
        "memory:/NAME", which is not a path of the file system. A name stands for the image that
        was last added under it. Raises UsageError for an empty or absolute name.
        """
        if not name or os.path.isabs(name):
            raise UsageError(f"name an image in memory with a relative path, not {name!r}")
        source = MemoryInput(image, self._places.in_memory(name))
        with ThreadPoolExecutor(1) as pool:
            [outcome] = self._archive_batch([source], pool)
        assert isinstance(outcome, Archived | Duplicate | Skipped)
        return outcome

    def _archive_page(self, page: Page, pool: Executor) -> Iterator[Outcome]:
        files = [self._input(candidate) for candidate in page if candidate.may_be_image]
        unchanged = self._unchanged(files)
        for candidate in page:
            if candidate.path in unchanged:
                yield Unchanged(candidate.path)
            elif not (candidate.may_be_image or candidate.error):
                yield Ignored(candidate.path)
        remaining = [file for file in files if file.path not in unchanged]
        while remaining:
            batch = remaining[: self._batch_size]
            remaining = remaining[self._batch_size :]
            started = time.monotonic() - self._rows.loading_seconds
            outcomes = self._archive_batch(batch, pool)
            self._pace(len(batch), time.monotonic() - self._rows.loading_seconds - started)
            yield from outcomes
        yield from self._skip_folders([candidate for candidate in page if candidate.error])

    def _input(self, candidate: Candidate) -> FileInput:
        place = self._places.of_file(candidate.path, candidate.stamp)
        return FileInput(candidate.path, place, keep_truncated=self._keep_truncated)

    def _unchanged(self, files: Sequence[Input]) -> set[str]:
        """Paths of those files whose size and time are as they were when they were archived."""
        unchanged: set[str] = set()
        for volume_id in {file.place.volume_id for file in files}:
            on_volume = [file for file in files if file.place.volume_id == volume_id]
            stamps = self._store.sources.stamps(volume_id, [file.place.path for file in on_volume])
            same = [file for file in on_volume if stamps.get(file.place.path) == file.place.stamp]
            self._store.sources.see_again(volume_id, [file.place.path for file in same])
            unchanged.update(file.path for file in same)
        return unchanged

    def _archive_batch(self, inputs: Sequence[Input], pool: Executor) -> list[Outcome]:
        """Inputs → outcomes, in one transaction."""
        read = self._read(inputs, pool)
        vacant = {
            file.digest: self._vacant_places(read.archived[file.digest])
            for file in read.repeated
            if file.digest in read.archived and file.input.can_move
        }
        batch = Batch(
            images=self._rows.encode(read.pictures, self._codec, pool),
            sightings=[(file.digest, file.place) for file in read.repeated],
            removed=[place for places in vacant.values() for place in places],
            skipped=[_skipped_file(refused.place, error) for refused, error in read.refused],
        )
        ids = self._store.add_batch(self._codec_id, batch)
        outcomes: list[Outcome] = []
        outcomes += [Archived(file.path, ids[file.digest]) for file, _ in read.pictures]
        for file in read.repeated:
            kind = Moved if vacant.get(file.digest) else Duplicate
            outcomes.append(kind(file.path, ids[file.digest]))
        for refused, error in read.refused:
            outcomes.append(Skipped(refused.path, error.reason, error.detail))
        return outcomes

    def _read(self, inputs: Sequence[Input], pool: Executor) -> _ReadBatch:
        """Inputs → pictures of those that are new, each content once."""
        hashes, refused = _split(inputs, pool.map(_attempt(_hash), inputs))
        hashed = [file for _, file in hashes]
        archived = self._store.images.ids([file.digest for file in hashed])
        new: dict[bytes, Hashed] = {}
        for file in hashed:
            if file.digest not in archived:
                new.setdefault(file.digest, file)
        files = list(new.values())
        pictures, failed = _split(files, pool.map(_attempt(self._load), files))
        errors = {file.digest: error for file, error in failed}
        repeated = []
        for file in hashed:
            if file.digest in errors:
                refused.append((file.input, errors[file.digest]))
            elif file is not new.get(file.digest):
                repeated.append(file)
        return _ReadBatch(pictures, repeated, refused, archived)

    def _load(self, file: Hashed) -> Picture:
        return file.input.load(file.stamp, at_least=self._image_size)

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


def _hash(source: Input) -> Hashed:
    return Hashed(source, *source.digest())


def _attempt(work: Callable[[In], Out]) -> Callable[[In], Out | Unreadable]:
    """The same work, with Unreadable returned instead of raised: no file stops a batch."""

    def attempted(file: In) -> Out | Unreadable:
        try:
            return work(file)
        except Unreadable as error:
            return error

    return attempted


def _split(
    inputs: Sequence[In], results: Iterable[Out | Unreadable]
) -> tuple[list[tuple[In, Out]], list[tuple[In, Unreadable]]]:
    """Inputs and what `_attempt` made of them → (input, result) and (input, error)."""
    done: list[tuple[In, Out]] = []
    refused: list[tuple[In, Unreadable]] = []
    for source, result in zip(inputs, results, strict=True):
        if isinstance(result, Unreadable):
            refused.append((source, result))
        else:
            done.append((source, result))
    return done, refused


def _skipped_file(place: Place, error: Unreadable) -> SkippedFile:
    return SkippedFile(place.volume_id, place.path, error.reason, error.detail)
