"""SIGTERM and SIGHUP end a command as Ctrl-C does: what runs is rolled back, what was started ends.

A signal that the caller ignores, as nohup does, stays ignored.
"""

from __future__ import annotations

import signal
from types import FrameType

VERBS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
if hasattr(signal, "SIGHUP"):  # Windows has none
    VERBS[signal.SIGHUP] = "hung up"
SIGNAL_EXIT = 128  # plus the signal's number is the exit code, as shells have it


class Ended(KeyboardInterrupt):
    """A signal that ends the command."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def raise_on_signals() -> None:
    """From now on SIGTERM and SIGHUP raise Ended."""
    for number in VERBS:
        if signal.getsignal(number) is signal.SIG_DFL:  # SIGINT has Python's own handler
            signal.signal(number, _end)


def number_of(error: BaseException) -> signal.Signals:
    """The signal behind a KeyboardInterrupt, or behind what click makes of it."""
    for cause in (error, error.__cause__):
        if isinstance(cause, Ended):
            return signal.Signals(cause.number)
    return signal.SIGINT


def _end(number: int, _frame: FrameType | None) -> None:
    """Another one is ignored, so that cleaning up is not cut short."""
    signal.signal(number, signal.SIG_IGN)
    raise Ended(number)
