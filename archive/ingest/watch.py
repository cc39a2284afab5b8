"""Folders that are watched: what appears in them is ingested, soon after it is whole.

    event ─► path, due after `wait_seconds` without another one ─► ingest of these paths alone
    start, folder back, `rescan`, every so many minutes ─► ingest of all folders

Both are the ordinary ingest, with all its rules. A file is whole if neither its mtime nor its ctime
is within `wait_seconds` of now, or its stamp has been the same for that long by a clock of ours:
that of a file server, or of a camera, may be anywhere. One that is not whole is looked at again.

A scan of all folders finds what no event told: what happened while nobody watched, on network
drives, or when a queue ran over. Where events are known to be missing it comes every minute, but
takes no more than a tenth of the time. So the rows are those of one ingest, whatever was missed.

A folder that vanishes is waited for; the one that is at its path later, the same drive or another,
is scanned. Nothing is ever taken for deleted. What passes by itself, like a locked database, is
told, and the same paths are tried again.
"""

from __future__ import annotations

import enum
import os
import queue
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from archive.errors import ArchiveLocked, DatabaseUnreachable, DiskFull, UsageError
from archive.ingest.folder_events import FolderEvents
from archive.ingest.outcomes import Outcome, Skipped
from archive.ingest.pipeline import IsWhole
from archive.ingest.rules import IGNORE_FILE, ScanRules
from archive.ingest.volumes import is_gone
from archive.records import FileStamp

TICK_SECONDS = 0.5  # between two looks at the folders, and the longest a signal waits
RETRY_SECONDS = 30.0  # after what passes by itself
WITHOUT_EVENTS_SECONDS = 60.0  # between two scans of folders whose events are missing
SCANNING_SHARE = 0.1  # of the time, at most, spent on such scans
PASSING = (ArchiveLocked, DatabaseUnreachable, DiskFull)
IngestPass = Callable[[Sequence[str], ScanRules, IsWhole], Iterator[Outcome]]


class FolderState(enum.StrEnum):
    """What became of a watched folder."""

    MISSING = "missing"  # it is waited for
    BACK = "back"
    REPLACED = "replaced"  # another one is at its path: mounted, unmounted or moved


@dataclass(frozen=True)
class FolderChanged:
    """A watched folder is no longer what it was."""

    folder: str
    state: FolderState


@dataclass(frozen=True)
class PassEnded:
    """An ingest is complete; its outcomes came before."""

    is_full: bool  # of all folders; else of some paths


@dataclass(frozen=True)
class Postponed:
    """Something kept an ingest from its end, and it is tried again later."""

    reason: str  # one sentence


@dataclass(frozen=True)
class Idle:
    """Nothing is to be ingested at the moment."""


WatchEvent = Outcome | FolderChanged | PassEnded | Postponed | Idle


