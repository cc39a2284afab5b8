"""Keeps what Pillow and its codecs would print away from programs that use the library.

Python warnings   those issued by Pillow and its plugins are ignored
logging           PIL's records reach the application's handlers, but without any they are dropped:
                  Python's last-resort handler would print them
libtiff           prints decoding errors to stderr; its error handler is taken out (Pillow raises
                  the errors anyway)

Warnings and libtiff are silent only while some thread is inside `quiet()`. It does not use
warnings.catch_warnings, which replaces the filters of the whole process: blocks that overlap in
two threads may restore each other's copy instead of the original.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from PIL import _imaging

MODULES = re.compile(r"(PIL|pillow_heif|pillow_jxl)\b")
FILTER = ("ignore", None, Warning, MODULES, 0)  # action, message, category, module, line

logging.getLogger("PIL").addHandler(logging.NullHandler())


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Nothing that Pillow does inside reaches stderr. May be nested, and may overlap in threads."""
    _quiet.enter()
    try:
        yield
    finally:
        _quiet.leave()


class _Quiet:
    """Counts the threads inside: the first one turns the messages off, the last one on again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._filters: list[Any] = []  # the list that holds our filter; others may replace it
        self._error_handler: int | None = None

    def enter(self) -> None:
        with self._lock:
            self._count += 1
            if self._count == 1:
                self._filters = warnings.filters  # type: ignore[assignment]
                self._filters.insert(0, FILTER)
                self._error_handler = _set_libtiff_error_handler(None)

    def leave(self) -> None:
        with self._lock:
            self._count -= 1
            if self._count == 0:
                self._filters.remove(FILTER)
                _set_libtiff_error_handler(self._error_handler)


def _set_libtiff_error_handler(handler: int | None) -> int | None:
    """→ the address of the previous handler; None where this Pillow's libtiff is out of reach."""
    set_handler = _libtiff_set_error_handler()
    return None if set_handler is None else set_handler(handler)


@cache
def _libtiff_set_error_handler() -> Callable[[int | None], int | None] | None:
    """TIFFSetErrorHandler of the libtiff that Pillow is linked with, if it is a shared library."""
    try:
        function = ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler
    except (AttributeError, OSError):
        return None
    function.argtypes = [ctypes.c_void_p]
    function.restype = ctypes.c_void_p
    return function


_quiet = _Quiet()
