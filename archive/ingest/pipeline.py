"""Files → rows, in batches.

    found ─known by size and time?─► digest ─archived already?─► pixels ─► vector, map ─► codes ─► one transaction

A batch is as many new files as took BATCH_SECONDS last time, so that a kill loses no more than that. Every file met
ends as exactly one outcome. The encoder is opened when the first new picture has been decoded: a run that finds nothing
new never loads a model.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np

from archive.codecs import Codec
from archive.errors import Unreadable
from archive.imaging.decode import Picture, digest_of, load_picture
from archive.imaging.resize import to_square
from archive.ingest.outcomes import Archived, Duplicate, Ignored, Moved, Outcome, Skipped, Unchanged
from archive.ingest.scan import Candidate, Paths, as_paths, scan
from archive.ingest.volumes import volume_of
from archive.models.encoder import Encoder
from archive.records import Batch, FileStamp, NewImage, Place, SkippedFile
from archive.store import Store

BATCH_SECONDS = 2.0
# files
FIRST_BATCH = 16
LARGEST_BATCH = 256
PAGE = 512  # files looked up at a time
A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True)
class _File:
    """A candidate, placed on its volume."""

    path: str
    place: Place


@dataclass(frozen=True)
class _Hashed:
    file: _File
    digest: bytes


class Ingest:
    """One run over some paths."""

    def __init__(
        self,
        store: Store,
        codec_id: int,
        codec: Codec,
        encoder: Callable[[], Encoder],
        *,
        side: int,
        keep_truncated: bool = False,
    ) -> None:
        """`encoder()` opens the encoder, `side` is the number of pixels it wants on a picture's short side."""
        self._store = store
        self._codec_id = codec_id
        self._codec = codec
        self._encoder = encoder
        self._side = side
        self._keep_truncated = keep_truncated
        self._size = FIRST_BATCH
        self._roots: dict[int, str] = {}  # volumes that are here
        self._volume_ids: dict[str, int] = {}
        self.seconds = 0.0  # spent on new files, without loading the model

    def use(self, codec_id: int, codec: Codec) -> None:
        """From the next batch on rows are written with this codec."""
        self._codec_id = codec_id
        self._codec = codec

    def run(self, paths: Paths) -> Iterator[Outcome]:
        """Every file below the paths → its outcome, once it is committed."""
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            met = (found for path in as_paths(paths) for found in scan(path))
            for page in _paged(met, PAGE):
                yield from self._page(page, pool)

    def _page(self, page: list[Candidate], pool: ThreadPoolExecutor) -> Iterator[Outcome]:
        files = [self._placed(found) for found in page if found.may_be_image]
        yield from (
            Ignored(found.path) for found in page if not (found.may_be_image or found.error)
        )
        known = self._known(files)
        yield from (Unchanged(file.path) for file in files if file.path in known)
        fresh = [file for file in files if file.path not in known]
        while fresh:
            batch = fresh[: self._size]
            fresh = fresh[self._size :]
            yield from self._batch(batch, pool)
        closed = [found for found in page if found.error]
        if closed:
            ledger = [_ledger(self._placed(found), "unreadable", found.error) for found in closed]
            self._store.add_batch(self._codec_id, Batch(skipped=ledger))
            yield from (Skipped(found.path, "unreadable", found.error) for found in closed)

    def _placed(self, found: Candidate) -> _File:
        folder = os.path.dirname(found.path)
        volume = volume_of(folder)
        if volume.marker not in self._volume_ids:
            volume_id = self._store.volumes.see(
                marker=volume.marker, label=volume.label, root=volume.root
            )
            self._volume_ids[volume.marker] = volume_id
            self._roots[volume_id] = volume.root
        relative = os.path.relpath(found.path, volume.root)
        return _File(
            found.path,
            Place(self._volume_ids[volume.marker], relative, found.stamp or FileStamp(-1, -1)),
        )

    def _known(self, files: list[_File]) -> set[str]:
        """Paths of those whose size and time are as they were."""
        known: set[str] = set()
        for volume_id in {file.place.volume_id for file in files}:
            there = [file for file in files if file.place.volume_id == volume_id]
            stamps = self._store.sources.stamps(volume_id, [file.place.path for file in there])
            same = [file for file in there if stamps.get(file.place.path) == file.place.stamp]
            self._store.sources.see_again(volume_id, [file.place.path for file in same])
            known.update(file.path for file in same)
        return known

    def _batch(self, files: list[_File], pool: ThreadPoolExecutor) -> Iterator[Outcome]:
        started = time.monotonic()
        read, refused = _parted(files, pool.map(_attempt(_hash), files))
        hashed = [one for _, one in read]
        archived = self._store.images.ids([one.digest for one in hashed])
        first: dict[bytes, _Hashed] = {}
        for one in hashed:
            if one.digest not in archived:
                first.setdefault(one.digest, one)
        pictures, broken = _parted(
            list(first.values()), pool.map(_attempt(self._load), first.values())
        )
        causes = {one.digest: cause for one, cause in broken}
        refused += [(one.file, causes[one.digest]) for one in hashed if one.digest in causes]
        again = [
            one for one in hashed if one.digest not in causes and one is not first.get(one.digest)
        ]
        gone = {
            one.digest: self._gone(archived[one.digest]) for one in again if one.digest in archived
        }
        batch = Batch(
            images=self._encoded(pictures, pool),
            sightings=[(one.digest, one.file.place) for one in again],
            removed=[place for places in gone.values() for place in places],
            skipped=[_ledger(file, cause.reason, cause.detail) for file, cause in refused],
        )
        ids = self._store.add_batch(self._codec_id, batch)
        self._pace(len(files), time.monotonic() - started)
        yield from (Archived(one.file.path, ids[one.digest]) for one, _ in pictures)
        for one in again:
            kind = Moved if gone.get(one.digest) else Duplicate
            yield kind(one.file.path, ids[one.digest])
        yield from (Skipped(file.path, cause.reason, cause.detail) for file, cause in refused)

    def _pace(self, files: int, seconds: float) -> None:
        """The next batch takes about BATCH_SECONDS."""
        self.seconds += seconds
        self._size = min(LARGEST_BATCH, max(1, int(files * BATCH_SECONDS / max(seconds, 1e-3))))

    def _load(self, one: _Hashed) -> Picture:
        path = Path(one.file.path)
        stamp = one.file.place.stamp
        return load_picture(
            path, at_least=self._side, unchanged=stamp, keep_truncated=self._keep_truncated
        )

    def _encoded(
        self, pictures: Sequence[tuple[_Hashed, Picture]], pool: ThreadPoolExecutor
    ) -> list[NewImage]:
        """Pictures → rows. The encoder is opened here, if there is any."""
        if not pictures:
            return []
        encoder = self._encoder()
        pixels = [picture.pixels for _, picture in pictures]
        vectors = encoder.encode_images(list(pool.map(encoder.preprocess, pixels)))
        side = max(self._codec.map_side, 1)
        maps = np.stack(list(pool.map(lambda one: to_square(one, side), pixels)))
        codes = zip(pictures, *self._codec.encode(vectors, maps), strict=True)
        return [
            _row(hashed, picture, clip_code, color_code)
            for (hashed, picture), clip_code, color_code in codes
        ]

    def _gone(self, image_id: int) -> list[Place]:
        """Places on volumes that are here, which hold the image no more."""
        return [
            place
            for place in self._store.sources.places(image_id)
            if place.volume_id in self._roots
            and not os.path.lexists(os.path.join(self._roots[place.volume_id], place.path))
        ]