class Watch:
    """Folders that are watched, in one thread: whoever iterates over `run`."""

    def __init__(
        self,
        ingest: IngestPass,
        folders: Sequence[str],
        *,
        rules: ScanRules,
        wait_seconds: float,
        rescan_seconds: float,
        quiet_folder: Path | None = None,
    ) -> None:
        """`ingest` archives folders by rules; `quiet_folder`: the archive's, whose files change
        whenever something is archived. Raises UsageError for a file, or without watchdog.
        """
        rules.check()
        for folder in folders:
            if os.path.exists(folder) and not os.path.isdir(folder):
                raise UsageError(f"{folder} is a file; name the folder to watch")
        self.folders = tuple(os.path.abspath(folder) for folder in folders)
        self._ingest = ingest
        self._rules = rules
        self._wait_seconds = wait_seconds
        self._rescan_seconds = rescan_seconds
        self._quiet = None if quiet_folder is None else os.path.realpath(quiet_folder)
        self._changed: queue.SimpleQueue[str] = queue.SimpleQueue()  # paths
        self._events = FolderEvents(self._changed.put)
        self._due: dict[str, float] = {}  # when a path is looked at, by the monotonic clock
        self._unchanged_since: dict[str, tuple[FileStamp, float]] = {}  # of files not yet whole
        self._identities: dict[str, tuple[int, int] | None] = {}  # of folders; None: missing
        self._next_scan = 0.0

    def rescan(self) -> None:
        """All folders are scanned at the next opportunity. Safe to call from a signal handler."""
        self._next_scan = 0.0

    @property
    def has_news(self) -> bool:
        """Whether something waits to be ingested now."""
        self._collect()
        now = time.monotonic()
        return now >= self._next_scan or any(due <= now for due in self._due.values())

    def run(self) -> Iterator[WatchEvent]:
        """What happens, as it happens, without an end."""
        try:
            while True:
                yield from self._look_at_folders()
                if time.monotonic() >= self._next_scan:
                    yield from self._scan_all()
                elif ready := self._ready():
                    yield from self._ingest_paths(ready)
                else:
                    yield Idle()
                    self._collect(TICK_SECONDS)
        finally:
            self._events.stop()

    def _look_at_folders(self) -> Iterator[FolderChanged]:
        for folder in self.folders:
            identity = _identity(folder)
            is_first = folder not in self._identities
            before = self._identities.get(folder)
            self._identities[folder] = identity
            if identity == before and not (is_first and identity is None):
                continue
            if identity is None:
                yield FolderChanged(folder, FolderState.MISSING)
            elif not is_first:
                self.rescan()
                state = FolderState.BACK if before is None else FolderState.REPLACED
                yield FolderChanged(folder, state)

    def _scan_all(self) -> Iterator[WatchEvent]:
        """An ingest of all folders, interrupted by those of paths that have become ready."""
        started = time.monotonic()
        self._next_scan = started + self._rescan_seconds
        folders = self._present()
        mute = self._events.restart([os.path.realpath(folder) for folder in folders])
        next_look = started
        try:
            for outcome in self._outcomes(folders, self._rules):
                yield outcome
                if time.monotonic() >= next_look:
                    next_look = time.monotonic() + TICK_SECONDS
                    if ready := self._ready():
                        yield from self._ingest_paths(ready)
        except PASSING as error:
            self._next_scan = time.monotonic() + RETRY_SECONDS
            yield Postponed(str(error))
            return
        except UsageError:
            if folders == self._present():
                raise
            self.rescan()  # a folder has vanished since
            return
        if mute and self._next_scan:
            pause = (time.monotonic() - started) / SCANNING_SHARE
            pause = max(pause, WITHOUT_EVENTS_SECONDS)
            self._next_scan = started + min(pause, self._rescan_seconds)
        yield PassEnded(is_full=True)

    def _ingest_paths(self, paths: Sequence[str]) -> Iterator[WatchEvent]:
        """An ingest of some paths below the folders."""
        rules = replace(self._rules, only=frozenset(paths))
        folders = self._present()
        try:
            yield from self._outcomes(folders, rules)
        except PASSING as error:
            again = time.monotonic() + RETRY_SECONDS
            self._due.update(dict.fromkeys(paths, again))
            yield Postponed(str(error))
        except UsageError:
            if folders == self._present():
                raise
            self._due.update(dict.fromkeys(paths, time.monotonic()))  # a folder has vanished since
        else:
            yield PassEnded(is_full=False)

    def _outcomes(self, folders: Sequence[str], rules: ScanRules) -> Iterator[Outcome]:
        """An ingest, without a word about files that were skipped since they have vanished."""
        for outcome in self._ingest(folders, rules, self._is_whole):
            if not (isinstance(outcome, Skipped) and is_gone(outcome.path)):
                yield outcome

    def _present(self) -> list[str]:
        return [folder for folder in self.folders if os.path.isdir(folder)]

    def _collect(self, patience: float = 0.0) -> None:
        """Paths that events told of → due times; waits so many seconds for the first."""
        try:
            path = self._changed.get(timeout=patience) if patience else self._changed.get_nowait()
            while True:
                if os.path.basename(path) == IGNORE_FILE:
                    path = os.path.dirname(path)
                if self._quiet is None or not Path(path).is_relative_to(self._quiet):
                    self._due[path] = time.monotonic() + self._wait_seconds
                path = self._changed.get_nowait()
        except queue.Empty:
            return

    def _ready(self) -> list[str]:
        """Paths that are due, and no longer so: who wants them must take them now."""
        self._collect()
        now = time.monotonic()
        ready = [path for path, due in self._due.items() if due <= now]
        for path in ready:
            del self._due[path]
            if not os.path.lexists(path):
                self._unchanged_since.pop(path, None)
        return [path for path in ready if os.path.lexists(path)]

    def _is_whole(self, path: str, stamp: FileStamp) -> bool:
        """Whether a file has not changed for `wait_seconds`; if not, it is due later."""
        changed_ns = max(stamp.mtime_ns, stamp.ctime_ns or 0)
        now = time.monotonic()
        if time.time() - changed_ns / 1e9 >= self._wait_seconds:
            is_whole = True
        else:
            before, since = self._unchanged_since.get(path, (None, now))
            is_whole = before == stamp and now - since >= self._wait_seconds
            if before != stamp:
                self._unchanged_since[path] = (stamp, now)
        if is_whole:
            self._unchanged_since.pop(path, None)
        else:
            self._due[path] = now + self._wait_seconds
        return is_whole


def _identity(folder: str) -> tuple[int, int] | None:
    """What tells a folder from another one at the same path; None if there is none."""
    try:
        status = os.stat(folder)
    except OSError:
        return None
    return status.st_dev, status.st_ino
