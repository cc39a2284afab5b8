"""Whether a machine is idle: how many cores others keep busy.

    load of others = load average over a minute − what this process has used, averaged likewise

Both averages forget with exp(−t / 60 s), so that heavy work does not take itself for others'.
"""

from __future__ import annotations

import math
import os
import time

from archive.errors import UsageError

MEMORY_SECONDS = 60.0  # of the first load average
BUSY_SHARE = 0.5  # of all cores, kept busy by others: the machine is not idle


def always_idle() -> bool:
    """For heavy work that does not wait for an idle machine."""
    return True


class OthersLoad:
    """How busy everybody else keeps the machine. To be asked often."""

    def __init__(self) -> None:
        """Raises UsageError where the system has no load average."""
        if not hasattr(os, "getloadavg"):
            raise UsageError("this system has no load average; leave out --idle-only")
        self._average = 0.0  # cores that this process keeps busy
        self._cpu_seconds = _cpu_seconds()
        self._asked_at = time.monotonic()

    def is_low(self) -> bool:
        """Whether others leave more than half of the cores idle."""
        now = time.monotonic()
        elapsed = now - self._asked_at
        if elapsed > 0:
            cpu_seconds = _cpu_seconds()
            weight = math.exp(-elapsed / MEMORY_SECONDS)
            busy = (cpu_seconds - self._cpu_seconds) / elapsed
            self._average = weight * self._average + (1 - weight) * busy
            self._cpu_seconds = cpu_seconds
            self._asked_at = now
        return os.getloadavg()[0] - self._average <= BUSY_SHARE * (os.cpu_count() or 1)


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system
