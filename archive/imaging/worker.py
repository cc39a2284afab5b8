"""A process that decodes images for workers.py, one at a time, until its input ends.

It imports nothing heavy, limits its own memory, and holds the lock on large images while it decodes
one, so that at most one process does: a folder of large scans costs the memory of one.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from archive.errors import Unreadable
from archive.imaging.decode import (
    DecodeOptions,
    Hold,
    Picture,
    check_unchanged,
    decode_picture,
    register_plugins,
)
from archive.imaging.files import opened
from archive.imaging.messages import Message, facts_of, receive, send
from archive.records import FileStamp

MEMORY_LIMIT = 1_300_000_000  # bytes; 200 million pixels of 4 bytes, and what reading them takes
LARGE_PIXELS = 16_000_000  # pixels; of images with more, one is decoded at a time


def main() -> None:
    """Answers requests on standard input. The first argument is the file to lock."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # the parent gets them too, and ends this process
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    silent = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # no library reads requests, writes answers or talks
        os.dup2(silent, stream)
    _limit_memory()
    register_plugins()
    with open(sys.argv[1], "ab") as lock, contextlib.suppress(EOFError, BrokenPipeError):
        send(answers, {"is_ready": True})
        while True:
            _answer(answers, lock, receive(requests))


def _answer(answers: BinaryIO, lock: BinaryIO, request: Message) -> None:
    """Sends {"waits": true} before it waits for the lock, {"waits": false} after, then the result.

    The result is a picture's facts and pixels, or a reason and its detail.
    """
    header, content = request

    @contextlib.contextmanager
    def hold(pixels: int) -> Iterator[None]:
        if pixels <= LARGE_PIXELS:
            yield
            return
        send(answers, {"waits": True})
        with _locked(lock):
            send(answers, {"waits": False})
            yield

    try:
        with _alarm(2 * header["seconds"]):
            picture = _decode(header, content, hold)
    except Unreadable as error:
        send(answers, {"reason": error.reason, "detail": error.detail})
    else:
        send(answers, facts_of(picture), picture.pixels.tobytes())


def _decode(header: dict[str, Any], content: bytes, hold: Hold) -> Picture:
    options = DecodeOptions(header["at_least"], header["keep_truncated"], hold)
    if content:
        return decode_picture(io.BytesIO(content), options)
    with opened(Path(header["path"])) as file:
        if header["stamp"]:
            check_unchanged(file, FileStamp(*header["stamp"]))
        return decode_picture(file, options)


def _limit_memory() -> None:
    """Where the system can: what a decoder allocates beyond the limit fails."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_LIMIT, most))


@contextlib.contextmanager
def _alarm(seconds: int) -> Iterator[None]:
    """Ends this process in the middle of a decoder if nobody else does: its parent may be dead."""
    if not hasattr(signal, "alarm"):
        yield
        return
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


@contextlib.contextmanager
def _locked(file: BinaryIO) -> Iterator[None]:
    """Holds the lock on a file, which the system releases should this process die."""
    try:
        import fcntl
    except ImportError:  # Windows: processes decode large images side by side
        yield
        return
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)
