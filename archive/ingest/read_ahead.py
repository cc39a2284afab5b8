"""The scan in a thread of its own: folders are walked once, and the total is known early.

Pages of candidates wait in a queue for the files before them to be archived. The queue is bounded:
with at most READ_AHEAD files in it (about 30 MB), the total of all but the largest collections is
known seconds after the start, and a larger one costs no more memory.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from itertools import islice

from archive.ingest.rules import ScanRules
from archive.ingest.scan import ALL, Candidate, scan

PAGE = 512  # files; also looked up in the database together
READ_AHEAD = 65_536  # files
POLL_SECONDS = 0.05  # between two attempts to stop the thread

Page = list[Candidate]


class ReadAhead:
    """Everything at and below some paths, in pages. A context manager, which stops the scan."""

    def __init__(self, paths: Sequence[str], rules: ScanRules = ALL) -> None:
        self._paths = paths
        self._rules = rules
        self._count = 0
        self._is_complete = False
        self._is_stopped = False
        self._pages: queue.Queue[Page | BaseException | None] = queue.Queue(READ_AHEAD // PAGE)
        self._thread = threading.Thread(target=self._scan, name="coldframe-scan", daemon=True)

    @property
    def total(self) -> int | None:
        """The number of files, once the scan is complete; None before."""
        return self._count if self._is_complete else None

    def __enter__(self) -> ReadAhead:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_stopped = True
        while self._thread.is_alive():
            while not self._pages.empty():
                self._pages.get_nowait()
            self._thread.join(POLL_SECONDS)

    def __iter__(self) -> Iterator[Page]:
        """Pages in the order of the scan. Raises whatever ended the scan, after its last page."""
        while (page := self._pages.get()) is not None:
            if isinstance(page, BaseException):
                raise page
            yield page

    def _scan(self) -> None:
        try:
            candidates = scan(self._paths, self._rules)
            while not self._is_stopped and (page := list(islice(candidates, PAGE))):
                self._count += len(page)
                self._pages.put(page)
        except BaseException as error:
            self._pages.put(error)
        else:
            self._is_complete = not self._is_stopped
            self._pages.put(None)
