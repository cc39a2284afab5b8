"""Output: data goes to stdout, messages to stderr. Nothing else in cli/ writes a line.

Paths, names and messages may come from a hostile file or database, so what a terminal would obey
is escaped here, in whole lines: control characters, newlines, and marks that turn text around. JSON
escapes the same characters, which changes no value.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shlex
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from archive.errors import ColdframeError, DiskFull
from archive.settings import DEFAULT_LOCATION, Settings

JOINERS = "\u200c\u200d"  # within words of Persian, and within emoji
SPACES = "Zs"  # the category of U+3000, U+202F and others that file names have


def say(line: str, *, err: bool = False) -> None:
    """A line for people, escaped. Raises ColdframeError where stdout cannot be written.

    That stderr cannot be written is no reason to fail: there is nobody to tell.
    """
    with contextlib.suppress(OSError) if err else writing():
        click.echo(escaped(line), err=err)


def emit(document: Any) -> None:
    """One line of JSON on stdout. Raises ColdframeError as `say` does."""
    text = json.dumps(document, ensure_ascii=False, default=str)
    with writing():
        click.echo("".join(char if _is_shown(char) else json.dumps(char)[1:-1] for char in text))


def write_bytes(content: bytes) -> None:
    """Bytes for another program on stdout, as they are. Raises ColdframeError as `say` does."""
    with writing():
        sys.stdout.buffer.write(content)


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """Raises DiskFull or ColdframeError for a stdout that takes nothing, BrokenPipeError if its
    reader is gone.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        kind = DiskFull if error.errno in DiskFull.numbers else ColdframeError
        raise kind(f"the output cannot be written: {error.strerror}") from error


def escaped(line: str) -> str:
    """What a terminal would obey, and what stdout cannot encode, as \\n, \\x1b, \\u202e …"""
    return "".join(
        char if _is_shown(char) else char.encode("unicode_escape").decode("ascii") for char in line
    )


def _is_shown(char: str) -> bool:
    if char.isascii():
        return char.isprintable()
    if not (char.isprintable() or char in JOINERS or unicodedata.category(char) == SPACES):
        return False
    try:
        char.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def path_fields(path: str) -> dict[str, str]:
    """A path for JSON: `path`, and `path_b64` with its bytes where they are not UTF-8."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        encoded = base64.b64encode(os.fsencode(path)).decode("ascii")
        return {"path": path.encode("utf-8", "replace").decode("utf-8"), "path_b64": encoded}
    return {"path": path}


def shown_path(path: str) -> str:
    """A path for people on a terminal: relative to where they stand, if it lies below that."""
    if sys.stdout.isatty():
        with contextlib.suppress(OSError, ValueError):  # no current folder, or not below it
            return str(Path(path).relative_to(Path.cwd()))
    return path


def size(count: float) -> str:
    """Bytes, human-readable: 1.2 MB."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def plural(count: int, noun: str) -> str:
    """1 image, 2 images."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def next_step(command: str, settings: Settings, *, silent: bool = False) -> None:
    """The command that usually follows, on a terminal; with this archive's folder if it is needed.

    A database's address is left out: it may hold a password.
    """
    if silent or not sys.stderr.isatty():
        return
    location = settings.location
    is_default = location in (DEFAULT_LOCATION, os.environ.get("COLDFRAME_ARCHIVE"))
    option = "" if is_default or settings.is_url else f" --archive {shlex.quote(location)}"
    say(f"next: coldframe {command}{option}", err=True)
