"""The ingest service: a watch, what is done while it is idle, and a heartbeat.

    watch.run ─► outcomes … ─► idle ─► details, then audits, a few rows at a time ─► idle …

Heavy work stops at the first row after which something is to be ingested, and resumes later. Once
it is complete, it waits for new rows. The heartbeat is a row of the table `watcher`, renewed by a
thread, for a restoration may take minutes.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from archive.errors import ColdframeError
from archive.ingest.idle import always_idle
from archive.ingest.outcomes import Archived, Ignored, Linked, Outcome, Unchanged
from archive.ingest.watch import (
    PASSING,
    RETRY_SECONDS,
    FolderChanged,
    Idle,
    PassEnded,
    Postponed,
    Watch,
)
from archive.store.clock import utc_now
from archive.store.watchers import WatcherRecord, Watchers

BEAT_SECONDS = 60.0


@dataclass(frozen=True)
class Worked:
    """A row that was given a detail, or was audited, while nothing was to be ingested."""

    result: object  # DetailOutcome, Audited or Damage


@dataclass(frozen=True)
class WorkPaused:
    """Heavy work is complete, or there is something to ingest."""


WatchingEvent = Outcome | FolderChanged | PassEnded | Postponed | Worked | WorkPaused


class Watching:
    """A service that runs as it is iterated, until it is left."""

    def __init__(
        self,
        watchers: Watchers,
        watch: Watch,
        works: Sequence[Callable[[], Iterator[object]]] = (),
        *,
        is_idle: Callable[[], bool] = always_idle,
    ) -> None:
        """`works`: heavy work, in order; each goes through all rows, and passes over what is done.
        `is_idle`: whether the machine has time for it.
        """
        self._watchers = watchers
        self._watch = watch
        self._works = works
        self._is_idle = is_idle
        self._has_work = bool(works)
        self._resume_at = 0.0  # by the monotonic clock
        self._counts: Counter[str] = Counter()  # outcomes of the pass

    def rescan(self) -> None:
        """All folders are scanned soon. Safe to call from a signal handler."""
        self._watch.rescan()

    def __iter__(self) -> Iterator[WatchingEvent]:
        """Whatever happens, as it happens. Raises what does not pass by itself."""
        with _Heartbeat(self._watchers, self._watch.folders) as heartbeat:
            for event in self._watch.run():
                if isinstance(event, Idle):
                    yield from self._work()
                    continue
                self._note(event, heartbeat)
                yield event

    def _work(self) -> Iterator[WatchingEvent]:
        is_idle = self._is_idle()
        if not (is_idle and self._has_work and time.monotonic() >= self._resume_at):
            return
        self._has_work = False
        try:
            for result in (result for work in self._works for result in work()):
                yield Worked(result)
                if self._watch.has_news or not self._is_idle():
                    self._has_work = True
                    break
        except PASSING as error:
            self._has_work = True
            self._resume_at = time.monotonic() + RETRY_SECONDS
            yield Postponed(str(error))
        yield WorkPaused()

    def _note(self, event: WatchingEvent, heartbeat: _Heartbeat) -> None:
        match event:
            case PassEnded():
                counts = (f"{count:,} {name}" for name, count in self._counts.items())
                heartbeat.tell(", ".join(counts) or "nothing new")
                self._counts.clear()
            case Postponed(reason):
                heartbeat.tell(f"postponed: {reason}")
            case FolderChanged(folder, state):
                heartbeat.tell(f"{folder} is {state}")
            case Archived():
                self._has_work = bool(self._works)
                self._counts["archived"] += 1
            case Worked() | WorkPaused() | Unchanged() | Ignored() | Linked():
                pass
            case _:
                self._counts[type(event).__name__.lower()] += 1


class _Heartbeat:
    """The row of one watcher, as long as the block runs."""

    def __init__(self, watchers: Watchers, folders: Sequence[str]) -> None:
        self._watchers = watchers
        now = utc_now()
        name = secrets.token_hex(8)
        host = socket.gethostname()
        self._record = WatcherRecord(name, host, os.getpid(), tuple(folders), now, now)
        self._wakes = threading.Event()
        self._ends = False
        self._thread = threading.Thread(target=self._beat, name="coldframe-heartbeat", daemon=True)

    def __enter__(self) -> _Heartbeat:
        self._watchers.put(self._record)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends = True
        self._wakes.set()
        self._thread.join()
        with contextlib.suppress(ColdframeError):  # then it is shown as not answering
            self._watchers.remove(self._record.id)

    def tell(self, outcome: str) -> None:
        """What was done last; the thread writes it, for it may have to wait for the database."""
        self._record = replace(self._record, outcome=outcome, outcome_at=utc_now())
        self._wakes.set()

    def _beat(self) -> None:
        while not self._ends:
            if self._wakes.wait(BEAT_SECONDS):
                self._wakes.clear()
            with contextlib.suppress(ColdframeError):  # the next one may succeed
                self._watchers.put(self._record)
