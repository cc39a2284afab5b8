"""Opening files that may be anything: without blocking, for reading only, and regular ones only.
Making folders for output.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from archive.errors import Unreadable, UsageError
from archive.records import FileStamp


@contextlib.contextmanager
def opened(path: Path) -> Iterator[BufferedReader]:
    """A regular file, opened for reading only; not even a FIFO blocks. Raises Unreadable."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags)
    except PermissionError as error:
        raise Unreadable("no-permission", "this user may not read the file") from error
    except (OSError, ValueError) as error:
        reason = "broken-link" if path.is_symlink() else "unreadable"
        raise Unreadable(reason, getattr(error, "strerror", None) or str(error)) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Unreadable("not-a-file", "a pipe, socket, device or folder")
    with open(descriptor, "rb") as file:
        yield file


def make_folder(path: Path) -> None:
    """Creates a folder for output, and those above it. Raises UsageError where it cannot be."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = "there is a file" if isinstance(error, FileExistsError) else error.strerror
        raise UsageError(f"{path} cannot be a folder for output: {reason}; name another") from error


def stamp_of(file: BinaryIO) -> FileStamp:
    """An open file → its stamp."""
    return FileStamp.of(os.fstat(file.fileno()))


def digest_of(path: Path) -> tuple[bytes, FileStamp]:
    """File → SHA-256 (32 bytes) and stamp, read in pieces. Raises Unreadable."""
    with opened(path) as file:
        stamp = stamp_of(file)
        if stamp.size == 0:
            raise Unreadable("empty", "the file has no bytes")
        try:
            return hashlib.file_digest(file, "sha256").digest(), stamp
        except OSError as error:
            raise Unreadable("unreadable", error.strerror or str(error)) from error
