"""Which files below a path are pictures. Nothing is opened here but to look at its first bytes.

A folder is walked in order of names. Links to folders are not followed, so no loop is possible; links to files are. A
file is a candidate by its suffix or, whatever it is called, by its first bytes. A path the user names is always one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archive.errors import UsageError
from archive.records import FileStamp

SUFFIXES = frozenset(
    f".{suffix}"
    for suffix in (
        *("jpg", "jpeg", "jpe", "jfif", "png", "webp", "avif", "heic", "heif", "hif", "jxl", "gif"),
        *("tif", "tiff", "bmp", "jp2", "j2k", "ppm", "pgm", "pnm", "tga"),
    )
)
SIGNATURES = (  # offset, bytes
    (0, b"\xff\xd8\xff"),  # JPEG
    (0, b"\x89PNG\r\n\x1a\n"),
    (0, b"GIF8"),
    (8, b"WEBP"),
    (4, b"ftypavif"),
    (4, b"ftypheic"),
    (4, b"ftypmif1"),
    (0, b"\xff\x0a"),  # JPEG XL, bare
    (0, b"\0\0\0\x0cJXL "),
)


@dataclass(frozen=True)
class Candidate:
    """A file met on the way: absolute path, stamp (None where it cannot be had), whether it may be a picture."""

    path: str
    stamp: FileStamp | None
    candidate: bool
    problem: str = ""  # why a folder could not be read


def scan(path: str) -> Iterator[Candidate]:
    """A file or folder → everything in it, by name. Raises UsageError if there is nothing at that path."""
    top = os.path.realpath(path)
    if not os.path.lexists(path):
        raise UsageError(f"there is nothing at {path}; name a picture or a folder")
    if not os.path.isdir(top):
        yield Candidate(os.path.abspath(path), _stamp(path), candidate=True)
        return
    problems: list[OSError] = []
    for folder, inner, names in os.walk(top, onerror=problems.append):
        inner.sort()
        for name in sorted(names):
            whole = os.path.join(folder, name)
            yield Candidate(whole, _stamp(whole), _may_be_picture(whole))
        while problems:
            problem = problems.pop()
            yield Candidate(
                str(problem.filename),
                None,
                candidate=False,
                problem=problem.strerror or str(problem),
            )
    for problem in problems:
        yield Candidate(
            str(problem.filename), None, candidate=False, problem=problem.strerror or str(problem)
        )


def _stamp(path: str) -> FileStamp | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return FileStamp(status.st_size, status.st_mtime_ns)


def _may_be_picture(path: str) -> bool:
    if Path(path).suffix.lower() in SUFFIXES:
        return True
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return False
    try:
        head = os.read(descriptor, 16)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return any(head[offset:].startswith(signature) for offset, signature in SIGNATURES)
