"""Which files below some paths may be images. Nothing is opened, except to look at its first bytes.

Folders are walked in order of names, however deep they are; each folder and each file once, though
it be below two of the paths. A link to a folder is reported, or followed if that is wanted, and
loops are impossible: a folder is known by its real path. Links to files are followed. A file may
be an image by its suffix or, whatever its name, by its first bytes; what rules.py names is passed
over. A path that the user names always counts as an image. Where the rules ask for some paths only,
a folder is listed if it is above or below such a path, so that every rule holds for it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from archive.errors import UsageError
from archive.ingest.rules import (
    IGNORE_FILE,
    NO_MEDIA,
    RESOURCE_FORK,
    IgnoreFile,
    ScanRules,
    is_programs_file,
    is_programs_folder,
    parsed,
    read_ignore_file,
)
from archive.ingest.signatures import has_image_content, has_image_suffix
from archive.records import FileStamp

ALL = ScanRules()

Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that the scan came across, a folder that it could not read, or a linked folder."""

    path: str  # absolute
    stamp: FileStamp | None  # None if the file has no status, e.g. a broken link
    may_be_image: bool
    error: str = ""  # why a folder could not be read
    is_linked_folder: bool = False  # a link to a folder, which was not followed


def as_paths(paths: Paths) -> list[str]:
    """One path or several → a list. A bare string is one path, never a sequence of characters.

    Raises UsageError for anything that is not a path.
    """
    if isinstance(paths, Iterable) and not isinstance(paths, str | bytes | os.PathLike):
        return [_as_path(path) for path in paths]
    return [_as_path(paths)]


def scan(paths: Paths, rules: ScanRules = ALL) -> Iterator[Candidate]:
    """Files and folders → all files at and below them. Raises UsageError for a path that does not
    exist.

    Files that are named come first.
    """
    names = as_paths(paths)
    for name in names:
        require_exists(name)
    files = dict.fromkeys(os.path.abspath(name) for name in names if not os.path.isdir(name))
    for file in files:
        yield Candidate(file, _stamp(file), may_be_image=True)
    real = {os.path.join(os.path.realpath(os.path.dirname(f)), os.path.basename(f)) for f in files}
    walk = _Walk(rules, named=real)
    for name in names:
        if os.path.isdir(name):
            yield from walk.below(os.path.realpath(name))


def require_exists(path: str) -> None:
    """Raises UsageError if there is neither a file nor a folder at this path."""
    if "\0" in path or not os.path.lexists(path):
        raise UsageError(f"{path or repr(path)} does not exist; name an image or a folder")


class _Walk:
    """Through folders, each once."""

    def __init__(self, rules: ScanRules, *, named: set[str]) -> None:
        """`named`: files that were met already."""
        self._exclude = parsed(*rules.exclude)
        self._include = parsed(*rules.include) if rules.include else None
        self._follow_links = rules.follow_links
        self._only = rules.only
        self._above = _folders_above(rules.only or ())
        self._named = named
        self._visited: set[str] = set()  # real paths of folders

    def below(self, top: str) -> Iterator[Candidate]:
        """Everything below a folder, by name: first a folder's files, then its folders."""
        ahead: list[tuple[str, Sequence[IgnoreFile], bool]] = [(top, (), self._is_asked_for(top))]
        while ahead:
            folder, ignored, whole = ahead.pop()
            if folder in self._visited:
                continue
            self._visited.add(folder)
            try:
                with os.scandir(folder) as listing:
                    entries = sorted(listing, key=lambda entry: entry.name)
                names = {entry.name for entry in entries}
                if NO_MEDIA in names and folder != top:
                    continue
                ignored = _with_ignore_file(folder, ignored, names)
            except OSError as error:
                yield _unreadable(folder, error)
                continue
            folders = []
            for entry in entries:
                is_asked_for = whole or self._is_asked_for(entry.path)
                if not (is_asked_for or entry.path in self._above):
                    continue
                if not _is_folder(entry):
                    yield from self._file(entry, top, ignored)
                elif self._is_passed_over(entry, top, ignored, is_folder=True):
                    continue
                elif not entry.is_symlink():
                    folders.append((entry.path, ignored, is_asked_for))
                elif self._follow_links:
                    folders.append((os.path.realpath(entry.path), ignored, is_asked_for))
                else:
                    yield Candidate(entry.path, None, False, is_linked_folder=True)
            ahead += reversed(folders)

    def _is_asked_for(self, path: str) -> bool:
        """Whether the rules ask for all of it; else they may ask for something below it."""
        return self._only is None or path in self._only

    def _file(
        self, entry: os.DirEntry[str], top: str, ignored: Sequence[IgnoreFile]
    ) -> Iterator[Candidate]:
        path = entry.path
        if path in self._named or self._is_passed_over(entry, top, ignored, is_folder=False):
            return
        if entry.name.startswith(RESOURCE_FORK):
            if has_image_content(path):
                yield Candidate(path, _stamp(path), may_be_image=True)
            return
        may_be_image = has_image_suffix(path) or has_image_content(path)
        yield Candidate(path, _stamp(path), may_be_image)

    def _is_passed_over(
        self, entry: os.DirEntry[str], top: str, ignored: Sequence[IgnoreFile], *, is_folder: bool
    ) -> bool:
        if (is_programs_folder if is_folder else is_programs_file)(entry.name):
            return True
        relative = os.path.relpath(entry.path, top)
        if self._exclude.match_file(relative + "/" * is_folder):
            return True
        for file in reversed(ignored):
            verdict = file.verdict(entry.path, is_folder=is_folder)
            if verdict is not None:
                return verdict
        if is_folder or self._include is None:
            return False
        return not self._include.match_file(relative)


def _folders_above(paths: Iterable[str]) -> set[str]:
    above: set[str] = set()
    for path in paths:
        folder = os.path.dirname(path)
        while folder not in above:
            above.add(folder)
            folder = os.path.dirname(folder)
    return above


def _with_ignore_file(
    folder: str, ignored: Sequence[IgnoreFile], names: set[str]
) -> Sequence[IgnoreFile]:
    nearest = read_ignore_file(folder) if IGNORE_FILE in names else None
    return ignored if nearest is None else (*ignored, nearest)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _as_path(path: object) -> str:
    if not isinstance(path, str | os.PathLike):
        raise UsageError(f"expected a path, not {type(path).__name__}")
    name = os.fspath(path)
    if not isinstance(name, str):
        raise UsageError(f"expected a path as text, not {type(name).__name__}")
    return name


def _stamp(path: str) -> FileStamp | None:
    try:
        return FileStamp.of(os.stat(path))
    except OSError:
        return None


def _unreadable(folder: str, error: OSError) -> Candidate:
    """A folder that could not be listed."""
    return Candidate(folder, None, may_be_image=False, error=error.strerror or str(error))
