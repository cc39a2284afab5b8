"""Programs as a user runs them: seconds, and the memory of the whole process tree."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

SAMPLE_SECONDS = 0.05  # between two looks at the memory
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class TreeMemory(threading.Thread):
    """The peak of the resident memory of a process and all its descendants, in bytes."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self._pid = pid
        self._ends = threading.Event()

    def run(self) -> None:
        """Looks until `stop`."""
        while not self._ends.wait(SAMPLE_SECONDS):
            self.peak = max(self.peak, _resident(self._pid))

    def stop(self) -> None:
        """Ends the thread."""
        self._ends.set()
        self.join()


def run(
    command: Sequence[str], variables: Mapping[str, str] = {}, cwd: Path | None = None
) -> tuple[float, float, int]:
    """→ wall seconds, CPU seconds of all processes, peak bytes of the tree; bytecode is kept.

    Exit code 3, some inputs skipped, is no failure. Raises RuntimeError for another but 0.
    """
    environment = os.environ | variables
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    started = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(command, env=environment, stdout=output, stderr=output, cwd=cwd)
        memory = TreeMemory(child.pid)
        memory.start()
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - started
        memory.stop()
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in (0, 3):
            output.seek(0)
            raise RuntimeError(f"{command} failed: {output.read().decode()[-500:]}")
    return seconds, usage.ru_utime + usage.ru_stime, memory.peak


def _resident(pid: int) -> int:
    """Bytes; 0 for a process that is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        children = [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except (OSError, IndexError):
        return 0
    return pages * PAGE_BYTES + sum(map(_resident, children))
