"""SIGTERM and SIGHUP end a command as Ctrl-C does: what runs is rolled back, what was started ends.

A signal that the caller ignores, as nohup does, stays ignored. One that comes where Python drops
exceptions, as in a weak reference's callback, is sent again.
"""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

VERBS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
if hasattr(signal, "SIGHUP"):  # Windows has none
    VERBS[signal.SIGHUP] = "hung up"
SIGNAL_EXIT = 128  # plus the signal's number is the exit code, as shells have it
RESEND_AFTER = 0.01  # seconds


class Ended(KeyboardInterrupt):
    """A signal that ends the command."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def raise_on_signals() -> None:
    """From now on SIGTERM and SIGHUP raise Ended, and no signal is lost."""
    sys.unraisablehook = _send_again
    for number in VERBS:
        if signal.getsignal(number) is signal.SIG_DFL:  # SIGINT has Python's own handler
            signal.signal(number, _end)


def call_on_hangup(call: Callable[[], None]) -> None:
    """SIGHUP no longer ends the command but calls this, unless the caller ignores it."""
    number = getattr(signal, "SIGHUP", None)
    if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
        signal.signal(number, lambda *_: call())


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


def _send_again(dropped: sys.UnraisableHookArgs) -> None:
    """Python calls this with every exception that it has to drop."""
    error = dropped.exc_value
    if not isinstance(error, KeyboardInterrupt):
        sys.__unraisablehook__(dropped)
        return
    number = number_of(error)
    if isinstance(error, Ended):
        signal.signal(number, _end)
    threading.Timer(RESEND_AFTER, _send, [number]).start()


def _send(number: signal.Signals) -> None:
    """To the main thread, which handles signals; on Windows it goes on sleeping if it sleeps."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, number)
    else:
        _thread.interrupt_main(number)
