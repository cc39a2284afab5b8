"""Standard streams as the shell left them: closed, or with an encoding that lacks characters.

A closed one becomes the null device. Otherwise the next file to be opened, perhaps the database,
would take its number, and what libraries print would go there.
"""

from __future__ import annotations

import io
import os
import sys

STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))  # by descriptor


def prepare_streams() -> None:
    """Opens closed streams; what an encoding lacks is escaped instead of raising an error."""
    for descriptor, (name, mode) in enumerate(STREAMS):
        if getattr(sys, name) is None:
            _occupy(descriptor)
            setattr(sys, name, os.fdopen(descriptor, mode, closefd=False))
        stream = getattr(sys, name)
        if mode == "w" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def flush_stdout() -> None:
    """Writes what is buffered; where that fails, Python is kept from trying it again at exit."""
    try:
        sys.stdout.flush()
    except OSError:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)


def _occupy(descriptor: int) -> None:
    """Points a closed descriptor at the null device."""
    try:
        os.fstat(descriptor)
    except OSError:
        null = os.open(os.devnull, os.O_RDWR)
        if null != descriptor:
            os.dup2(null, descriptor)
            os.close(null)
