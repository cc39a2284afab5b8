"""Which files below a path may be images. Nothing is opened, except to look at its first bytes.

Folders are walked in order of names. Links to folders are not followed, so loops are impossible;
links to files are. A file may be an image by its suffix or, whatever its name, by its first bytes.
A path that the user names always counts as one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
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
    (0, b"\xff\x0a"),  # JPEG XL, bare codestream
    (0, b"\0\0\0\x0cJXL "),
)
SIGNATURE_BYTES = 16  # at the start of a file; enough for every signature

Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that the scan came across, or a folder that it could not read."""

    path: str  # absolute
    stamp: FileStamp | None  # None if the file has no status, e.g. a broken link
    may_be_image: bool
    error: str = ""  # why a folder could not be read


def as_paths(paths: Paths) -> list[str]:
    """One path or several → a list. A bare string is one path, never a sequence of characters.

    Raises UsageError for anything that is not a path.
    """
    if isinstance(paths, Iterable) and not isinstance(paths, str | bytes | os.PathLike):
        return [_as_path(path) for path in paths]
    return [_as_path(paths)]


def scan(path: str) -> Iterator[Candidate]:
    """A file or folder → all files in it, by name. Raises UsageError if the path does not exist."""
    require_exists(path)
    top = os.path.realpath(path)
    if not os.path.isdir(top):
        yield Candidate(os.path.abspath(path), _stamp(path), may_be_image=True)
        return
    errors: list[OSError] = []
    for folder, subfolders, names in os.walk(top, onerror=errors.append):
        subfolders.sort()
        for name in sorted(names):
            file = os.path.join(folder, name)
            yield Candidate(file, _stamp(file), _may_be_image(file))
        while errors:
            yield _unreadable(errors.pop())
    yield from map(_unreadable, errors)


def require_exists(path: str) -> None:
    """Raises UsageError if there is neither a file nor a folder at this path."""
    if not os.path.lexists(path):
        raise UsageError(f"{path or repr(path)} does not exist; name an image or a folder")


def _as_path(path: object) -> str:
    if not isinstance(path, str | os.PathLike):
        raise UsageError(f"expected a path, not {type(path).__name__}")
    name = os.fspath(path)
    if not isinstance(name, str):
        raise UsageError(f"expected a path as text, not {type(name).__name__}")
    return name


def _stamp(path: str) -> FileStamp | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return FileStamp(status.st_size, status.st_mtime_ns)


def _unreadable(error: OSError) -> Candidate:
    """A folder that could not be listed."""
    reason = error.strerror or str(error)
    return Candidate(str(error.filename), None, may_be_image=False, error=reason)


def _may_be_image(path: str) -> bool:
    if Path(path).suffix.lower() in SUFFIXES:
        return True
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return False
    try:
        head = os.read(descriptor, SIGNATURE_BYTES)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return any(head[offset:].startswith(signature) for offset, signature in SIGNATURES)
