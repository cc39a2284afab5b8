"""Keeps what the model libraries say to their developers away from coldframe's users.

While a silence lasts, Python warnings are ignored, log records of the libraries below ERROR are
dropped, and their progress bars are off. Everything is as before when the last silence ends. Errors
are never silenced.
"""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from typing import Any

ROOT_LOGGER_USERS = ("open_clip",)  # libraries that log through the root logger


class _Silence:
    """What silences that overlap, in one thread or in several, have in common."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._depth = 0
        self._libraries: set[str] = set()
        self._restore = ExitStack()

    def enter(self, libraries: tuple[str, ...]) -> None:
        """Begins a silence, or joins the one that lasts."""
        with self._lock:
            if self._depth == 0:
                self._restore.enter_context(warnings.catch_warnings())
                warnings.simplefilter("ignore")
                self._silence_root_logger()
            self._depth += 1
            for library in libraries:
                if library not in self._libraries:
                    self._libraries.add(library)
                    self._silence_library(library)

    def leave(self) -> None:
        """Ends it, if nobody else needs it."""
        with self._lock:
            self._depth -= 1
            if self._depth == 0:
                self._libraries.clear()
                self._restore.close()

    def _silence_root_logger(self) -> None:
        """Also keeps `logging.info()` from installing a handler, as it does if there is none."""
        root = logging.getLogger()
        placeholder = logging.NullHandler()
        root.addHandler(placeholder)
        self._restore.callback(root.removeHandler, placeholder)
        root.addFilter(_concerns_user)
        self._restore.callback(root.removeFilter, _concerns_user)

    def _silence_library(self, library: str) -> None:
        """Imports the library first: some set their level when they are imported."""
        import_module(library)
        logger = logging.getLogger(library)
        self._restore.callback(logger.setLevel, logger.level)
        logger.setLevel(logging.ERROR)
        bars: Any = getattr(import_module(f"{library}.utils"), "logging", None)
        if hasattr(bars, "is_progress_bar_enabled") and bars.is_progress_bar_enabled():
            bars.disable_progress_bar()
            self._restore.callback(bars.enable_progress_bar)


_SILENCE = _Silence()


@contextmanager
def quiet(*libraries: str) -> Iterator[None]:
    """Silences warnings, and the log records and progress bars of libraries such as `diffusers`."""
    _SILENCE.enter(libraries)
    try:
        yield
    finally:
        _SILENCE.leave()


def _concerns_user(record: logging.LogRecord) -> bool:
    """Whether a record that was logged through the root logger is to be shown."""
    from_library = any(library in record.pathname for library in ROOT_LOGGER_USERS)
    return record.levelno >= logging.ERROR or not from_library
