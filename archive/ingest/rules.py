"""Which files and folders a scan passes over, without a word.

1. What programs keep beside pictures: thumbnails, trash, resource forks, version control, downloads
   that are not finished; and a folder that holds `.nomedia`, as on Android. A `._` file that is a
   picture by its content is one.
2. What `exclude` names, relative to the folder that is scanned.
3. What the `.coldframeignore` of its folder names, or that of a folder above, up to the folder that
   is scanned: the nearest that says anything decides.
4. Files that `include` does not name, where it names any.

Patterns are those of .gitignore. What the user names as a path is never passed over.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.errors import UsageError

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

IGNORE_FILE = ".coldframeignore"
LARGEST_IGNORE_FILE = 1 << 20  # bytes; what follows is not read
NO_MEDIA = ".nomedia"
TRASH = ".trash"  # starts names: .Trash-1000, .Trashes, Android's .trashed-1699999999-photo.jpg
RESOURCE_FORK = "._"
UNFINISHED = (
    ".part",
    ".partial",
    ".crdownload",
    ".opdownload",
    ".filepart",
    ".!qb",
)  # ends of names
PROGRAMS_FOLDERS = frozenset(
    (
        *("@eadir", "#recycle", "#snapshot", "@recycle", ".@__thumb", "@recently-snapshot"),
        *("$recycle.bin", "recycler", "system volume information", "lost+found", ".dtrash"),
        *(".thumbnails", ".picasaoriginals", ".appledouble", "__macosx", ".snapshots"),
        *(".spotlight-v100", ".fseventsd", ".documentrevisions-v100", ".temporaryitems"),
        *(".git", ".hg", ".svn"),
    )
)
PROGRAMS_FILES = frozenset(
    (
        *("thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", NO_MEDIA, IGNORE_FILE),
        *(".ds_store", ".localized", "icon\r", ".picasa.ini", "picasa.ini"),
    )
)


@dataclass(frozen=True)
class ScanRules:
    """What the user wants of a scan."""

    exclude: Sequence[str] = ()  # patterns of files and folders to pass over
    include: Sequence[str] = ()  # patterns of the only files to take; none: all
    follow_links: bool = False  # whether links to folders are followed
    only: frozenset[str] | None = None  # real paths: these, and what is below them; None: all

    def check(self) -> None:
        """Raises UsageError for a pattern that means nothing."""
        for pattern in (*self.exclude, *self.include):
            parsed(pattern)


@dataclass(frozen=True)
class IgnoreFile:
    """What a `.coldframeignore` says of everything below its folder."""

    folder: str
    spec: GitIgnoreSpec

    def verdict(self, path: str, *, is_folder: bool) -> bool | None:
        """Whether a path is passed over; None if nothing is said of it."""
        relative = os.path.relpath(path, self.folder) + "/" * is_folder
        return self.spec.check_file(relative).include


def is_programs_folder(name: str) -> bool:
    """Whether a folder of this name holds no pictures of the user's."""
    folded = name.casefold()
    return folded in PROGRAMS_FOLDERS or folded.startswith(TRASH)


def is_programs_file(name: str) -> bool:
    """Whether a file of this name is no picture of the user's."""
    folded = name.casefold()
    return folded in PROGRAMS_FILES or folded.startswith(TRASH) or folded.endswith(UNFINISHED)


def parsed(*patterns: str) -> GitIgnoreSpec:
    """Patterns → what tells whether they match. Raises UsageError."""
    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines(patterns)
    except ValueError as error:
        raise UsageError(f"{' '.join(patterns)!r} is not a pattern as in .gitignore") from error


def read_ignore_file(folder: str) -> IgnoreFile | None:
    """The folder's `.coldframeignore`; None if it has none. Raises OSError.

    A line that means nothing is passed over, as git does.
    """
    path = os.path.join(folder, IGNORE_FILE)
    if not stat.S_ISREG(os.stat(path).st_mode):
        return None
    with open(path, encoding="utf-8-sig", errors="surrogateescape") as file:
        lines = file.read(LARGEST_IGNORE_FILE).splitlines()
    return IgnoreFile(folder, parsed(*_meaningful(lines)))


def _meaningful(lines: Iterable[str]) -> list[str]:
    meaningful = []
    for line in lines:
        try:
            parsed(line)
        except UsageError:
            continue
        meaningful.append(line)
    return meaningful
