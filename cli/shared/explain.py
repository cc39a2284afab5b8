"""The one place where an error becomes a message and an exit code."""

from __future__ import annotations

import os

import click

from archive.errors import ColdframeError, DiskFull
from archive.settings import masked
from cli.shared.command import variable_of
from cli.shared.output import say
from cli.shared.signals import SIGNAL_EXIT, VERBS, number_of

NO_ARGUMENTS = getattr(click.exceptions, "NoArgsIsHelpError", ())  # since click 8.2; shows help


def explain(error: Exception) -> int:
    """Says on stderr what is wrong → the exit code. Raises what COLDFRAME_DEBUG wants to see."""
    if isinstance(error, click.ClickException):
        _explain_usage(error)
        return error.exit_code
    notes = "".join(f" ({note})" for note in getattr(error, "__notes__", ()))
    if isinstance(error, ColdframeError):
        _tell(f"coldframe: {error}{notes}")
        return error.exit_code
    if isinstance(error, OSError):
        place = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
        _tell(f"coldframe: {place}{error.strerror or error}{notes}")
        kind = DiskFull if error.errno in DiskFull.numbers else ColdframeError
        return kind.exit_code
    if isinstance(error, MemoryError):
        _tell("coldframe: not enough memory; close other programs and run again")
        return ColdframeError.exit_code
    if os.environ.get("COLDFRAME_DEBUG"):
        raise error
    cause = f"{type(error).__name__}: {error}"
    _tell(f"coldframe: internal error: {cause} (set COLDFRAME_DEBUG=1 for a traceback)")
    return ColdframeError.exit_code


def explain_signal(error: BaseException) -> int:
    """Says what ended the command → 128 + the signal's number."""
    number = number_of(error)
    say(
        f"coldframe: {VERBS[number]}; what was committed is safe, run the same command to resume",
        err=True,
    )
    return SIGNAL_EXIT + number


def _explain_usage(error: click.ClickException) -> None:
    """As click does, but escaped, and with the variable that a wrong value came from."""
    if isinstance(error, NO_ARGUMENTS):
        error.show()
        return
    context = getattr(error, "ctx", None)
    param = getattr(error, "param", None)
    variable = variable_of(param, context) if param and context else None
    if context is not None:
        for line in context.get_usage().splitlines():
            _tell(line)
        _tell(f"Try '{context.command_path} --help' for help.")
        _tell("")
    note = f" ({variable} is set)" if variable else ""
    _tell(f"Error: {error.format_message()}{note}")


def _tell(line: str) -> None:
    """A line on stderr. Messages quote what was given, which may be a URL with a password."""
    say(masked(line), err=True)
