"""Reads a batch of files while the batch before it is encoded and written.

    inputs ─hash─► digests ─new?─► pictures, decoded by workers ─► prepared for the encoder

Decoding is parallel over the files of a batch; one batch is read at a time. Reading ahead costs the
memory of one batch of prepared pictures, and a killed run loses what was read.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from archive.errors import Unreadable
from archive.imaging.workers import Workers
from archive.ingest.encoding import Hashed, Prepared
from archive.ingest.inputs import Input
from archive.records import Capture

In = TypeVar("In")
Out = TypeVar("Out")
Load = Callable[[Hashed, Workers], Prepared]
LoadCapture = Callable[[Hashed, Workers], Capture]
Decided = Callable[[Sequence[bytes]], Collection[bytes]]


@dataclass(frozen=True)
class ReadBatch:
    """A batch once its files have been read."""

    hashed: Sequence[Hashed]  # all that could be read
    prepared: Sequence[Prepared]  # of contents that had no row yet, each once
    failed: Sequence[tuple[Hashed, Unreadable]]  # contents that do not decode, each once
    refused: Sequence[tuple[Input, Unreadable]]  # files that could not be read
    captures: Sequence[tuple[bytes, Capture]] = ()  # of archived contents, by digest


class Reader:
    """A thread that reads, and threads that it hashes and decodes with. A context manager."""

    def __init__(
        self, load: Load, load_capture: LoadCapture, undescribed: Decided = lambda _: ()
    ) -> None:
        """`load` decodes and prepares one file, `load_capture` reads what rows lack: whose, says
        `undescribed`. Both raise Unreadable.
        """
        self._load = load
        self._load_capture = load_capture
        self._undescribed = undescribed
        self._workers = Workers()
        self._pool = ThreadPoolExecutor(os.cpu_count(), "coldframe-decode")
        self._ahead = ThreadPoolExecutor(1, "coldframe-read")

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self._workers.close()  # first: a thread may wait for one
        self._pool.shutdown(cancel_futures=True)
        self._ahead.shutdown(cancel_futures=True)

    def submit(self, inputs: Sequence[Input], decided: Decided) -> Future[ReadBatch]:
        """Reads a batch in the background."""
        return self._ahead.submit(self.read, inputs, decided)

    def read(self, inputs: Sequence[Input], decided: Decided) -> ReadBatch:
        """Inputs → pictures of those that are new, and what rows of others lack, each content once.

        `decided`: which of some digests need no picture.
        """
        hashes, refused = _split(inputs, self._pool.map(_attempt(_hash), inputs))
        hashed = [file for _, file in hashes]
        known = decided([file.digest for file in hashed])
        new: dict[bytes, Hashed] = {}
        for file in hashed:
            if file.digest not in known:
                new.setdefault(file.digest, file)
        files = list(new.values())
        loaded, failed = _split(files, self._pool.map(_attempt(self._prepare), files))
        captures = self._captures([file for file in hashed if file.digest in known])
        return ReadBatch(hashed, [prepared for _, prepared in loaded], failed, refused, captures)

    def _captures(self, files: Sequence[Hashed]) -> list[tuple[bytes, Capture]]:
        """What the files of undescribed rows say; nothing of one that does not decode any more."""
        undescribed = self._undescribed([file.digest for file in files])
        chosen = {file.digest: file for file in files if file.digest in undescribed}
        described = self._pool.map(_attempt(self._describe), chosen.values())
        captures, _ = _split(list(chosen.values()), described)
        return [(file.digest, capture) for file, capture in captures if capture.is_known]

    def _describe(self, file: Hashed) -> Capture:
        return self._load_capture(file, self._workers)

    def _prepare(self, file: Hashed) -> Prepared:
        return self._load(file, self._workers)


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
