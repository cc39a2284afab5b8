"""Output: data goes to stdout, messages to stderr."""

from __future__ import annotations

import base64
import json
import os
import shlex
import sys
from typing import Any

import click

from archive.settings import DEFAULT_LOCATION, Settings


def emit(document: Any) -> None:
    """One line of JSON on stdout."""
    click.echo(json.dumps(document, ensure_ascii=False, default=str))


def path_fields(path: str) -> dict[str, str]:
    """A path for JSON: `path`, and `path_b64` with its bytes where they are not UTF-8."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        encoded = base64.b64encode(os.fsencode(path)).decode("ascii")
        return {"path": path.encode("utf-8", "replace").decode("utf-8"), "path_b64": encoded}
    return {"path": path}


def shown(path: str) -> str:
    """A path for a terminal: unprintable and control characters are escaped."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in path
    )


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
    click.echo(f"next: coldframe {command}{option}", err=True)
