"""What reaches the user: data on stdout, talk on stderr."""

from __future__ import annotations

import base64
import json
import os
from typing import Any

import click


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
    """A path for a terminal: what cannot be printed, and what would steer the terminal, is escaped."""
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in path
    )


def size(count: float) -> str:
    """Bytes for people: 1.2 MB."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def plural(count: int, one: str, many: str | None = None) -> str:
    """1 picture, 2 pictures."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