def _hash(file: _File) -> _Hashed:
    digest, stamp = digest_of(Path(file.path))
    return _Hashed(replace(file, place=replace(file.place, stamp=stamp)), digest)


def _row(hashed: _Hashed, picture: Picture, clip_code: bytes, color_code: bytes) -> NewImage:
    return NewImage(
        sha256=hashed.digest,
        clip_code=clip_code,
        color_code=color_code,
        width=picture.width,
        height=picture.height,
        format=picture.format,
        flags=picture.flags,
        taken_at=picture.taken_at,
        place=hashed.file.place,
    )


def _attempt(work: Callable[[A], B]) -> Callable[[A], B | Unreadable]:
    """The same work, its refusal returned instead of raised: one bad file never stops a batch."""

    def attempted(one: A) -> B | Unreadable:
        try:
            return work(one)
        except Unreadable as refusal:
            return refusal

    return attempted


def _parted(
    inputs: Sequence[A], results: Iterable[B | Unreadable]
) -> tuple[list[tuple[A, B]], list[tuple[A, Unreadable]]]:
    """Results beside their inputs: those that came, and those that were refused."""
    pairs = list(zip(inputs, results, strict=True))
    done = [(one, result) for one, result in pairs if not isinstance(result, Unreadable)]
    refused = [(one, result) for one, result in pairs if isinstance(result, Unreadable)]
    return done, refused


def _ledger(file: _File, reason: str, detail: str) -> SkippedFile:
    return SkippedFile(file.place.volume_id, file.place.path, reason, detail)


def _paged(met: Iterable[Candidate], count: int) -> Iterator[list[Candidate]]:
    stream = iter(met)
    while page := list(islice(stream, count)):
        yield page
