"""Images are decoded in processes of their own, with limits, so that whatever a file does to its
decoder costs its process and one line in the ledger, never the run.

    memory   each process may allocate worker.MEMORY_LIMIT; images of more than LARGE_PIXELS are
             decoded one at a time over all processes
    time     SECONDS for each image, not counting the wait for other large ones
    output   what decoders print goes nowhere

The processes are plain subprocesses with an entry of their own: multiprocessing (and pebble, loky
with a time limit of its own) would import the caller's main program again, which fails in scripts
without a main guard, and forking is unsafe once torch has threads.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
from dataclasses import astuple
from pathlib import Path
from typing import Any

from archive.errors import Unreadable
from archive.imaging.decode import Picture
from archive.imaging.messages import Message, picture_of, receive, send
from archive.records import FileStamp
from archive.settings import masked

SECONDS = 60  # for one image; 200 million pixels of PNG take ten
PROGRAM = "import sys; sys.path[:] = {path!r}; from archive.imaging.worker import main; main()"
START_SECONDS = 60  # for a process to start, on a slow disk
KILL_SECONDS = 5  # to wait for a killed process
SECRET = ("COLDFRAME_", "PG")  # begin the names of variables; PG…: libpq's
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Workers:
    """Decodes images in other processes. A context manager; any thread may call `decode`.

    A process is started when all others are busy: there are as many as threads that decode.
    """

    def __init__(self, *, seconds: int = SECONDS) -> None:
        self._seconds = seconds
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._is_closed = False
        self._lock = threading.Lock()
        self._folder: tempfile.TemporaryDirectory[str] | None = None  # of the file that is locked

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends all processes, in the middle of an image if need be."""
        with self._lock:
            self._is_closed = True
            for worker in self._idle:
                worker.kill()
            for worker in self._busy:
                worker.interrupt()  # whoever asked it reads the end, and does the rest
            if self._folder is not None:
                self._folder.cleanup()

    def decode(
        self,
        source: Path | bytes,
        *,
        at_least: int,
        unchanged: FileStamp | None = None,
        keep_truncated: bool = False,
    ) -> Picture:
        """A file, or its bytes → Picture, as `load_picture`. Raises Unreadable."""
        content = source if isinstance(source, bytes) else b""
        header = {
            "path": "" if isinstance(source, bytes) else str(source),
            "at_least": at_least,
            "stamp": unchanged and astuple(unchanged),
            "keep_truncated": keep_truncated,
            "seconds": self._seconds,
        }
        worker = self._take()
        try:
            answer = worker.ask((header, content), self._seconds)
        except BaseException:
            worker.kill()
            with self._lock:
                self._busy.discard(worker)
            raise
        with self._lock:
            self._busy.discard(worker)
            self._idle.append(worker)
        if "reason" in answer[0]:
            raise Unreadable(str(answer[0]["reason"]), str(answer[0]["detail"]))
        return picture_of(answer)

    def _take(self) -> _Worker:
        """An idle process, or a new one."""
        with self._lock:
            if self._is_closed:
                raise Unreadable("unreadable", "the run has ended")
            if self._folder is None:
                self._folder = tempfile.TemporaryDirectory(prefix="coldframe-")
            lock_file = Path(self._folder.name, "large-image")
            worker = self._idle.pop() if self._idle else _Worker(lock_file)
            self._busy.add(worker)
            return worker


def _environment() -> dict[str, str]:
    """Variables for a process that a file may take over: none that has to do with the database."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(SECRET) and masked(value) == value
    }


class _Worker:
    """One process."""

    def __init__(self, lock_file: Path) -> None:
        environment = {**_environment(), **dict.fromkeys(THREADS, "1")}
        program = PROGRAM.format(path=sys.path)
        self._process = subprocess.Popen(
            [sys.executable, "-c", program, str(lock_file)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        self._is_late = False
        self._is_ready = False

    def ask(self, request: Message, seconds: int) -> Message:
        """A request → its result. Raises Unreadable if the process ends or takes too long."""
        requests: Any = self._process.stdin
        answers: Any = self._process.stdout
        timer = self._start_timer(START_SECONDS)
        try:
            if not self._is_ready:
                receive(answers)
                self._is_ready = True
            timer = self._restart(timer, seconds)
            send(requests, *request)
            while "waits" in (answer := receive(answers))[0]:
                if answer[0]["waits"]:
                    timer.cancel()  # the wait for another process is not this file's
                else:
                    timer = self._restart(timer, seconds)
        except (OSError, EOFError, ValueError) as error:
            raise self._failure(seconds) from error
        finally:
            timer.cancel()
        return answer

    def interrupt(self) -> None:
        """Ends the process in the middle of an answer, from another thread."""
        self._process.kill()

    def kill(self) -> None:
        """Ends the process and closes its streams."""
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(KILL_SECONDS)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _start_timer(self, seconds: int) -> threading.Timer:
        timer = threading.Timer(seconds, self._end_late)
        timer.daemon = True
        timer.start()
        return timer

    def _restart(self, timer: threading.Timer, seconds: int) -> threading.Timer:
        timer.cancel()
        return self._start_timer(seconds)

    def _end_late(self) -> None:
        self._is_late = True
        self._process.kill()

    def _failure(self, seconds: int) -> Unreadable:
        if self._is_late:
            return Unreadable("too-slow", f"decoding it takes longer than {seconds} s")
        status = self._process.wait()
        return Unreadable("decoder-died", f"the decoder's process ended with status {status}")
